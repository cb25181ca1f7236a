"""What each line of a typeset page is (prose, heading, caption, table row, …), and the page as clean text.

The parser gives words with boxes. Here they become lines, the lines blocks of one kind, and the blocks the
stored text of the page: running headers gone, hyphenated words joined, scripts marked (`n^2`), the prose in
one flow with captions, tables and figure text after it. Every word keeps its box and its character span.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ingestion.document.blocks import Kind
from ingestion.fulltext.pdf.blocks import LineBlock, blocks_of
from ingestion.fulltext.pdf.body import Body
from ingestion.fulltext.pdf.lines import Line, lines_of
from ingestion.fulltext.pdf.page import PageText
from ingestion.fulltext.pdf.parts import mark_front_matter, mark_references
from ingestion.fulltext.pdf.tables import gather_tables
from ingestion.fulltext.pdf.writer import Writer

_FLOW: tuple[Kind, ...] = ("front", "abstract", "heading", "text", "reference")
_AFTER: tuple[Kind, ...] = ("footnote", "caption", "table", "figure", "contents")


def lay_out(pages: Sequence[dict[str, Any]]) -> tuple[list[PageText], list[Line]]:
    """Clean pages from the parser's raw ones, and the lines of the front matter."""
    lines = [lines_of(page["lines"]) for page in pages]
    body = Body.of(lines, pages)
    blocks = [
        blocks_of(page_lines, body, height)
        for page_lines, height in zip(lines, body.heights, strict=True)
    ]
    for page_blocks in blocks:
        gather_tables(page_blocks, body)
    mark_front_matter(blocks)
    mark_references(blocks, body)
    front = [block for block in blocks[0] if block.kind == "front"] if blocks else []
    return _texts(pages, blocks, body.vocabulary), [line for block in front for line in block.lines]


def _texts(
    pages: Sequence[dict[str, Any]], blocks: Sequence[list[LineBlock]], vocabulary: Counter[str]
) -> list[PageText]:
    """The text of every page; a section goes on from one to the next."""
    section = ""
    texts = []
    for page, page_blocks in zip(pages, blocks, strict=True):
        writer = Writer(vocabulary)
        for block in [each for each in page_blocks if each.kind in _FLOW]:
            if block.kind == "heading":
                section = block.lines[0].text
            writer.write(block, section)
        for block in [each for each in page_blocks if each.kind in _AFTER]:
            writer.write(block, section)
        texts.append(writer.page(page))
    return texts
