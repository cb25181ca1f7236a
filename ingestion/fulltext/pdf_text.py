"""The text of a PDF by page, with the limits that an untrusted file needs.

The file is parsed by `parsers.py` in a process of its own that is killed at the time limit and cannot
use more than 1 GB, write files, or see this program's memory. PDFium (pypdfium2) comes first: measured on
ten papers it takes a tenth of pypdf's time, expands every ligature (pypdf leaves 37 to 159 in nine of ten),
and gives the boxes that tables, scripts and highlights need; its process and the layout cost more than
its parsing (`make bench-reading`). pypdf is the fallback for files that PDFium cannot open.
"""

import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from ingestion.cleaning import printable
from ingestion.errors import PdfError
from ingestion.fulltext.pdf.front import abstract_of, authors_of, title_of
from ingestion.fulltext.pdf.layout import lay_out
from ingestion.fulltext.pdf.page import PageText
from ingestion.fulltext.pdf_files import read_bounded
from ingestion.fulltext.process import Ended, run_on
from ingestion.settings import PdfSettings

Parser = Literal["pypdfium2", "pypdf"]
PARSER = f"pypdfium2 {version('pypdfium2')}, pypdf {version('pypdf')}, layout 5"
"""Names how pages are made, for caches. The last number counts changes of `pdf.layout` and its parts."""

_PROGRAM = Path(__file__).with_name("parsers.py")
_SCANNED_CHARACTERS = 50  # a page below it on average shows a picture, or nothing


@dataclass(frozen=True, slots=True)
class PdfText:
    """What a PDF says.

    Args:
        pages: Its pages in order, page 1 first.
        title: Guessed from page 1; empty where nothing looks like one.
        authors: Guessed from page 1, full names in order; may be empty.
        abstract: Found on page 1 as one paragraph; may be empty.
        parser: Name and version of the parser, as in `pypdfium2 149.0`.
        notices: What was left out or done another way, for the user.
    """

    pages: tuple[PageText, ...]
    title: str
    authors: tuple[str, ...]
    abstract: str
    parser: str
    notices: tuple[str, ...] = ()


def read_pdf(path: Path, settings: PdfSettings) -> PdfText:
    """Read the text of an untrusted PDF.

    Takes a process, at most 1 GB of memory and `settings.timeout_s` seconds in all.

    Raises:
        PdfError: Not readable, too large, too slow, locked by a password, broken, or without text.
    """
    data, name = read_bounded(path, settings.max_mb), printable(path.name)
    if b"%PDF-" not in data[:1024]:
        raise PdfError(f"{name} is not a PDF", next_step="Download it again or check the file")
    raw, parser, notices = _parse(data, name, settings)
    if raw["page_count"] > settings.max_pages:
        notices += (
            f"{name}: only pages 1 to {settings.max_pages} of {raw['page_count']} were read",
        )
    pages, front = lay_out(raw["pages"])
    return PdfText(
        pages=tuple(pages),
        title=title_of(front),
        authors=authors_of(front),
        abstract=abstract_of(pages),
        parser=f"{parser} {raw['version']}",
        notices=notices,
    )


def _parse(
    data: bytes, name: str, settings: PdfSettings
) -> tuple[dict[str, Any], Parser, tuple[str, ...]]:
    """The raw pages from the first parser that can read the file."""
    first = _run(data, "pypdfium2", settings, settings.timeout_s * 2 / 3)
    if _has_text(first):
        return first, "pypdfium2", ()
    if first.get("error") == "is locked by a password":
        raise PdfError(f"{name} {first['error']}", next_step="Unlock it with its password first")
    second = _run(data, "pypdf", settings, settings.timeout_s / 3)
    if _has_text(second):
        reason = first.get("error", "found no text in it")
        notice = f"{name}: read with pypdf, without positions, because PDFium {reason}"
        return second, "pypdf", (notice,)
    if "error" in first or "error" in second:
        raise _unreadable(data, name, first.get("error") or second["error"])
    raise PdfError(
        f"{name} has {first['page_count']} pages but no text: it is a scan",
        next_step="Run it through text recognition (OCR) first",
    )


def _run(data: bytes, parser: Parser, settings: PdfSettings, timeout_s: float) -> dict[str, Any]:
    """The parser's answer; an `error` in it says why there is none."""
    try:
        printed = run_on(data, _PROGRAM, (parser, str(settings.max_pages)), timeout_s)
    except Ended as error:
        return {"error": str(error)}
    answer: dict[str, Any] = json.loads(printed)
    return answer


def _has_text(raw: dict[str, Any]) -> bool:
    characters = sum(
        len(word[0]) for page in raw.get("pages", ()) for line in page["lines"] for word in line
    )
    return characters > 0 and characters >= _SCANNED_CHARACTERS * len(raw["pages"])


def _unreadable(data: bytes, name: str, reason: str) -> PdfError:
    if b"%%EOF" not in data[-2048:]:
        return PdfError(
            f"{name} is cut off: it ends after {len(data):,} bytes without the end mark of a PDF",
            next_step="Download it again",
        )
    return PdfError(f"{name} {reason}", next_step="Download it again or print it to a new PDF")
