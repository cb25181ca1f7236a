"""The text of a PDF by page, with the limits that an untrusted file needs.

The file is parsed by `pdf_parsers.py` in a process of its own that is killed at the time limit and cannot
use more than 1 GB, write files, or see this program's memory. PDFium (pypdfium2) comes first: measured on
ten papers it takes a tenth of pypdf's time, expands every ligature (pypdf leaves 37 to 159 in nine of ten),
and gives the boxes that tables, scripts and highlights need; its process and the layout cost more than
its parsing (`make bench-reading`). pypdf is the fallback for files that PDFium cannot open.
"""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from ingestion.errors import PdfError
from ingestion.fulltext.pdf.layout import Box, Line, PageText, lay_out
from ingestion.settings import PdfSettings

Parser = Literal["pypdfium2", "pypdf"]
PARSER = f"pypdfium2 {version('pypdfium2')}, pypdf {version('pypdf')}, layout 2"
"""Names how pages are made, for caches. The last number counts changes of `page_layout`."""

_PROGRAM = Path(__file__).with_name("parsers.py")
_SCANNED_CHARACTERS = 50  # a page below it on average shows a picture, or nothing
_AFFILIATION = re.compile(
    r"universit|institut|department|laborator|research|google|microsoft|facebook|openai|deepmind|centre|center"
    r"|college|school|academy|faculty|foundation|\blabs?\b|\binc\b|\bltd\b|@|www\.|http|dated|equal|\bteam\b"
    r"|technolog|hospital|\bai\b|corresponding|preprint|\d{4}",
    re.IGNORECASE,
)
_NAME = re.compile(r"[^\W\d_][\w.'’´-]*(?:\s+(?:[^\W\d_][\w.'’´-]*)){1,4}")
_MARKS = re.compile(r"\s?[\d∗*†‡§¶?♠♦,]*[\d∗*†‡§¶?♠♦](?=[\s,]|$)")  # of footnotes and affiliations


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

    def boxes(self, page: int, start: int, end: int) -> list[Box]:
        """Boxes that cover a span of a page's text, to highlight it on the page's image.

        Args:
            page: From 1.
            start: First character of the span in the page's text.
            end: Character after the span.

        Returns:
            One (x0, y0, x1, y1) a line, points from the left and from the top; none from the fallback parser.
        """
        return self.pages[page - 1].boxes_of(start, end)

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values for a cache; `from_json` reads them."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "PdfText":
        """The text that `as_json` wrote."""
        pages = tuple(PageText.from_json(page) for page in stored["pages"])
        lists = {key: tuple(stored[key]) for key in ("authors", "notices")}
        return cls(**{**stored, **lists, "pages": pages})


def read_pdf(path: Path, settings: PdfSettings) -> PdfText:
    """Read the text of an untrusted PDF.

    Takes a process, at most 1 GB of memory and `settings.timeout_s` seconds in all.

    Raises:
        PdfError: Not readable, too large, too slow, locked by a password, broken, or without text.
    """
    data = _bytes(path, settings)
    raw, parser, notices = _parse(data, path.name, settings)
    if raw["page_count"] > settings.max_pages:
        notices += (
            f"{path.name}: only pages 1 to {settings.max_pages} of {raw['page_count']} were read",
        )
    pages, front = lay_out(raw["pages"])
    return PdfText(
        pages=tuple(pages),
        title=_title(front),
        authors=_authors(front),
        abstract=_abstract(pages),
        parser=f"{parser} {raw['version']}",
        notices=notices,
    )


def _bytes(path: Path, settings: PdfSettings) -> bytes:
    try:
        size = path.stat().st_size
        if size > settings.max_mb * 1_000_000:
            raise PdfError(
                f"{path.name} has {size / 1e6:.0f} MB, more than the limit of {settings.max_mb} MB",
                next_step="Raise pdf.max_mb to read it",
            )
        data = path.read_bytes()
    except OSError as error:
        raise PdfError(
            f"{path.name} cannot be opened: {error.strerror}", next_step="Check the file"
        ) from error
    if b"%PDF-" not in data[:1024]:
        raise PdfError(f"{path.name} is not a PDF", next_step="Download it again or check the file")
    return data


def _parse(
    data: bytes, name: str, settings: PdfSettings
) -> tuple[dict[str, Any], Parser, tuple[str, ...]]:
    """The raw pages from the first parser that can read the file."""
    first = _run(data, "pypdfium2", name, settings, settings.timeout_s * 2 / 3)
    if _has_text(first):
        return first, "pypdfium2", ()
    if first.get("error") == "is locked by a password":
        raise PdfError(f"{name} {first['error']}", next_step="Unlock it with its password first")
    second = _run(data, "pypdf", name, settings, settings.timeout_s / 3)
    if _has_text(second):
        reason = first.get("error", "found no text in it")
        return (
            second,
            "pypdf",
            (f"{name}: read with pypdf, without positions, because PDFium {reason}",),
        )
    if "error" in first or "error" in second:
        raise _unreadable(data, name, first.get("error") or second["error"])
    raise PdfError(
        f"{name} has {first['page_count']} pages but no text: it is a scan",
        next_step="Run it through text recognition (OCR) first",
    )


def _run(
    data: bytes, parser: Parser, name: str, settings: PdfSettings, timeout_s: float
) -> dict[str, Any]:
    """The parser's answer; an `error` in it says why there is none."""
    command = [sys.executable, "-I", str(_PROGRAM), parser, str(settings.max_pages), str(timeout_s)]
    try:
        done = subprocess.run(
            command, input=data, capture_output=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired:
        return {"error": f"takes longer than {timeout_s:.0f} s to read"}
    if done.returncode != 0:
        return {"error": f"makes the parser fail (exit {done.returncode})"}
    answer: dict[str, Any] = json.loads(done.stdout)
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


def _title(front: Sequence[Line]) -> str:
    """The first lines in about the largest print, up to a wider gap."""
    return _plain(" ".join(line.text for line in _title_lines(front)))


def _title_lines(front: Sequence[Line]) -> Sequence[Line]:
    largest = max((line.size for line in front if len(line.text) > 3), default=0)
    if not largest:
        return front[:1]
    first = next(
        i for i, line in enumerate(front) if line.size > 0.8 * largest and len(line.text) > 3
    )
    end = first + 1
    while end < len(front) and front[end].size > 0.95 * front[first].size:
        if front[end].y0 - front[end - 1].y1 > 0.75 * largest:
            break
        end += 1
    return front[first:end]


def _authors(front: Sequence[Line]) -> tuple[str, ...]:
    """Names on the lines below the title: what is set apart, or listed, and is no affiliation."""
    title = _title_lines(front)
    below = front.index(title[-1]) + 1 if title else 0
    names = []
    for line in front[below:]:
        for cell in line.cells:
            listed = _MARKS.sub(";", " ".join(word.text for word in cell))
            for part in re.split(r"[;,&]|\band\b", listed):
                name = _plain(part)
                if name[:1].isupper() and _NAME.fullmatch(name) and not _AFFILIATION.search(listed):
                    names.append(name)
    return tuple(dict.fromkeys(names))


def _abstract(pages: Sequence[PageText]) -> str:
    if not pages:
        return ""
    page = pages[0]
    text = " ".join(
        page.text[block.start : block.end] for block in page.blocks if block.kind == "abstract"
    )
    return re.sub(r"^abstract\s*[.:—–-]?\s*", "", text, flags=re.IGNORECASE)


def _plain(text: str) -> str:
    return " ".join(text.split()).strip(" ,;∗*†‡")
