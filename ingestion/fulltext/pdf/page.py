"""A page as stored, searched and quoted: clean text, its blocks, and the box of every word."""

from dataclasses import dataclass

from ingestion.document.blocks import Box, Kind

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of a page's text of one kind.

    Args:
        kind: What it is.
        start: Offset in the page's text.
        end: Offset after its last character.
        section: Title of the section it stands in, empty before the first.
        reading: For a table row: caption, then `column: cell` pairs; empty otherwise.
    """

    kind: Kind
    start: int
    end: int
    section: str = ""
    reading: str = ""


@dataclass(frozen=True, slots=True)
class PageText:
    """A page as stored, searched, and quoted.

    Args:
        text: Clean text; offsets everywhere refer to it.
        blocks: Its parts in order, without overlap.
        words: Character span of every word.
        boxes: Box of every word as (x0, y0, x1, y1), points, y downwards; all zero from the fallback parser.
        width: Of the page, points.
        height: Of the page, points.
    """

    text: str
    blocks: tuple[Block, ...]
    words: tuple[Span, ...]
    boxes: tuple[Box, ...]
    width: float
    height: float
