"""Which way a sentence points, and at what: more training rows are not fewer training rows."""

import re
from collections.abc import Iterator, Sequence

from rag_agent.grounding.checks.quantities import stems_behind
from rag_agent.grounding.evidence import Evidence

_MORE = "more|higher|larger|greater|better|faster|longer"
_LESS = "less|lower|smaller|fewer|worse|slower|shorter"
_COMPARATIVE = re.compile(rf"\b(?:(?P<more>{_MORE})|(?P<less>{_LESS}))\b", re.I)
_WAYS = {
    "more": re.compile(
        rf"\b(?:{_MORE}|increas\w*|improv\w*|outperform\w*|gains?|exceed\w*|above|over)\b", re.I
    ),
    "less": re.compile(
        rf"\b(?:{_LESS}|decreas\w*|reduc\w*|degrad\w*|drops?|below|under|hurts?|cuts?)\b", re.I
    ),
}


def directions(text: str) -> frozenset[str]:
    """The ways that a sentence points: `more`, `less`, both or none."""
    return frozenset(name for name, way in _WAYS.items() if way.search(text))


def points_alike(text: str, quotes: Sequence[Evidence]) -> bool:
    """Whether nothing is more of what the quotes only call less of, or the other way round.

    Args:
        text: The sentence, English.
        quotes: What it shall stand on.
    """
    said = [each for quote in quotes for each in _compared(quote.reading)]
    for way, things in _compared(text):
        near = {other for other, theirs in said if things & theirs}
        if near and way not in near:
            return False
    return True


def _compared(text: str) -> Iterator[tuple[str, set[str]]]:
    """Each comparative of a text that has a thing right behind it: its way and the stems of the thing."""
    for match in _COMPARATIVE.finditer(text):
        if things := stems_behind(text, match.end()):
            yield match.lastgroup or "", things
