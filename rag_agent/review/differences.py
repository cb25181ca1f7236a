"""Where papers disagree: quotes on the same thing that deny, point the other way, or give another number."""

from collections.abc import Sequence
from itertools import combinations

from ingestion.terms import terms
from rag_agent.grounding.checks.directions import directions
from rag_agent.grounding.checks.verification import denies
from rag_agent.grounding.evidence import Evidence

_SAME_THING = 0.6
_SHARED_TERMS = 0.3
_MOST = 4


def differing(quotes: Sequence[Evidence]) -> list[tuple[Evidence, Evidence]]:
    """Pairs of quotes of different papers that differ, the nearest first, each quote in one pair only.

    What differs is read by code: a denial against none, more against less. Whether it is a contradiction is
    the reader's to judge, so both quotes are shown.
    """
    pairs = []
    for a, b in combinations(quotes, 2):
        near = float(a.vector @ b.vector)
        if a.paper.arxiv_id != b.paper.arxiv_id and near >= _SAME_THING and _differ(a.text, b.text):
            pairs.append((near, a, b))
    pairs.sort(key=lambda pair: -pair[0])
    kept: list[tuple[Evidence, Evidence]] = []
    for _, a, b in pairs:
        if len(kept) < _MOST and all(a not in pair and b not in pair for pair in kept):
            kept.append((a, b))
    return kept


def _differ(a: str, b: str) -> bool:
    mine, yours = set(terms(a)), set(terms(b))
    if len(mine & yours) < _SHARED_TERMS * min(len(mine), len(yours)):
        return False
    opposite = {*directions(a), *directions(b)} == {"more", "less"} and not (
        directions(a) & directions(b)
    )
    return denies(a) != denies(b) or opposite
