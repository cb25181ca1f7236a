"""Of a table's rows the few that a question asks for, cut to the cells under the columns that it asks for.

A small model that is shown whole rows takes a neighbour's number: of 14 questions whose answer stands in a table
it read 6 right, and 11 when shown the rows and cells that share the question's words (24 November 2026,
bench/LOG.md). Rows and columns are chosen by the words of their labels, the rare ones counting more.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingestion.document.tables import SEPARATOR
from ingestion.terms import terms
from rag_agent.grounding.checks.names import numbers

ROWS = 5
"""Most rows of one table that are shown."""
NEARLY_AS_GOOD = 0.6
"""Of the best label's score: rows and columns from there on are shown. First choice; 0.5 to 0.8 choose alike."""
_CONTAINED = 4  # letters of a word that may stand inside another, as `base` in `BERTBASE`

_WORD = re.compile(r"[\w.]+")
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+(?:\.\d+)?")
_MAGNITUDE = re.compile(r"(?<=\d) (?=[BMKk]\b)")
_CAPTION = re.compile(r"^.*[.!?)] (?=[^.;]{1,80}: )", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of a table as it is read: `caption label: cell; label: cell.`"""

    caption: str
    cells: tuple[tuple[str, str], ...]

    def has(self, columns: set[str]) -> bool:
        """Whether it has a cell in one of them; where the labels change halfway down a table, some rows have none."""
        return any(label in columns for label, _ in self.cells[1:])

    def reading(self, columns: set[str]) -> str:
        """The row with its first cell and those of some columns; with all where none are given."""
        kept = [
            f"{label}: {cell}" if label else cell
            for place, (label, cell) in enumerate(self.cells)
            if not columns or place == 0 or label in columns or not _is_value(cell)
        ]
        return f"{self.caption}{'; '.join(kept)}."


def asked_for(question: str, readings: Sequence[str]) -> dict[int, str]:
    """The rows of one table that a question asks for, each cut to the cells that it asks for.

    Args:
        question: English.
        readings: Of all rows of the table, in its order.

    Returns:
        Shorter readings by place in `readings`, at most `ROWS`.
    """
    rows = _parsed(readings) if readings else []
    asked = _words(question)
    labels = list(dict.fromkeys(label for row in rows for label, _ in row.cells[1:]))
    columns = {labels[place] for place in _best(asked, labels)}
    having = [place for place, row in enumerate(rows) if not columns or row.has(columns)]
    named = [" ".join([rows[i].cells[0][0], *(cell for _, cell in rows[i].cells)]) for i in having]
    chosen = [having[best] for best in _best(asked, named)] or having
    return {place: rows[place].reading(columns) for place in sorted(chosen[:ROWS])}


def cells_named(text: str, row: str) -> tuple[int, ...]:
    """Places, from 0, of a row's cells whose value a sentence states: its numbers, or its words where it has none.

    Args:
        text: A sentence of an answer.
        row: The row as stored, its cells apart by `SEPARATOR`.
    """
    said, words = numbers(text), text.casefold()
    named = []
    for place, cell in enumerate(row.split(SEPARATOR)):
        values = numbers(cell)
        stated = values <= said if values else _is_said(cell, words)
        named += [place] if place and stated else []  # the first cell names the row
    return tuple(named)


def _is_said(cell: str, words: str) -> bool:
    return any(letter.isalpha() for letter in cell) and cell.strip().casefold() in words


def _parsed(readings: Sequence[str]) -> list[_Row]:
    caption = _caption(readings)
    return [
        _Row(
            caption, tuple(_pair(pair) for pair in reading[len(caption) :].rstrip(". ").split("; "))
        )
        for reading in readings
    ]


def _caption(readings: Sequence[str]) -> str:
    """What all rows begin with, cut back to a sentence's end."""
    first, last = min(readings), max(readings)
    same = next(
        (i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first)
    )
    shared = first[:same]
    if len(readings) > 1:
        return shared[: shared.rfind(". ") + 2] if ". " in shared else ""
    caption = _CAPTION.match(shared)
    return caption[0] if caption else ""


def _pair(text: str) -> tuple[str, str]:
    label, _, cell = text.rpartition(": ")
    return label, cell


def _best(asked: set[str], labels: Sequence[str]) -> list[int]:
    """Places of the labels that say most of what was asked, the best first; none where none says any of it."""
    said = [_words(label) for label in labels]
    having = {word: sum(_says(words, word) for words in said) for word in asked}
    scores = [
        sum(1 - (having[word] - 1) / len(labels) for word in asked if _says(words, word))
        for words in said
    ]
    best = max(scores, default=0.0)
    near = [place for place, score in enumerate(scores) if score and score >= NEARLY_AS_GOOD * best]
    return sorted(near, key=lambda place: -scores[place])


def _words(text: str) -> set[str]:
    """Stems of a text's words and of their parts: `BERT`, `large` of `BERT-Large`; `3B` of `3 B`."""
    words = [word.strip("._") for word in _WORD.findall(_MAGNITUDE.sub("", text))]
    parts = [part for word in words for part in _PART.findall(word) if 1 < len(part) < len(word)]
    return {stem for word in (*words, *parts) if word for stem in (terms(word) or [word.lower()])}


def _says(words: set[str], word: str) -> bool:
    return any(_are_same(word, other) for other in words)


def _are_same(one: str, other: str) -> bool:
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    return len(short) >= _CONTAINED and not short[0].isdigit() and short in long


def _is_value(cell: str) -> bool:
    return not any(len(part) > 1 and part.isalpha() for part in _PART.findall(cell))
