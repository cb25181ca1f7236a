"""Entries of a .bib file, BibTeX or BibLaTeX, one at a time: a broken one spoils no other.

The file is cut where a line begins an entry, and each piece is given to bibtexparser by itself.
"""

import re
from collections.abc import Iterator
from typing import Any

from ingestion.bibliography.entry import Entry, UnusableEntry

_BEGIN = re.compile(r"^[ \t]*@[ \t]*(\w+)\s*[{(]", re.MULTILINE)
_NO_ENTRIES = ("comment", "preamble")
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_BETWEEN = re.compile(r"\s+and\s+")
_CATEGORY = re.compile(r"[a-z-]+(?:\.[A-Za-z-]+)?")

Found = tuple[int, str, Entry | UnusableEntry]
"""Line from 1, the start of the text there, and what was read: an entry, or why there is none."""


def entries_of(text: str) -> Iterator[Found]:
    """Every entry of a .bib file, and why one is none."""
    parser = _parser()
    for line, piece in pieces_of(text, _BEGIN):
        kind = _BEGIN.match(piece)[1].lower()  # type: ignore[index]  # it begins so
        if kind not in _NO_ENTRIES:
            found = _read(parser, piece)
            if kind != "string" or isinstance(found, UnusableEntry):
                yield line, piece[:200], found or UnusableEntry("not BibTeX")


def pieces_of(text: str, begin: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    """The text cut before every match of `begin`, each piece with its line from 1; what is before the first goes."""
    starts = [match.start() for match in begin.finditer(text)]
    line, counted = 1, 0
    for start, end in zip(starts, [*starts[1:], len(text)], strict=False):
        line += text.count("\n", counted, start)
        counted = start
        yield line, text[start:end]


def _parser() -> Any:
    from bibtexparser.bparser import BibTexParser

    parser = BibTexParser(common_strings=True, ignore_nonstandard_types=False)
    parser.expect_multiple_parse = True  # @string abbreviations hold for all that follows
    return parser


def _read(parser: Any, piece: str) -> Entry | UnusableEntry | None:
    """The entry of one piece; None for an abbreviation, and for what the parser takes for a comment."""
    from bibtexparser.bibdatabase import UndefinedString

    database = parser.bib_database
    abbreviations = len(database.strings)
    database.entries.clear()
    database.comments.clear()
    try:
        parser.parse(piece)
    except UndefinedString as error:
        return UnusableEntry("an abbreviation that the file does not define", kept=str(error)[:80])
    except (ValueError, KeyError, TypeError, RecursionError, IndexError, AttributeError):
        return UnusableEntry("not BibTeX")
    if database.entries:
        return _entry(database.entries[0])
    return None if len(database.strings) > abbreviations else UnusableEntry("not BibTeX")


def _entry(fields: dict[str, str]) -> Entry:
    get = fields.get
    venue = get("journal") or get("journaltitle") or get("booktitle") or ""
    return Entry(
        key=get("ID", ""),
        title=get("title", ""),
        authors=_authors(get("author") or get("editor") or ""),
        date=get("date") or get("year") or "",
        month=_month(get("month", "")),
        abstract=get("abstract", ""),
        doi=get("doi") or (get("url", "") if "doi.org/" in get("url", "") else ""),
        venue=venue,
        places=tuple(get(name, "") for name in _places(fields)),
        categories=tuple(_CATEGORY.findall(get("primaryclass") or get("eprintclass") or "")),
    )


def _places(fields: dict[str, str]) -> tuple[str, ...]:
    """Where the arXiv id may stand; `eprint` is one of arXiv's unless another archive is named."""
    archive = fields.get("archiveprefix") or fields.get("eprinttype") or "arxiv"
    return (
        *(["eprint"] if archive.lower() == "arxiv" else []),
        "url",
        "note",
        "number",
        "howpublished",
        "volume",
    )


def _authors(text: str) -> tuple[str, ...]:
    """Names between the words `and` that stand outside of braces."""
    names, start, scanned = [], 0, 0
    depth = 0
    for between in _BETWEEN.finditer(text):
        depth += text.count("{", scanned, between.start()) - text.count(
            "}", scanned, between.start()
        )
        scanned = between.start()
        if depth <= 0:
            names.append(text[start : between.start()])
            start = between.end()
    return tuple(_suffix_last(name) for name in (*names, text[start:]) if name.strip())


def _suffix_last(name: str) -> str:
    """BibTeX's `Davis, Jr., Sammy` as everybody else writes it."""
    parts = [part.strip() for part in name.split(",")]
    return ", ".join((parts[0], parts[2], parts[1])) if len(parts) == 3 else name


def _month(text: str) -> int:
    """1 to 12 from a number or an English name; 0 from anything else."""
    text = text.strip().lower()
    if text.isdecimal() and 1 <= int(text) <= 12:
        return int(text)
    return _MONTHS.index(text[:3]) + 1 if text[:3] in _MONTHS else 0
