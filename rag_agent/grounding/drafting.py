"""From a question and the sentences at hand to claims, each checked before anyone sees it."""

import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, Field, create_model

from ingestion.embedding.model import Embedder
from ingestion.fulltext.passages import sentences_in
from ingestion.terms import terms
from rag_agent.answer import Claim, Language
from rag_agent.asking.planning import language_of
from rag_agent.grounding.evidence import Evidence
from rag_agent.grounding.verification import Keys, check_claim, names, numbers, quote
from rag_agent.model.client import LanguageModel
from rag_agent.prompts.reader import Prompts

_ANSWER_TOKENS = 320
_ANSWER_CHARACTERS = 400
_QUOTED_SENTENCES = 3
_TITLE_CHARACTERS = 50
_READING_CHARACTERS = 420  # a longer sentence is cut for the model; its quote stays whole

OnClaim = Callable[[Claim], None]


def write_claims(
    question: str,
    evidence: Sequence[Evidence],
    language: Language,
    model: LanguageModel,
    embedder: Embedder,
    prompts: Prompts,
    keys: Keys,
    on_claim: OnClaim = lambda claim: None,
) -> tuple[Claim, ...]:
    """Claims that answer the question; none when the sentences do not.

    An English sentence is checked as soon as the model has written it, so it can be shown while the next
    is being written, and nothing shown is ever taken back.

    Args:
        question: Standalone English.
        evidence: What the model may answer from.
        language: Language of the claims' text; quotes stay in the source's.
        model: The reader.
        embedder: For the checks.
        prompts: The prompts in force.
        keys: Numbers the quotes of the whole answer.
        on_claim: Told of each checked claim.

    Raises:
        InvalidReply: The model's reply is no answer; `quote_claims` is the way on.
        ModelUnavailable: No model answers.
    """
    if not evidence:
        return ()
    ordered = sorted(evidence, key=lambda e: e.score)  # the best stand next to the question
    papers = {e.paper.arxiv_id for e in evidence}
    known = question if len(papers) == 1 and ordered[0].page else ""
    chinese = language == "zh"
    claims: list[Claim] = []
    checked = 0

    def take(draft: dict[str, Any], *, finished: bool) -> None:
        nonlocal checked
        answer = str(draft.get("answer") or "")
        sentences = sentences_in(_mended(answer))
        for text in sentences[checked : None if finished and not _is_cut(answer) else -1]:
            checked += 1
            cited = _cited(draft, ordered)
            if _adds_nothing(text, question):
                claim = next(
                    (
                        quote(e, e.cosine, keys)
                        for e in cited
                        if not _adds_nothing(e.text, question)
                    ),
                    None,
                )
            else:
                claim = check_claim(text, cited, ordered, embedder, keys, known)
            if claim is not None and not _repeats(claim, claims):
                claims.append(claim)
                if not chinese:
                    on_claim(claim)

    def on_partial(partial: dict[str, Any]) -> None:
        if partial.get("answerable") is True:
            take(partial, finished=False)

    messages = prompts.answer(question, [_shown(e) for e in ordered], chinese=chinese)
    schema = _draft_schema(len(ordered), chinese=chinese)
    draft = model.structured(messages, schema, _ANSWER_TOKENS, on_partial).model_dump()
    if draft["answerable"]:
        take(draft, finished=True)
    if chinese:
        whole = checked == len(claims)  # a translation says all that was drafted, also what fell
        claims = _in_chinese(claims, _mended(draft.get("zh", "")) if whole else "")
        for claim in claims:
            on_claim(claim)
    return tuple(claims)


def quote_claims(
    evidence: Sequence[Evidence], keys: Keys, on_claim: OnClaim = lambda claim: None
) -> tuple[Claim, ...]:
    """The best sentences as they stand: an answer without a model."""
    best = sorted(evidence, key=lambda e: -e.score)[:_QUOTED_SENTENCES]
    claims = tuple(quote(e, e.cosine, keys) for e in best)
    for claim in claims:
        on_claim(claim)
    return claims


def _draft_schema(sentences: int, *, chinese: bool) -> type[BaseModel]:
    """Field order is the order the model writes in: decide, cite, then write."""
    number = Annotated[int, Field(ge=1, le=sentences)]
    fields: dict[str, Any] = {
        "answerable": (bool, ...),
        "sentences": (list[number], Field(max_length=3)),
        "answer": (str, Field(max_length=_ANSWER_CHARACTERS)),
    }
    if chinese:
        fields["zh"] = (str, Field(max_length=240))
    return create_model("Draft", **fields)


def _shown(evidence: Evidence) -> str:
    """A sentence as the model sees it; one of an abstract with its paper's title."""
    text = evidence.reading[:_READING_CHARACTERS]
    return text if evidence.page else f"({evidence.paper.title[:_TITLE_CHARACTERS]}) {text}"


def _mended(text: str) -> str:
    r"""LaTeX commands that JSON took for escapes, such as a form feed before `rac`, written out again."""
    for control, command in (("\x0c", "\\f"), ("\x08", "\\b"), ("\t", "\\t"), ("\r", "\\r")):
        text = text.replace(control, command)
    return re.sub(r"\n(?=(?:u|eq|abla|ot)\b)", r"\\n", text).replace("\n", " ")


def _cited(draft: dict[str, Any], shown: Sequence[Evidence]) -> list[Evidence]:
    """The evidence whose numbers the model gave; numbers that do not exist are dropped."""
    numbers_given = draft.get("sentences") or []
    return [
        shown[number - 1]
        for number in numbers_given
        if isinstance(number, int) and 1 <= number <= len(shown)
    ]


def _in_chinese(claims: Sequence[Claim], translation: str) -> list[Claim]:
    """The claims in Chinese, sentence by sentence where the counts agree, else as one.

    Their quotes where the translation also says what did not stand.
    """
    parts = [part.strip() for part in re.split(r"(?<=[。！？])", translation) if part.strip()]
    if any(claim.quoted for claim in claims) or not parts:
        return [_quoted(claim) for claim in claims]
    if len(parts) != len(claims):
        citations = dict.fromkeys(c for claim in claims for c in claim.citations)
        claims, parts = [Claim(claims[0].text, True, tuple(citations))], ["".join(parts)]
    return [_translated(claim, part) for claim, part in zip(claims, parts, strict=True)]


def _translated(claim: Claim, text: str) -> Claim:
    """The claim in Chinese, if the translation keeps to the quotes' numbers and names; else its quote."""
    quotes = " ".join(citation.quote for citation in claim.citations)
    said = _latin(text)
    faithful = (
        language_of(text) == "zh"
        and _values(said) <= _values(quotes)
        and all(name in quotes.casefold() for name in names(said))
    )
    return Claim(text, True, claim.citations) if faithful else _quoted(claim)


def _quoted(claim: Claim) -> Claim:
    """The claim's first quote in its place."""
    first = claim.citations[0]
    return Claim(" ".join(first.quote.split()), True, (first,), quoted=True)


def _values(text: str) -> set[str]:
    """Numbers without their units, which a translation writes in its own language."""
    return {re.sub(r"(?<=\d)(?:%|[a-z]+)$", "", number) for number in numbers(text)}


def _latin(text: str) -> str:
    """A Chinese sentence with blanks around its Latin words and numbers."""
    return re.sub(r"[^\x00-\x7f]+", " , ", text)


def _is_cut(answer: str) -> bool:
    """Whether the schema's limit ended an answer in the middle of a sentence."""
    return len(answer) >= _ANSWER_CHARACTERS - 2 and not re.search(r"[.!?][\"'”’)\]]*\s*$", answer)


def _adds_nothing(text: str, question: str) -> bool:
    """Whether a sentence only says the question's own words, as in "U-Net is named after U-Net"."""
    return set(terms(text)) <= set(terms(question))


def _repeats(claim: Claim, claims: Sequence[Claim]) -> bool:
    """Whether an earlier claim says the same words, or is the quote that this one would repeat."""
    said = set(terms(claim.text))
    for other in claims:
        if said and said <= set(terms(other.text)):
            return True
        same_source = {c.key for c in claim.citations} == {c.key for c in other.citations}
        if same_source and (claim.quoted or other.quoted):
            return True
    return False
