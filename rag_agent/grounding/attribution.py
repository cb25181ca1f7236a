"""Which of the sentences shown carry a written sentence: the smallest set on which it stands."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from ingestion.embedding import Embedder
from ingestion.terms import terms
from rag_agent.citation import Claim
from rag_agent.grounding.checks.directions import points_alike
from rag_agent.grounding.checks.quantities import counts_alike, counts_what_was_asked
from rag_agent.grounding.checks.siblings import is_a_siblings
from rag_agent.grounding.checks.verification import meets, stands_on
from rag_agent.grounding.evidence import Evidence
from rag_agent.grounding.keys import Keys

_SINGLES = 12  # all that is shown on one paper
_PAIRED = 6  # of the nearest sentences: 15 pairs and 20 triples
_MOST_QUOTES = 3
_MOST_ITEMS = 8  # of one list, which is told item by item
_ABOUT = 0.9  # shared terms and cosine together: half the question's words in a sentence near to it


def attributed(
    text: str,
    question: str,
    shown: Sequence[Evidence],
    embedder: Embedder,
    keys: Keys,
) -> Claim | None:
    """The sentence with the quotes that carry it and speak of what was asked; None where none do.

    Args:
        text: One English sentence, or a phrase that answers by itself.
        question: What was asked, English.
        shown: The sentences that the model saw.
        embedder: Ranks them by nearness to question and sentence together, since a bare number is near nothing.
        keys: Numbers the quotes of the whole answer.
    """
    quotable = [evidence for evidence in shown if evidence.quotable]
    if not quotable:
        return None
    said = embedder.encode([f"{question} {text}"])[0]
    cosines = {id(evidence): float(evidence.vector @ said) for evidence in quotable}
    nearest = sorted(quotable, key=lambda evidence: -cosines[id(evidence)])
    carrying = next((quotes for quotes in _sets(nearest) if _carries(quotes, text, question)), None)
    carrying = carrying or _of_a_list(nearest, text, question)
    if carrying is None:
        return None
    best = max(cosines[id(evidence)] for evidence in carrying)
    return Claim(text, True, tuple(keys.cite(evidence, best, text) for evidence in carrying))


def _carries(quotes: Sequence[Evidence], text: str, question: str) -> bool:
    """Whether a sentence stands on these quotes, and they speak of what was asked."""
    return (
        stands_on(text, quotes, question)
        and meets(question, quotes)
        and points_alike(text, quotes)
        and counts_alike(text, quotes, question)
        and counts_what_was_asked(text, question, quotes)
        and not is_a_siblings(text, question, quotes)
    )


def _of_a_list(
    nearest: Sequence[Evidence], text: str, question: str
) -> tuple[Evidence, ...] | None:
    """The items of one list that carry a sentence together, each of them needed."""
    for opening in dict.fromkeys(evidence.lead_in for evidence in nearest if evidence.lead_in):
        items = [e for e in nearest if e.lead_in == opening or e.text.startswith(opening)]
        items = items[:_MOST_ITEMS]
        if len(items) <= _MOST_QUOTES or not _carries(items, text, question):
            continue
        for item in reversed(items):  # the farthest first: it is needed least
            fewer = [other for other in items if other is not item]
            if _carries(fewer, text, question):
                items = fewer
        return tuple(sorted(items, key=lambda e: (e.page or 0, e.start)))
    return None


def decided_by(
    verdict: str, question: str, shown: Sequence[Evidence], embedder: Embedder, keys: Keys
) -> Claim | None:
    """A bare Yes or No with the sentence that speaks most of what was asked; None where none does."""
    asked = set(terms(question))
    near = embedder.encode([question])[0]
    about = [
        (len(asked & set(terms(e.reading))) / max(1, len(asked)) + float(e.vector @ near), place)
        for place, e in enumerate(shown)
        if e.quotable and meets(question, (e,))
    ]
    best, place = max(about, default=(0.0, 0))
    if best < _ABOUT:
        return None
    text = verdict.strip(" ,.:;–—-").capitalize() + "."
    return Claim(text, True, (keys.cite(shown[place], float(shown[place].vector @ near)),))


def _sets(nearest: Sequence[Evidence]) -> Iterator[tuple[Evidence, ...]]:
    """Single sentences first, the nearest leading; then pairs and triples of the nearest."""
    yield from ((evidence,) for evidence in nearest[:_SINGLES])
    for size in range(2, _MOST_QUOTES + 1):
        yield from combinations(nearest[:_PAIRED], size)
