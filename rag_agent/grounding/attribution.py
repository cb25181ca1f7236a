"""Which of the sentences shown carry a written sentence: the smallest set on which it stands."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from ingestion.embedding import Embedder
from ingestion.terms import terms
from rag_agent.citation import Claim
from rag_agent.grounding.checks.quantities import counts_alike, counts_what_was_asked
from rag_agent.grounding.checks.siblings import is_a_siblings
from rag_agent.grounding.checks.verification import meets, stands_on
from rag_agent.grounding.evidence import Evidence
from rag_agent.grounding.keys import Keys

_SINGLES = 12  # all that is shown on one paper
_PAIRED = 6  # of the nearest sentences: 15 pairs and 20 triples
_MOST_QUOTES = 3
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
    for quotes in _sets(nearest):
        if (
            stands_on(text, quotes, question)
            and meets(question, quotes)
            and counts_alike(text, quotes, question)
            and counts_what_was_asked(text, question, quotes)
            and not is_a_siblings(text, question, quotes)
        ):
            best = max(cosines[id(evidence)] for evidence in quotes)
            return Claim(text, True, tuple(keys.cite(evidence, best, text) for evidence in quotes))
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
