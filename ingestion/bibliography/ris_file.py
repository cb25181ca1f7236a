"""Entries of a RIS file, one at a time: a broken one spoils no other.

The file is cut where a line begins a record, and each piece is given to rispy by itself.
"""

import re
from collections.abc import Iterator
from typing import Any

from ingestion.bibliography.bib_file import Found, pieces_of
from ingestion.bibliography.entry import Entry, UnusableEntry

_BEGIN = re.compile(r"^TY  ?- ", re.MULTILINE)
_END = re.compile(r"^ER  ?-", re.MULTILINE)


def entries_of(text: str) -> Iterator[Found]:
    """Every record of a RIS file, and why one is none."""
    for line, piece in pieces_of(text, _BEGIN):
        yield line, piece[:200], _read(piece)


def _read(piece: str) -> Entry | UnusableEntry:
    import rispy

    if not _END.search(piece):
        return UnusableEntry("a record without its end (ER)")
    try:
        records = rispy.loads(piece)
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return UnusableEntry("not RIS")
    return _entry(records[0]) if records else UnusableEntry("not RIS")


def _entry(record: dict[str, Any]) -> Entry:
    def first(*names: str) -> str:
        return next((str(record[name]) for name in names if record.get(name)), "")

    urls = [str(url) for url in record.get("urls", [])]
    return Entry(
        key=first("id", "label"),
        title=first("title", "primary_title"),
        authors=tuple(record.get("authors") or record.get("first_authors") or ()),
        date=first("year", "publication_year", "date"),
        abstract=first("abstract", "notes_abstract"),
        doi=first("doi"),
        venue=first("journal_name", "alternate_title3", "alternate_title2", "secondary_title"),
        places=(
            first("accession_number"),
            *urls,
            first("note"),
            *map(str, record.get("notes", ())),
        ),
    )
