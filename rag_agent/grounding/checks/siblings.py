"""Whose a value is: ResNet-101's answers no question about ResNet-50, nor the large model's one about the base."""

import re
from collections.abc import Sequence

from rag_agent.grounding.checks.names import numbers, value_of
from rag_agent.grounding.evidence import Evidence

# A name with what tells it from its siblings: `ResNet-50`, `ViT-B/16`, `SQuAD 2.0`, `VOC 2007`.
_VARIANT = re.compile(r"\b([A-Za-z]*[A-Z][A-Za-z]*[A-Z][A-Za-z]*)[- –]?v?((?:[A-Z]/)?\d[\w./]*\b)")
_CENTURY = re.compile(r"^20(?=\d\d$)")  # VOC 2007 is VOC 07
_MEASURED = re.compile(r"\bhow \w+", re.I)  # "how large" asks for a measure, of no large one
_SIZES = frozenset("tiny mini small medium base big large huge xl".split())
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def is_a_siblings(text: str, question: str, quotes: Sequence[Evidence]) -> bool:
    """Whether a value in a sentence stands only in quotes that speak of a sibling of what was asked about.

    Args:
        text: The sentence, English.
        question: English.
        quotes: What the sentence stands on.
    """
    values = {value_of(n) for n in numbers(text)} - {value_of(n) for n in numbers(question)}
    asked = _named(_MEASURED.sub("", question))
    if not values or not asked:
        return False
    holding = [e for e in quotes if values & {value_of(n) for n in numbers(e.reading)}]
    return bool(holding) and all(_of_siblings(_named(e.reading), asked) for e in holding)


def _of_siblings(said: dict[str, set[str]], asked: dict[str, set[str]]) -> bool:
    """Whether a family that was asked about is spoken of by other members alone."""
    return any(
        family in said and said[family].isdisjoint(members) for family, members in asked.items()
    )


def _named(text: str) -> dict[str, set[str]]:
    """The members of each family that a text names, lower-case: `{"resnet": {"50", "101"}, "size": {"base"}}`."""
    found: dict[str, set[str]] = {}
    for family, member in _VARIANT.findall(text):
        found.setdefault(family.lower(), set()).add(_CENTURY.sub("", member.lower()))
    parts = {part.lower() for part in _PART.findall(text)} | {
        size
        for word in re.findall(r"[A-Z]{5,}", text)
        for size in _SIZES
        if word.lower().endswith(size)
    }
    if sizes := parts & _SIZES:
        found["size"] = sizes
    return found
