"""Marks by which a text cites, and the works that a quoted sentence names by them."""

import re
from collections.abc import Iterator, Mapping, Sequence

from ingestion.document import Document, Reference
from ingestion.references.entries import Entry

_NUMBERS = re.compile(r"\[\s*(\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*)\s*\]")
_RANGE = re.compile(r"(\d{1,3})\s*[–-]\s*(\d{1,3})")
_MOST_IN_A_RANGE = 30
_YEAR = r"(?:1[89]|20)\d\d[a-z]?"
# `Vaswani et al., 2017`, `Devlin and Chang (2019)`: the first name and the year tell the work.
_NAMES = re.compile(
    rf"\b([A-Z][\w'’-]+)(?:\s+(?:et\s+al\.?|(?:and|&)\s+[A-Z][\w'’-]+))?,?\s+(?:\(({_YEAR})\)|({_YEAR}))"
)


def marks_in(document: Document, entries: Sequence[Entry]) -> dict[str, tuple[str, ...]]:
    """Text of every mark of a document, with the keys it names: as its source marks them, else as printed."""
    if document.marks:
        known = {entry.reference.key for entry in entries}
        marked: dict[str, tuple[str, ...]] = {}
        for mark in document.marks:
            keys = tuple(key for key in mark.keys if key in known)
            if text := document.text[mark.start : mark.end].strip():
                marked.setdefault(text, keys)
        return {text: keys for text, keys in marked.items() if keys}
    return dict(_printed(document, [entry.reference for entry in entries]))


def named_in(
    sentence: str, marks: Mapping[str, tuple[str, ...]]
) -> list[tuple[str, tuple[str, ...]]]:
    """The marks that stand in a sentence with the keys they name, in the order of the sentence.

    Of marks within one another, as `[1]` in `[[1], [2]]`, the longest counts.
    """
    places = sorted(
        (place, -len(mark), mark) for mark in marks if (place := sentence.find(mark)) >= 0
    )
    found: list[tuple[str, tuple[str, ...]]] = []
    end = 0
    for place, minus_length, mark in places:
        if place >= end:
            found.append((mark, marks[mark]))
            end = place - minus_length
    return found


def _printed(
    document: Document, references: Sequence[Reference]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Marks as people read them: numbers in brackets, or names and a year."""
    by_number = {each.label: each.key for each in references if each.label}
    by_name = _by_name(references)
    for block in document.blocks:
        if block.kind == "reference":
            continue
        text = document.text_of(block)
        for found in _NUMBERS.finditer(text):
            keys = tuple(by_number[n] for n in _numbers(found[1]) if n in by_number)
            if keys:
                yield found[0], keys
        for found in _NAMES.finditer(text):
            year = (found[2] or found[3])[:4]
            if key := by_name.get((found[1].lower(), year)):
                yield found[0], (key,)


def _numbers(inside: str) -> Iterator[str]:
    """`3, 5–7` names 3, 5, 6 and 7."""
    for part in re.split(r"[,;]", inside):
        if span := _RANGE.fullmatch(part.strip()):
            first, last = int(span[1]), int(span[2])
            if first <= last < first + _MOST_IN_A_RANGE:
                yield from map(str, range(first, last + 1))
        else:
            yield part.strip()


def _by_name(references: Sequence[Reference]) -> dict[tuple[str, str], str]:
    """Key by first author's last name and year, where that names one work only."""
    named: dict[tuple[str, str], list[str]] = {}
    for each in references:
        if each.authors and each.year:
            last = each.authors[0].split()[-1].lower()
            named.setdefault((last, str(each.year)), []).append(each.key)
    return {name: keys[0] for name, keys in named.items() if len(keys) == 1}
