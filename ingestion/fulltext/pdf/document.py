"""A PDF's pages as a document: table rows gathered into tables, reference lists parted into entries."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ingestion.document import Block, Document, Page, Row, Table
from ingestion.document.references import reference_of
from ingestion.fulltext.pdf.page import Block as PageBlock
from ingestion.fulltext.pdf.page import PageText

_NUMBERED = re.compile(r"(?:^|(?<=\s))\[(\d{1,3})\]\s")
_COUNTED = re.compile(r"(?:^|(?<=[.)\]]\s))(\d{1,3})\.\s(?=[A-Z])")
_YEAR_ENDS = re.compile(
    r"(?<=\b(?:19|20)\d\d\.)\s(?=[A-Z][\w'’-]+,)|(?<=\b(?:19|20)\d\d[a-z]\.)\s(?=[A-Z][\w'’-]+,)"
)
_LONG_ENTRY_CHARACTERS = 400


def document_of(texts: Sequence[PageText]) -> Document:
    """The document of a PDF's pages, which stand apart by an empty line in it."""
    blocks: list[Block] = []
    pages: list[Page] = []
    start = 0
    for page in texts:
        blocks += _blocks(page, start)
        end = start + len(page.text)
        pages.append(Page(start, end, page.words, page.boxes, page.width, page.height))
        start = end + 2
    text = "\n\n".join(page.text for page in texts)
    return Document("pdf", text, tuple(blocks), pages=tuple(pages))


def _blocks(page: PageText, start: int) -> Iterator[Block]:
    """Blocks of a page, moved to where it begins in the document."""
    for run in _runs(page.blocks):
        first, last = run[0], run[-1]
        block = Block(first.kind, start + first.start, start + last.end, first.section)
        if first.kind == "table":
            yield replace(block, content=_table(page, run, start))
        elif first.kind == "reference":
            yield from _references(page.text[first.start : last.end], block)
        elif first.kind == "heading":
            yield replace(block, level=1)
        else:
            yield block


def _runs(blocks: Sequence[PageBlock]) -> Iterator[list[PageBlock]]:
    """Rows of one table together, every other block alone."""
    run: list[PageBlock] = []
    for block in blocks:
        if run and not (block.kind == run[-1].kind == "table" and _is_one_table(run, block)):
            yield run
            run = []
        run.append(block)
    if run:
        yield run


def _is_one_table(run: Sequence[PageBlock], row: PageBlock) -> bool:
    titles = {each.reading.split(". ")[0] for each in (*run, row) if each.reading}
    return len(titles) < 2


def _table(page: PageText, run: Sequence[PageBlock], start: int) -> Table:
    title = next((row.reading.split(". ")[0] for row in run if row.reading), "")
    captions = (
        page.text[block.start : block.end] for block in page.blocks if block.kind == "caption"
    )
    caption = next((text for text in captions if title and text.startswith(title[:20])), title)
    headers = next((i for i, row in enumerate(run) if row.reading), len(run))
    rows = (
        Row(start + row.start, start + row.end, (), row.reading, header=number < headers)
        for number, row in enumerate(run)
    )
    return Table(caption, tuple(rows))


def _references(text: str, block: Block) -> Iterator[Block]:
    """The entries of a stretch of a reference list, as far as numbers or years part them."""
    for start, end, label in _entries(text):
        entry = text[start:end]
        bare = (
            entry.removeprefix(f"[{label}]").removeprefix(f"{label}.").strip() if label else entry
        )
        reference = reference_of([bare], key=label, label=label)
        yield replace(block, start=block.start + start, end=block.start + end, content=reference)


def _entries(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and number of each entry."""
    marks = list(_NUMBERED.finditer(text)) or list(_COUNTED.finditer(text))
    if marks:
        starts = [(0, "")] if marks[0].start() else []
        starts += [(mark.start(), mark[1]) for mark in marks]
    elif len(text) > _LONG_ENTRY_CHARACTERS:
        starts = [(0, ""), *((mark.end(), "") for mark in _YEAR_ENDS.finditer(text))]
    else:
        starts = [(0, "")]
    ends = [start for start, _ in starts[1:]] + [len(text)]
    for (start, label), end in zip(starts, ends, strict=True):
        yield start, start + len(text[start:end].rstrip()), label
