"""A paper as blocks with exact spans of one stored text, whatever form it came from."""

from bisect import bisect_right
from dataclasses import asdict, dataclass
from typing import Any

from ingestion.document.blocks import (
    Block,
    Cell,
    CitationMark,
    Equation,
    Form,
    Kind,
    Page,
    Reference,
    Row,
    Table,
)


@dataclass(frozen=True, slots=True)
class Document:
    """A paper as it is stored, searched and quoted: passages, evidence and quotes are made from it.

    Args:
        form: What it was read from.
        text: The stored text; every offset refers to it.
        blocks: Its parts in order, without overlap.
        title: As the authors wrote it; for a PDF guessed from page 1; may be empty.
        authors: Full names in order; may be empty.
        abstract: As one paragraph; may be empty.
        marks: Where the text cites, in order.
        pages: Of a PDF; none for other forms.
        parser: Name and version of what read it.
        notices: What was left out or done another way, for the user.
    """

    form: Form
    text: str
    blocks: tuple[Block, ...]
    title: str = ""
    authors: tuple[str, ...] = ()
    abstract: str = ""
    marks: tuple[CitationMark, ...] = ()
    pages: tuple[Page, ...] = ()
    parser: str = ""
    notices: tuple[str, ...] = ()

    def of_kind(self, kind: Kind) -> list[Block]:
        """The blocks of one kind, in order."""
        return [block for block in self.blocks if block.kind == kind]

    def text_of(self, part: Block | Row | Cell) -> str:
        """The stored text of a block, a row or a cell."""
        return self.text[part.start : part.end]

    def references(self) -> list[Reference]:
        """The list of references, in its order."""
        return [b.content for b in self.blocks if isinstance(b.content, Reference)]

    def cited(self, start: int, end: int) -> list[str]:
        """Keys of the references that a span of the text cites, in order, each once."""
        marks = (mark for mark in self.marks if start <= mark.start and mark.end <= end)
        return list(dict.fromkeys(key for mark in marks for key in mark.keys))

    def block_at(self, offset: int) -> Block | None:
        """The block that an offset of the text lies in; None between two."""
        place = bisect_right(self.blocks, offset, key=lambda block: block.start) - 1
        block = self.blocks[place] if place >= 0 else None
        return block if block and offset < block.end else None

    def with_caption(self, block: Block) -> tuple[int, int]:
        """The span of a block, and of the caption that stands right before it."""
        place = bisect_right(self.blocks, block.start, key=lambda each: each.start) - 1
        before = self.blocks[place - 1] if place else None
        start = before.start if before and before.kind == "caption" else block.start
        return start, block.end

    def page_at(self, offset: int) -> int:
        """The page of the PDF that an offset of the text lies on, from 1; 0 where there are no pages."""
        return bisect_right(self.pages, offset, key=lambda page: page.start)

    def page_text(self, page: int) -> str:
        """The text of a PDF's page, from 1."""
        return self.text[self.pages[page - 1].start : self.pages[page - 1].end]

    def page_start(self, page: int) -> int:
        """Offset of a page in the text, which quotes of a PDF are counted from; 0 where there are no pages."""
        return self.pages[page - 1].start if page else 0

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values for a cache; `from_json` reads them."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Document":
        """The document that `as_json` wrote."""
        read = {
            "blocks": tuple(_block(each) for each in stored["blocks"]),
            "marks": tuple(_mark(each) for each in stored["marks"]),
            "pages": tuple(_page(each) for each in stored["pages"]),
            **{name: tuple(stored[name]) for name in ("authors", "notices")},
        }
        return cls(**{**stored, **read})


def _block(stored: dict[str, Any]) -> Block:
    content = stored["content"]
    return Block(**{**stored, "content": _CONTENT[stored["kind"]](content) if content else None})


def _table(stored: dict[str, Any]) -> Table:
    return Table(stored["caption"], tuple(_row(row) for row in stored["rows"]))


def _row(stored: dict[str, Any]) -> Row:
    return Row(**{**stored, "cells": tuple(Cell(**cell) for cell in stored["cells"])})


def _equation(stored: dict[str, Any]) -> Equation:
    return Equation(stored["number"], tuple(stored["lines"]))


def _reference(stored: dict[str, Any]) -> Reference:
    return Reference(**{**stored, "authors": tuple(stored["authors"])})


def _mark(stored: dict[str, Any]) -> CitationMark:
    return CitationMark(stored["start"], stored["end"], tuple(stored["keys"]))


def _page(stored: dict[str, Any]) -> Page:
    words = tuple((start, end) for start, end in stored["words"])
    boxes = tuple((x0, y0, x1, y1) for x0, y0, x1, y1 in stored["boxes"])
    return Page(**{**stored, "words": words, "boxes": boxes})


_CONTENT = {"table": _table, "equation": _equation, "reference": _reference}
