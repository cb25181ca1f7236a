"""From a question and the sentences at hand to claims, each checked before anyone sees it."""

import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, Field, create_model

from ingestion.embedding import Embedder
from ingestion.terms import terms
from rag_agent.answer import Claim, Language
from rag_agent.citations import Keys, check_claim, names, numbers, quote
from rag_agent.evidence import Evidence
from rag_agent.language_model import LanguageModel
from rag_agent.planning import language_of
from rag_agent.prompts import Prompts

_MOST_CLAIMS = 4
_ANSWER_TOKENS = 420
_QUOTED_SENTENCES = 3
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

    Each claim is checked as soon as the model has written it, so it can be shown while the next is
    being written, and nothing shown is ever taken back.

    Args:
        question: Standalone English.
        evidence: Numbered for the model in this order.
        language: Language of the claims' text; quotes stay in the source's.
        model: The reader.
        embedder: For the checks.
        prompts: The prompts in force.
        keys: Numbers the quotes of the whole answer.
        on_claim: Told of each checked claim.

    Raises:
        InvalidReply: The model's reply is no list of claims; `quote_claims` is the way on.
        ModelUnavailable: No model answers.
    """
    if not evidence:
        return ()
    claims: list[Claim] = []
    checked = 0

    def take(drafts: Sequence[Any], finished: int) -> None:
        nonlocal checked
        for draft in drafts[checked:finished]:
            claim = _checked(draft, evidence, language, embedder, keys)
            if claim is not None and not _repeats(claim, claims):
                claims.append(claim)
                on_claim(claim)
        checked = max(checked, finished)

    def on_partial(partial: dict[str, Any]) -> None:
        drafts = partial.get("claims")
        if partial.get("answerable") is True and isinstance(drafts, list):
            take(drafts, len(drafts) - 1)  # the last one is still being written

    chinese = language == "zh"
    shown = [e.reading[:_READING_CHARACTERS] for e in evidence]
    messages = prompts.answer(question, shown, chinese=chinese)
    schema = _draft_schema(len(evidence), chinese=chinese)
    draft: Any = model.structured(messages, schema, _ANSWER_TOKENS, on_partial)
    if draft.answerable:
        drafts = [claim.model_dump() for claim in draft.claims]
        take(drafts, len(drafts))
    return tuple(claims)


def quote_claims(
    evidence: Sequence[Evidence], keys: Keys, on_claim: OnClaim = lambda claim: None
) -> tuple[Claim, ...]:
    """The best sentences as they stand: an answer without a model."""
    best = sorted(evidence, key=lambda e: -e.score)[:_QUOTED_SENTENCES]
    claims = tuple(quote(e, min(1.0, e.score), keys) for e in best)
    for claim in claims:
        on_claim(claim)
    return claims


def _draft_schema(sentences: int, *, chinese: bool) -> type[BaseModel]:
    """Field order is the order the model writes in: decide, cite, then write."""
    number = Annotated[int, Field(ge=1, le=sentences)]
    fields: dict[str, Any] = {
        "sentences": (list[number], Field(max_length=3)),
        "text": (str, Field(max_length=260)),
    }
    if chinese:
        fields["zh"] = (str, Field(max_length=160))
    claim = create_model("DraftClaim", **fields)
    return create_model(
        "Draft",
        answerable=(bool, ...),
        claims=(list[claim], Field(max_length=_MOST_CLAIMS)),
    )


def _checked(
    draft: Any, evidence: Sequence[Evidence], language: Language, embedder: Embedder, keys: Keys
) -> Claim | None:
    if not isinstance(draft, dict):
        return None
    text = str(draft.get("text", "")).strip()
    if not text:
        return None
    cited = [
        evidence[number - 1]
        for number in draft.get("sentences") or []
        if isinstance(number, int) and 1 <= number <= len(evidence)
    ]
    claim = check_claim(text, cited, evidence, embedder, keys)
    if claim is None or language == "en" or claim.quoted:
        return claim
    return _translated(claim, str(draft.get("zh", "")).strip())


def _translated(claim: Claim, text: str) -> Claim:
    """The claim in Chinese, if the translation keeps its numbers and names; else its quote."""
    quotes = " ".join(citation.quote for citation in claim.citations)
    faithful = (
        language_of(text) == "zh"
        and numbers(_latin(text)) <= numbers(quotes) | numbers(claim.text)
        and names(_latin(text))
        <= {word.lower() for word in re.findall(r"\w+", quotes)} | names(claim.text)
    )
    if faithful:
        return Claim(text=text, supported=True, citations=claim.citations)
    return Claim(
        text=" ".join(claim.citations[0].quote.split()),
        supported=True,
        citations=claim.citations[:1],
        quoted=True,
    )


def _latin(text: str) -> str:
    """A Chinese sentence with blanks around its Latin words and numbers."""
    return re.sub(r"[^\x00-\x7f]+", " , ", text)


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
