"""The parts of a paper that are no running text: front matter, abstract, reference list."""

import re
from collections.abc import Callable, Sequence

from ingestion.fulltext.pdf.blocks import REFERENCES, LineBlock
from ingestion.fulltext.pdf.body import Body

ABSTRACT_SIZE = 0.97
"""Of the abstract's first line: its blocks are as large; smaller print is a footnote. Measured: 0.776 changes
4 blocks, 1.212 22."""
ABSTRACT_WORD_CHARACTERS = 12
"""`Abstract—` is shorter; a longer first word is run together with its text. Measured: 9 and 15 change
nothing."""
LONG_PROSE_WORDS = 40
"""A block of more, on page 1, is no affiliation: the abstract of a journal that sets no heading. Measured: 32
and 50 change nothing."""
APPENDIX_SIZE = 0.98
"""Of the usual size, which an appendix's heading has at least; entries of the list are smaller. Measured:
0.784 changes 17 blocks, 1.225 1063."""

_FIRST_SECTION = re.compile(r"[1I]\.?\s|introduction", re.IGNORECASE)
_FIRST_ENTRY = re.compile(r"\[1\]\s+\S+.*")  # of a list without a heading, as physics journals do
_ABSTRACT = re.compile(r"abstract\s*[.:—-]*", re.IGNORECASE)
_APPENDIX = re.compile(r"(appendi|supplement|[A-Z]\.?\s+[A-Z]|[A-Z]\.\d)", re.IGNORECASE)


def mark_front_matter(pages: Sequence[list[LineBlock]]) -> None:
    """Everything on page 1 up to the abstract is front matter; the abstract runs to the first section."""
    if not pages:
        return
    blocks = [block for block in pages[0] if block.kind != "margin"]
    marker = _abstract_place(blocks)
    after = marker if marker < len(blocks) and _opens_body(blocks[marker]) else marker + 1
    end = after + _first(blocks[after:], _is_section)
    for block in blocks[:marker]:
        block.kind = "front"
    prose = [block for block in blocks[marker:end] if block.kind == "text"]
    for block in prose:  # smaller print is a footnote
        if block.lines[0].size >= ABSTRACT_SIZE * prose[0].lines[0].size:
            block.kind = "abstract"


def _abstract_place(blocks: Sequence[LineBlock]) -> int:
    """Index of the abstract's first block: its heading; else the first long prose or section; else any prose."""
    marker = _first(blocks, _opens_abstract)
    if marker == len(blocks):  # journals set no heading over it
        marker = min(_first(blocks, _is_long_prose), _first(blocks, _opens_body))
    if marker == len(blocks):
        marker = _first(blocks, lambda block: block.kind == "text")
    return marker


def _first(blocks: Sequence[LineBlock], wanted: Callable[[LineBlock], bool]) -> int:
    """Index of the first block that is wanted, or their number."""
    return next((index for index, block in enumerate(blocks) if wanted(block)), len(blocks))


def _is_section(block: LineBlock) -> bool:
    return block.kind == "heading"


def _opens_body(block: LineBlock) -> bool:
    """The first section; an author's `J. Smith` looks like a heading too, but not like the first."""
    return _is_section(block) and _FIRST_SECTION.match(block.lines[0].text) is not None


def _opens_abstract(block: LineBlock) -> bool:
    first = block.lines[0]
    alone = len(first.words[0].text) < ABSTRACT_WORD_CHARACTERS
    return alone and _ABSTRACT.match(first.text) is not None


def _is_long_prose(block: LineBlock) -> bool:
    return block.kind == "text" and sum(len(line.words) for line in block.lines) > LONG_PROSE_WORDS


def mark_references(pages: Sequence[list[LineBlock]], body: Body) -> None:
    """The reference list runs from its heading, or its entry [1], to the next heading that is no entry."""
    inside = False
    for block in (block for page in pages for block in page if block.kind != "margin"):
        first = block.lines[0].text
        heads_list = REFERENCES.fullmatch(first) is not None
        if block.kind == "heading" or heads_list:
            inside = heads_list or (inside and not _opens_appendix(block, body))
        inside = inside or _FIRST_ENTRY.match(first) is not None
        if inside and block.kind in ("text", "figure", "heading") and not heads_list:
            block.kind = "reference"


def _opens_appendix(block: LineBlock, body: Body) -> bool:
    line = block.lines[0]
    large = line.size >= APPENDIX_SIZE * body.size
    return large and _APPENDIX.match(line.text) is not None and not line.text.endswith(".")
