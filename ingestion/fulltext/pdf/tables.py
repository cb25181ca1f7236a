"""Tables: the loose lines beside a caption become rows, each read with the labels of its columns."""

import re
from collections.abc import Iterator, Sequence

from ingestion.document.blocks import Box, around
from ingestion.document.tables import HEADER_ROWS, VALUE, VALUE_SHARE, title_of_caption
from ingestion.fulltext.pdf.blocks import LineBlock
from ingestion.fulltext.pdf.body import Body
from ingestion.fulltext.pdf.lines import Line, Word, line_of

STRAY_SLACK = 1.0
"""Of its size: how far a label may stand outside the rows it belongs to. Measured: 0.8 and 1.25 change
nothing."""
STRAY_LEFT = 20.0
"""Of its size: how far to the left of the other rows a label may begin. Measured: 16.0 changes 5 blocks, 25.0
3."""
CAPTION_OVERLAP = -0.5
"""Of the usual size: what overlaps a caption by more stands beside it. Measured: -0.4 and -0.625 change
nothing."""
CAPTION_DISTANCE = 3.0
"""Of the usual size: the widest space between a caption and its table, or between two of its parts. Measured:
2.4 and 3.75 change nothing."""
TABULAR_SHARE = 0.5
"""Of a block's lines, that hold cells: then it is no prose. Measured: 0.4 and 0.625 change nothing."""
ROW_OVERLAP = 0.5
"""Of the lower line: cells of a row overlap by more; rows do not overlap (convention). Measured: 0.4 changes
9 blocks, 0.625 12."""


def gather_tables(blocks: list[LineBlock], body: Body) -> None:
    """Turn the loose lines next to each table caption of a page into its rows, in place."""
    for caption in [block for block in blocks if _is_table_caption(block)]:
        sides = [list(_neighbours(caption, blocks, body, down=down)) for down in (True, False)]
        tables = [found for found in sides if any(_has_cells(block) for block in found)]
        if tables:
            nearest = min(tables, key=lambda found: _distance(caption, found[0]))
            _make_table(caption, _with_strays(nearest, blocks), blocks)


def _is_table_caption(block: LineBlock) -> bool:
    return block.kind == "caption" and "tab" in block.lines[0].text[:3].lower()


def _has_cells(block: LineBlock) -> bool:
    return any(len(line.cells) > 1 for line in block.lines)


def _make_table(caption: LineBlock, parts: list[LineBlock], blocks: list[LineBlock]) -> None:
    """The parts become one block: the first, whose lines are the table's rows."""
    lines = sorted((line for block in parts for line in block.lines), key=lambda line: line.y0)
    labelled = _labelled_rows(_visual_rows(lines))
    title = _caption_title(caption)
    for block in parts[1:]:
        blocks.remove(block)
    table = parts[0]
    table.kind = "table"
    table.lines = [line for line, _ in labelled]
    table.rows = [f"{title} {reading}" if reading else "" for _, reading in labelled]


def _distance(one: LineBlock, other: LineBlock) -> float:
    """Points between two blocks, one above the other."""
    upper, lower = sorted((one.box, other.box), key=lambda box: box[1])
    return lower[1] - upper[3]


def _with_strays(rows: list[LineBlock], blocks: Sequence[LineBlock]) -> list[LineBlock]:
    """Labels that span several rows stand between them: take in what lies inside the table's box."""
    box = around([block.box for block in rows])
    return [
        block
        for block in blocks
        if block in rows
        or (block.kind == "figure" and _inside(block.box, box, block.lines[0].size))
    ]


def _inside(box: Box, outer: Box, size: float) -> bool:
    centre = (box[1] + box[3]) / 2
    slack = STRAY_SLACK * size
    return (
        outer[1] - slack < centre < outer[3] + slack
        and box[0] < outer[2] + slack
        and box[2] > outer[0] - STRAY_LEFT * size
    )


def _caption_title(caption: LineBlock) -> str:
    """A caption's number and first sentence, words broken at line ends joined."""
    text = re.sub(r"(?<=[a-z])- (?=[a-z])", "", " ".join(line.text for line in caption.lines))
    return title_of_caption(text)


def _neighbours(
    caption: LineBlock, blocks: Sequence[LineBlock], body: Body, *, down: bool
) -> Iterator[LineBlock]:
    """Loose blocks stacked below (or above) a caption, up to the first that is none."""
    left, _, right, _ = caption.box
    edge = caption.lines[-1].y1 if down else caption.lines[0].y0
    stack = sorted(
        (block for block in blocks if block is not caption and block.kind != "margin"),
        key=lambda block: block.lines[0].y0 if down else -block.lines[-1].y1,
    )
    for block in stack:
        x0, top, x1, bottom = block.box
        distance = top - edge if down else edge - bottom
        if distance < CAPTION_OVERLAP * body.size or x1 < left or x0 > right:
            continue
        if distance > CAPTION_DISTANCE * body.size or not _is_loose(block):
            return
        yield block
        edge = bottom if down else top


def _is_loose(block: LineBlock) -> bool:
    """What may be part of a table: no prose, or lines of cells that were taken for it."""
    tabular = sum(len(line.cells) > 1 for line in block.lines)
    return block.kind == "figure" or (
        block.kind == "text" and tabular >= TABULAR_SHARE * len(block.lines)
    )


def _visual_rows(lines: Sequence[Line]) -> list[Line]:
    """Lines at one height are one row, left to right."""
    rows: list[Line] = []
    for line in lines:
        before = rows[-1] if rows else None
        if before and _is_one_row(before, line):
            rows[-1] = line_of(sorted([*before.words, *line.words], key=lambda word: word.x0))
        else:
            rows.append(line)
    return rows


def _is_one_row(before: Line, line: Line) -> bool:
    overlap = min(before.y1, line.y1) - max(before.y0, line.y0)
    return overlap > ROW_OVERLAP * min(before.size, line.size)


def _labelled_rows(rows: Sequence[Line]) -> list[tuple[Line, str]]:
    """Each row with its cells under the labels of their columns; header rows with an empty text."""
    header = _header(rows)
    group = ""  # the heading of a group of rows, set alone on its line
    labelled = [(row, "") for row in header]
    for row in rows[len(header) :]:
        if len(row.cells) == 1 and not _is_data_row(row):
            group = f"{row.text}: "
            labelled.append((row, ""))
        else:
            labelled.append((row, group + _reading(row, header)))
    return labelled


def _header(rows: Sequence[Line]) -> list[Line]:
    """The first rows up to one of values, or one that opens a group of rows."""
    header: list[Line] = []
    for row in rows[:HEADER_ROWS]:
        if _is_data_row(row) or _opens_group(row, header):
            break
        header.append(row)
    return header


def _opens_group(row: Line, header: Sequence[Line]) -> bool:
    """A line of one cell below the column labels that is not the rest of one of them."""
    if not header or len(row.cells) > 1:
        return False
    cells = max(header, key=lambda line: len(line.cells)).cells
    over = [i for i, cell in enumerate(cells) if cell[0].x0 < row.x1 and cell[-1].x1 > row.x0]
    return len(cells) > 1 and (len(over) != 1 or over[0] == 0)


def _is_data_row(row: Line) -> bool:
    """Whether enough of a row's cells, the first aside, hold values."""
    cells = [_cell_text(cell) for cell in row.cells]
    values = sum(VALUE.match(cell) is not None for cell in cells[1:] or cells)
    return values >= VALUE_SHARE * max(1, len(cells) - 1)


def _cell_text(cell: Sequence[Word]) -> str:
    return line_of(cell).text


def _reading(row: Line, header: Sequence[Line]) -> str:
    pairs = []
    for cell in row.cells:
        label = " ".join(label for line in header if (label := _label_over(cell, line)))
        pairs.append(f"{label}: {_cell_text(cell)}" if label else _cell_text(cell))
    return "; ".join(pairs) + "."


def _label_over(cell: Sequence[Word], header: Line) -> str:
    """The header cell that stands over most of a cell."""
    left, right = cell[0].x0, cell[-1].x1
    best = max(header.cells, key=lambda label: min(right, label[-1].x1) - max(left, label[0].x0))
    return _cell_text(best) if min(right, best[-1].x1) > max(left, best[0].x0) else ""
