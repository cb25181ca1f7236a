"""Blocks written out as a page's text: lines joined, broken words mended, each word's place kept."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ingestion.document.blocks import Box
from ingestion.fulltext.pdf.blocks import MATHS, LineBlock
from ingestion.fulltext.pdf.body import bare
from ingestion.fulltext.pdf.lines import Line
from ingestion.fulltext.pdf.page import Block, PageText, Span

PREFIX_CHARACTERS = 2
"""A part before a hyphen of up to so many letters, as `re-`, is no word of its own. Measured: 1 changes 4
blocks, 3 4."""


class Writer:
    """Puts blocks together to the text of a page.

    Args:
        vocabulary: How often the paper writes each word, lower case.
    """

    def __init__(self, vocabulary: Counter[str]) -> None:
        self._vocabulary = vocabulary
        self._text = ""
        self._blocks: list[Block] = []
        self._words: list[Span] = []
        self._boxes: list[Box] = []

    def write(self, block: LineBlock, section: str) -> None:
        """Add a block; a paragraph that goes on joins the one before, a table is a block a row."""
        if block.kind == "table":
            for line, reading in zip(block.lines, block.rows, strict=True):
                self._write_lines([line], Block("table", 0, 0, section, reading))
        elif self._goes_on(block):
            self._write_lines(block.lines, self._blocks.pop(), joined=True)
        else:
            self._write_lines(block.lines, Block(block.kind, 0, 0, section))

    def _goes_on(self, block: LineBlock) -> bool:
        """A paragraph broken by a column, a figure or an equation."""
        opening = block.lines[0].text
        return (
            block.kind == "text"
            and bool(self._blocks)
            and self._blocks[-1].kind == "text"
            and self._text[-1] not in ".?!"
            and (opening[:1].islower() or MATHS.search(opening) is not None)
        )

    def _write_lines(self, lines: Iterable[Line], block: Block, *, joined: bool = False) -> None:
        start = block.start
        if not joined:
            self._text += "\n" if self._text else ""
            start = len(self._text)
        for line in lines:
            self._write_line(line, start)
        self._blocks.append(replace(block, start=start, end=len(self._text)))

    def _write_line(self, line: Line, block_start: int) -> None:
        if len(self._text) > block_start:
            self._break_line(line.words[0].text)
        for word, piece in zip(line.words, line.pieces, strict=True):
            self._text += piece
            self._words.append((len(self._text) - len(word.text), len(self._text)))
            self._boxes.append((word.x0, word.y0, word.x1, word.y1))

    def _break_line(self, following: str) -> None:
        """A blank for the line break, or nothing where a word was broken."""
        left = self._text.rsplit(None, 1)[-1]
        if left[-1] not in "-‐" or not left[-2:-1].isalnum() or not following[0].isalnum():
            self._text += " "
        elif self._is_one_word(bare(left[:-1]), following):
            self._text = self._text[:-1]
            start, end = self._words[-1]
            self._words[-1] = (start, end - 1)

    def _is_one_word(self, left: str, following: str) -> bool:
        """Whether a hyphen at a line end only breaks the word: as the rest of the paper writes it."""
        right = bare(following)
        one, two = self._vocabulary[left + right], self._vocabulary[f"{left}-{right}"]
        if one != two:
            return one > two
        compound = "-" in left or "-" in right or not following[0].islower()
        both_words = self._vocabulary[left] and self._vocabulary[right]
        return not compound and not (len(left) > PREFIX_CHARACTERS and both_words)

    def page(self, raw: dict[str, Any]) -> PageText:
        """The page of what was written, with the size the parser gave."""
        return PageText(
            self._text,
            tuple(self._blocks),
            tuple(self._words),
            tuple(self._boxes),
            float(raw["width"]),
            float(raw["height"]),
        )
