"""What is usual in a document: size and width of its running text, its words, what repeats at its edges."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ingestion.fulltext.pdf.lines import Line

BODY_SIZE_TOLERANCE_POINTS = 1.0
"""Lines this near to the usual size count for the usual width. Measured: 0.8 and 1.25 change nothing."""
FULL_LINE_WORDS = 4
"""A line of more words counts for the usual width: headings and cells are shorter. Measured: 3 and 5 change
nothing."""
WIDTH_STEP_POINTS = 6
"""Widths are counted in steps of half an em of 12 points; justified lines differ by less. Measured: 4 changes
15 blocks, 8 9."""
EDGE_SHARE = 0.1
"""Of the page's height, at top and bottom, where running heads and page numbers stand (convention: an inch of
11). Measured: 0.08 changes 31 blocks, 0.125 3."""
EDGE_LINES_WITHOUT_BOXES = 2
"""First and last lines of a page that may be its margins, where the parser knows no places. Measured: 1 and 3
change nothing."""
REPEATED_PAGES = 3
"""A line at the edge of so many pages is a running head; left and right pages have one each. Measured: 2 and
4 change nothing."""
ROTATED_CHARACTERS = 4
"""Shorter words may be higher than wide without being rotated: `I`, a bracket. Measured: 3 and 5 change
nothing."""
ROTATED_RATIO = 2.5
"""Height to width of a line that runs up the side, as arXiv's stamp does. Measured: 2.0 changes 7 blocks,
3.125 11."""
STAMP_CHARACTERS = 60
"""arXiv's stamp, `arXiv:2005.11401v4 [cs.CL] 12 Apr 2021`, is shorter; prose that cites an id is longer.
Measured: 48 and 75 change nothing."""

_STAMP = re.compile(r"arXiv:\S+v\d")
_PAGE_NUMBER = re.compile(r"[-–\s]*(\d{1,3}|[ivx]{1,4})[-–\s]*")


@dataclass(frozen=True, slots=True)
class Body:
    """What is usual in this document.

    Args:
        size: Height of the running text's font, points; 0 without boxes.
        width: Of a full line of it, points.
        margins: Texts at page edges that repeat, digits as `#`.
        vocabulary: How often each word stands in it, lower case, without the halves at line breaks.
        heights: Of each page, points.
    """

    size: float
    width: float
    margins: frozenset[str]
    vocabulary: Counter[str]
    heights: tuple[float, ...]

    @classmethod
    def of(cls, pages: Sequence[Sequence[Line]], raw: Sequence[dict[str, Any]]) -> "Body":
        """Count over all pages' lines."""
        lines = [line for page in pages for line in page]
        heights = tuple(float(page["height"]) for page in raw)
        size = _usual_size(lines)
        return cls(
            size,
            _usual_width(lines, size),
            _repeated_margins(pages, heights),
            _vocabulary(lines),
            heights,
        )


def _usual_size(lines: Sequence[Line]) -> float:
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[round(line.size)] += len(line.words)
    return sizes.most_common(1)[0][0] if sizes else 0


def _usual_width(lines: Sequence[Line], size: float) -> float:
    widths = Counter(
        round(line.width / WIDTH_STEP_POINTS) * WIDTH_STEP_POINTS
        for line in lines
        if abs(line.size - size) <= BODY_SIZE_TOLERANCE_POINTS and len(line.words) > FULL_LINE_WORDS
    )
    return widths.most_common(1)[0][0] if widths else 0


def _vocabulary(lines: Sequence[Line]) -> Counter[str]:
    words: Counter[str] = Counter()
    broken = False  # half words at either side of a line break are no words of the vocabulary
    for line in lines:
        words.update(bare(word.text) for word in line.words[broken:-1])
        broken = line.text.endswith("-")
    return words


def bare(word: str) -> str:
    """A word in lower case without the marks around it."""
    return word.strip(".,;:()[]“”\"'’").lower()


def _repeated_margins(pages: Sequence[Sequence[Line]], heights: Sequence[float]) -> frozenset[str]:
    """Texts, digits aside, that stand at the edge of several pages."""
    seen = Counter(
        key
        for page, height in zip(pages, heights, strict=True)
        for key in {_margin_key(line) for line in _edge_lines(page, height)}
    )
    return frozenset(key for key, count in seen.items() if count >= REPEATED_PAGES)


def _edge_lines(page: Sequence[Line], height: float) -> Iterator[Line]:
    if any(line.size for line in page):
        yield from (line for line in page if _is_at_edge(line, height))
    else:
        yield from page[:EDGE_LINES_WITHOUT_BOXES]
        yield from page[-EDGE_LINES_WITHOUT_BOXES:]


def _is_at_edge(line: Line, height: float) -> bool:
    return line.y1 < EDGE_SHARE * height or line.y0 > (1 - EDGE_SHARE) * height


def _margin_key(line: Line) -> str:
    return re.sub(r"\d+", "#", line.text)


def is_margin(line: Line, body: Body, height: float) -> bool:
    """Whether a line is a running head, a page number, or the stamp up the side."""
    if _is_rotated(line) or _is_stamp(line.text):
        return True
    if line.size and not _is_at_edge(line, height):
        return False
    is_number = line.size > 0 and _PAGE_NUMBER.fullmatch(line.text) is not None
    return is_number or _margin_key(line) in body.margins


def _is_rotated(line: Line) -> bool:
    tall = line.y1 - line.y0 > ROTATED_RATIO * max(line.width, 1)
    return len(line.text) > ROTATED_CHARACTERS and tall and line.width > 0


def _is_stamp(text: str) -> bool:
    return len(text) < STAMP_CHARACTERS and _STAMP.match(text.replace(" ", "")) is not None
