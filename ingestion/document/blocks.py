"""What a document is made of: blocks, tables, equations, references, marks and pages, each a span of its text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Form = Literal["html", "latex", "pdf", "markdown", "text"]
"""What a document was read from."""
Kind = Literal[
    "front",
    "abstract",
    "heading",
    "text",
    "list",
    "theorem",
    "equation",
    "table",
    "caption",
    "footnote",
    "algorithm",
    "reference",
    "contents",
    "figure",
    "margin",
]
"""What a block is: `text` is a paragraph, `list` one item, `figure` writing in a picture, `margin` page furniture."""
Box = tuple[float, float, float, float]

SAME_LINE_OVERLAP = 0.5
"""Of the lower box's height: words on one line share more than half of it. Convention: neighbouring lines are
set 1.2 sizes apart, so they overlap in nothing, and a script is moved by about a third of its height."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table.

    Args:
        start: Offset of its text in the document's text.
        end: Offset after it; equal to `start` for an empty cell.
        column: First column of the grid that it covers, from 0.
        columns: Columns that it covers, 1 or more.
        rows: Rows that it covers, 1 or more.
        label: Header cells over it, joined from the top; empty for a header cell itself.
    """

    start: int
    end: int
    column: int = 0
    columns: int = 1
    rows: int = 1
    label: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table, one line of its block.

    Args:
        start: Offset in the document's text.
        end: Offset after its last character.
        cells: From left to right; those that a row above reaches into it are not repeated.
        reading: The caption's first sentence, then `label: cell` pairs; empty for a header row.
        header: Whether it labels the columns below.
    """

    start: int
    end: int
    cells: tuple[Cell, ...] = ()
    reading: str = ""
    header: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """What a `table` block holds; its stored text is one line a row, cells joined by ` | `.

    Args:
        caption: Whole, with its number, as in `Table 2: Ablations.`; empty where there is none.
        rows: From the top, header rows included.
    """

    caption: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Equation:
    """What an `equation` block holds; its stored text is the LaTeX, without delimiters or number.

    Args:
        number: As printed, without brackets, as in `3` or `A.2`; empty where it has none.
        lines: Numbers of all its lines, where an alignment numbers several.
    """

    number: str = ""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """What a `reference` block holds: an entry of the list of references. Every field may be empty.

    Args:
        key: By which the text cites it: the `\\bibitem` key, the `.bib` key, or the HTML anchor `bib.bib12`; for
            a PDF its printed number.
        label: As printed in front of it, as in `12` or `Vaswani et al. (2017)`.
        title: Of the work.
        authors: In their order.
        year: 0 where none is given.
        arxiv_id: Without version.
        doi: Lower case, without address.
        url: As printed.
    """

    key: str
    label: str = ""
    title: str = ""
    authors: tuple[str, ...] = ()
    year: int = 0
    arxiv_id: str = ""
    doi: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of the document's text of one kind.

    Args:
        kind: What it is.
        start: Offset in the document's text.
        end: Offset after its last character.
        section: Title of the section it stands in, empty before the first.
        level: Of a heading: 1 for a section, 2 for a subsection, …; 0 otherwise.
        content: What a table, an equation or a reference holds.
    """

    kind: Kind
    start: int
    end: int
    section: str = ""
    level: int = 0
    content: Table | Equation | Reference | None = None


@dataclass(frozen=True, slots=True)
class CitationMark:
    """A place in the text that cites: `[12]`, `(Vaswani et al., 2017)`.

    Args:
        start: Offset in the document's text.
        end: Offset after it.
        keys: Keys of the references it names, at least one; a reference of that key need not be there.
    """

    start: int
    end: int
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a PDF: where it lies in the text, and the box of every word.

    Args:
        start: Offset of its first character in the document's text.
        end: Offset after its last.
        words: Character span of every word, from the page's start.
        boxes: Box of every word as (x0, y0, x1, y1), points, y downwards; all zero from the fallback parser.
        width: Points.
        height: Points.
    """

    start: int
    end: int
    words: tuple[tuple[int, int], ...]
    boxes: tuple[Box, ...]
    width: float
    height: float

    def boxes_of(self, start: int, end: int) -> list[Box]:
        """Boxes that cover a span, counted from the page's start, one a line; for a highlight on its image."""
        merged: list[Box] = []
        for (word_start, word_end), box in zip(self.words, self.boxes, strict=True):
            if word_end <= start or word_start >= end or not any(box):
                continue
            if merged and _same_line(merged[-1], box):
                merged[-1] = around([merged[-1], box])
            else:
                merged.append(box)
        return merged


def around(boxes: Sequence[Box]) -> Box:
    """The smallest box that holds all of them; at least one."""
    return (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )


def _same_line(one: Box, other: Box) -> bool:
    overlap = min(one[3], other[3]) - max(one[1], other[1])
    lower = min(one[3] - one[1], other[3] - other[1])
    return overlap > SAME_LINE_OVERLAP * lower and other[0] >= one[0]
