"""The entries of a document's list of references, each with a key of its own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ingestion.document import Document, Reference
from ingestion.document.references import reference_of

_NUMBERED_SHARE = 0.4
"""Of a PDF's entries that have a number: in a numbered list the others are the rest of an entry that a column's or
page's end cut in two. Measured on the PDFs at hand: numbered lists have 0.53 to 1, others none."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a list of references.

    Args:
        text: As printed.
        reference: What it names.
    """

    text: str
    reference: Reference


def entries_of(document: Document) -> list[Entry]:
    """The entries in the order of the list; those of a PDF put together again, and each with a key."""
    entries = [
        Entry(document.text_of(block), block.content)
        for block in document.blocks
        if isinstance(block.content, Reference)
    ]
    if document.form == "pdf" and _is_numbered(entries):
        entries = list(_joined(entries))
    return [
        entry
        if entry.reference.key
        else replace(entry, reference=replace(entry.reference, key=f"#{place}"))
        for place, entry in enumerate(entries, start=1)
    ]


def _is_numbered(entries: Sequence[Entry]) -> bool:
    numbered = sum(entry.reference.label.isdecimal() for entry in entries)
    return numbered > _NUMBERED_SHARE * len(entries)


def _joined(entries: Sequence[Entry]) -> Iterator[Entry]:
    """What has no number belongs to the entry before it, which is then read anew."""
    whole: list[Entry] = []
    for entry in entries:
        if whole and not entry.reference.label.isdecimal():
            whole[-1] = _read_anew(whole[-1], f"{whole[-1].text} {entry.text}")
        elif entry.reference.label.isdecimal():
            whole.append(entry)
    yield from whole


def _read_anew(entry: Entry, text: str) -> Entry:
    label = entry.reference.label
    bare = text.removeprefix(f"[{label}]").removeprefix(f"{label}.").strip()
    return Entry(text, reference_of([bare], key=entry.reference.key, label=label))
