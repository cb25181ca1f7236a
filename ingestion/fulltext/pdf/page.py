"""A page as stored, searched and quoted: clean text, its blocks, and the box of every word."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal[
    "front",
    "abstract",
    "heading",
    "text",
    "footnote",
    "caption",
    "table",
    "reference",
    "contents",
    "figure",
    "margin",
]
Span = tuple[int, int]
Box = tuple[float, float, float, float]

SAME_LINE_OVERLAP = 0.5
"""Of the lower box's height: words on one line share more than half of it. Convention: neighbouring lines are
set 1.2 sizes apart, so they overlap in nothing, and a script is moved by about a third of its height."""


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

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "PageText":
        """The page that `dataclasses.asdict` and JSON made of one."""
        return cls(
            text=stored["text"],
            blocks=tuple(Block(**block) for block in stored["blocks"]),
            words=tuple((start, end) for start, end in stored["words"]),
            boxes=tuple((x0, y0, x1, y1) for x0, y0, x1, y1 in stored["boxes"]),
            width=stored["width"],
            height=stored["height"],
        )

    def boxes_of(self, start: int, end: int) -> list[Box]:
        """Boxes that cover a character span, one a line of the page; for a highlight on its image."""
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
