"""From a question and the sentences at hand to claims: written freely, then each checked before anyone sees it.

A small model that must decide, cite and write in one object gets half as much right as one that just answers
(`bench/LOG.md`, 24 November 2026). So it answers in the form asked for, in plain text, and code finds the quotes
afterwards. What carries no quote is dropped; nothing left means that the texts do not say.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from ingestion.embedding import Embedder
from ingestion.fulltext.passages import sentences_in
from ingestion.fulltext.quotable import BULLET
from ingestion.terms import terms
from rag_agent.citation import Citation, Claim
from rag_agent.grounding.attribution import attributed, decided_by
from rag_agent.grounding.checks.verification import adds_nothing
from rag_agent.grounding.evidence import Evidence
from rag_agent.grounding.form import asks_why, form_of
from rag_agent.grounding.keys import Keys
from rag_agent.grounding.verdict import LEADING, verdict_on
from rag_agent.model.client import LanguageModel
from rag_agent.prompts.reader import Prompts
from rag_agent.telemetry import span

# A longer answer than these is one that lists everything (24 November 2026, own questions).
_FACT_TOKENS = 120
_EXPLANATION_TOKENS = 180
_QUOTED_SENTENCES = 3
_EXPLAINED = 3  # sentences that an explanation is brought to by what stands beside its quotes
_BESIDE_CHARACTERS = 200  # a formula or a cut sentence may stand between two neighbours
_TITLE_CHARACTERS = 50
_READING_CHARACTERS = 420  # a longer sentence is cut for the model; its quote stays whole
_STRUCTURE_CHARACTERS = 640  # a row with its caption, a display with the sentence that leads to it
_LEAD_IN_CHARACTERS = 200
_ITEM_CHARACTERS = 80  # of one that is shown for its list's sake: what it is, not all that is said
_CAPTION_CHARACTERS = 80  # of a caption that must give way to its row

_NOT_STATED = re.compile(
    r"\bnot stated\b|\b(?:is|are|was|were|does|do) not (?:explicitly |directly |clearly )?"
    r"(?:state|mention|provide|specif|given|contain|describ)\w*|\bno (?:information|mention)\b",
    re.I,
)

_REASON = re.compile(
    r"\b(?:because|since|due to|owing to|therefore|thus|hence|so that|so it|reasons?|caus(?:e[ds]?|ing)|leads? to"
    r"|result(?:s|ing)? in|in order to)\b",
    re.I,
)

# Readers have asked a paper, not excerpts.
_ASIDE = re.compile(
    r"^(?:(?:according to|based on|as stated in|from) the (?:provided |given )?(?:excerpts?|text|context),\s*"
    r"|the (?:provided |given )?(?:excerpts?|text|context) (?:also )?"
    r"(?:states?|says?|suggests?|mentions?|indicates?|shows?|explains?) that\s+)",
    re.I,
)

OnClaim = Callable[[Claim], None]


def write_claims(
    question: str,
    evidence: Sequence[Evidence],
    model: LanguageModel,
    embedder: Embedder,
    prompts: Prompts,
    keys: Keys,
    on_claim: OnClaim = lambda claim: None,
) -> tuple[Claim, ...]:
    """Claims that answer the question; none when the sentences do not.

    Each sentence is checked as soon as the model has written it, so it can be shown while the next is being
    written, and nothing shown is ever taken back.

    Args:
        question: Standalone English.
        evidence: What the model may answer from.
        model: The reader.
        embedder: For the search of quotes.
        prompts: The prompts in force.
        keys: Numbers the quotes of the whole answer.
        on_claim: Told of each checked claim.

    Raises:
        ModelUnavailable: No model answers.
    """
    if not evidence:
        return ()
    form = form_of(question)
    ordered = _ordered(evidence)
    messages = prompts.read(question, form, shown(evidence))
    if form == "yes_no":
        drafted = iter([verdict_on(question, messages, model).text])
    else:
        tokens = _FACT_TOKENS if form == "fact" else _EXPLANATION_TOKENS
        drafted = _sentences(model.stream(messages, tokens))
    claims: list[Claim] = []
    for text in drafted:
        with span("checks") as figures:
            claim = checked(text, question, ordered, embedder, keys)
            figures["carried"] = claim is not None
        if claim is not None and not _repeats(claim, claims):
            claims.append(claim)
            on_claim(claim)
    if asks_why(question):
        beside = _reasons_beside(claims, evidence)
        for one in beside[: max(0, _EXPLAINED - len(claims))]:
            claim = _as_it_stands(one, keys)
            claims.append(claim)
            on_claim(claim)
    return tuple(claims)


def _reasons_beside(claims: Sequence[Claim], evidence: Sequence[Evidence]) -> list[Evidence]:
    """Of the sentences shown right behind and before the quotes those that give a reason.

    A small model gives half of a reason, and the other half stands beside it: so it was with 2 of the 7 development
    questions that were explained wrongly or by half (29 November 2026). Every neighbour would be too much.
    """
    quoted = {_place(citation) for claim in claims for citation in claim.citations}
    prose = sorted((e for e in evidence if not e.is_row), key=_place)
    found: dict[tuple[str, int, int], Evidence] = {}
    for number, one in enumerate(prose):
        if _place(one) not in quoted:
            continue
        for other in (*prose[number + 1 : number + 2], *prose[max(0, number - 1) : number]):
            gives_reason = other.quotable and _REASON.search(other.text)
            if gives_reason and _place(other) not in quoted and _adjoin(one, other):
                found.setdefault(_place(other), other)
    return list(found.values())


def _place(of: Evidence | Citation) -> tuple[str, int, int]:
    """Paper, page and start of a sentence: one order for all, and the same for a sentence and its citation."""
    return of.paper.arxiv_id, -1 if of.page is None else of.page, of.start


def _adjoin(one: Evidence, other: Evidence) -> bool:
    """Whether two sentences stand next to each other on one page of one paper."""
    first, second = sorted((one, other), key=_place)
    gap = second.start - first.start - len(first.text)
    return _place(first)[:2] == _place(second)[:2] and gap <= _BESIDE_CHARACTERS


def _as_it_stands(evidence: Evidence, keys: Keys) -> Claim:
    text = " ".join(BULLET.sub("", evidence.text, count=1).split())
    return Claim(text, True, (keys.cite(evidence, evidence.cosine),), quoted=True)


def checked(
    text: str, question: str, evidence: Sequence[Evidence], embedder: Embedder, keys: Keys
) -> Claim | None:
    """A drafted sentence with the quotes that carry it; None where it says nothing or none do."""
    verdict = LEADING.match(text)
    said = text[verdict.end() :] if verdict else text
    if not verdict:
        empty = (
            not re.search(r"\w|∞", said) or _NOT_STATED.search(said) or adds_nothing(said, question)
        )
        return None if empty else attributed(said, question, evidence, embedder, keys)
    reason = attributed(said, question, evidence, embedder, keys) if said.strip() else None
    if reason is not None:
        return Claim(text, True, reason.citations)
    return decided_by(verdict[1], question, evidence, embedder, keys)


def quote_claims(
    evidence: Sequence[Evidence], keys: Keys, on_claim: OnClaim = lambda claim: None
) -> tuple[Claim, ...]:
    """The best sentences as they stand: an answer without a model."""
    best = sorted(evidence, key=lambda e: -e.score)
    quotable = [e for e in best if e.quotable][:_QUOTED_SENTENCES]
    claims = tuple(_as_it_stands(e, keys) for e in quotable)
    for claim in claims:
        on_claim(claim)
    return claims


def shown(evidence: Sequence[Evidence]) -> list[str]:
    """What the model reads: the best sentences last; one paper's abstract alone as it stands, whole.

    Its sentences lean on one another: PubMedQA's yes and no came out right in 0.55 (balanced, 36 abstracts) as they
    stand, in 0.42 (52 abstracts) the best sentence last (24 November 2026).
    """
    if all(e.page is None for e in evidence) and len({e.paper.arxiv_id for e in evidence}) == 1:
        return [" ".join(e.reading for e in sorted(evidence, key=lambda e: e.start))]
    return list(_lists_together(_ordered(evidence)))


def _lists_together(ordered: Sequence[Evidence]) -> Iterator[str]:
    """What is shown, each list's items behind what opens it, where the best of them would stand."""
    listed: dict[tuple[str, str], list[Evidence]] = {}
    for evidence in ordered:
        if evidence.lead_in:
            listed.setdefault((evidence.paper.arxiv_id, evidence.lead_in), []).append(evidence)
    for evidence in ordered:
        items = listed.get((evidence.paper.arxiv_id, evidence.lead_in))
        if items and items[-1] is evidence:
            in_order = map(_item, sorted(items, key=_place))
            yield " ".join([evidence.lead_in[-_LEAD_IN_CHARACTERS:], *in_order])
        elif not items and (evidence.paper.arxiv_id, evidence.text) not in listed:
            yield as_shown(evidence)


def _item(evidence: Evidence) -> str:
    """An item of a list; one that only completes it by its beginning."""
    if not evidence.completes:
        return evidence.text[:_READING_CHARACTERS]
    text = evidence.text[:_ITEM_CHARACTERS]
    return text if text == evidence.text else f"{text.rpartition(' ')[0]} …"


def _ordered(evidence: Sequence[Evidence]) -> list[Evidence]:
    """The best next to the question; cells asked for by name more so (11 of 14 questions to tables, else 10)."""
    return sorted(evidence, key=lambda e: (e.is_row, e.score))


def as_shown(evidence: Evidence) -> str:
    """A sentence as the model sees it; one of an abstract with its paper's title."""
    text = _cut(evidence)
    return (
        text
        if evidence.page is not None
        else f"({evidence.paper.title[:_TITLE_CHARACTERS]}) {text}"
    )


def _cut(evidence: Evidence) -> str:
    """A reading of bounded length: half a row or formula says nothing, so what leads to it gives way."""
    text = evidence.reading
    if evidence.is_row and len(text) > _STRUCTURE_CHARACTERS:
        rest = _STRUCTURE_CHARACTERS - _CAPTION_CHARACTERS
        return f"{text[:_CAPTION_CHARACTERS]}… {text[-rest:]}"
    if "$$" in text:
        begin, end = text.index("$$"), text.rindex("$$") + 2
        first = min(begin, max(0, end - _STRUCTURE_CHARACTERS))
        return text[first : first + _STRUCTURE_CHARACTERS]
    return text if evidence.is_row else text[:_READING_CHARACTERS]


def _sentences(pieces: Iterator[str]) -> Iterator[str]:
    """The sentences of a stream, each as soon as the next begins."""
    text, given = "", 0
    for piece in pieces:
        text += piece
        whole = _lines(text)[:-1]
        yield from whole[given:]
        given = max(given, len(whole))
    yield from _lines(text)[given:]


def _lines(text: str) -> list[str]:
    return [
        _said(sentence.strip(" -•*"))
        for line in text.split("\n")
        if line.strip()
        for sentence in sentences_in(line)
    ]


def _said(sentence: str) -> str:
    """What a sentence says, without a word on where it was read."""
    aside = _ASIDE.match(sentence)
    rest = sentence[aside.end() :] if aside else ""
    return rest[:1].upper() + rest[1:] if rest else sentence


def _repeats(claim: Claim, claims: Sequence[Claim]) -> bool:
    """Whether an earlier claim says the same words."""
    said = set(terms(claim.text))
    return any(said and said <= set(terms(other.text)) for other in claims)
