"""Tables of any source: cells put on a grid, header rows found, each cell under the headers over it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ingestion.document.blocks import Cell, CitationMark, Row, Table
from ingestion.document.writing import Inline, Writer

MAX_CELLS = 20_000
"""Of one table; what comes after is left out. The largest of nine papers has 160."""
MAX_COLUMNS = 200
HEADER_ROWS = 4
"""Most rows of column labels. Measured on PDFs: 3 and 5 change nothing."""
VALUE_SHARE = 0.5
"""Of a row's cells, the first aside, that hold values in a row of data. Measured on PDFs: 0.4 changes no blocks, 0.625
72."""
RULE_SHARE = 0.5
"""Of a row's width that a rule above it spans, if it parts header and data; a `\\cmidrule` spans less."""

VALUE = re.compile(r"[-+−±~<>≈(]*\d[\d.,·×^−%()/±kKMBx+-]*(?: |$)|\w\(.*\)$|N/A$|[-–—✓✔✕✖✗✘]$")
"""What cells of data hold: numbers with their signs and units, a tick, a dash."""
TITLE_LEAST_CHARACTERS = 8
"""Of what stands before a caption's first stop or colon, and of the sentence after it: `Fig. 2.` ends none. `Table 1`
is shorter, so a caption with one digit gives its first two sentences."""
TITLE_MOST_CHARACTERS = 240
"""Of the part of a caption that each row repeats; 256 word pieces are about 1,000 characters."""
_TITLE = re.compile(
    rf".{{{TITLE_LEAST_CHARACTERS},}}?[.:]\s*.{{{TITLE_LEAST_CHARACTERS},{TITLE_MOST_CHARACTERS}}}?"
    r"(?<!Fig)(?<!al)\.(?=\s+[A-Z]|$)"
)
SEPARATOR = " | "


@dataclass
class RawCell:
    """A cell as its source gives it.

    Args:
        run: Its text.
        columns: That it spans.
        rows: That it spans.
        header: Whether the source marks it as a column's header.
        ruled: Whether a rule stands above it.
    """

    run: Inline
    columns: int = 1
    rows: int = 1
    header: bool = False
    ruled: bool = False

    def __post_init__(self) -> None:
        self.columns = min(max(1, self.columns), MAX_COLUMNS)
        self.rows = min(max(1, self.rows), MAX_CELLS)

    @property
    def text(self) -> str:
        """Its text without blanks around it."""
        return self.run.text.strip()

    @property
    def label(self) -> str:
        """Its text without the works that it cites, as each cell below repeats it."""
        text = self.run.text
        for mark in sorted(self.run.marks, key=lambda mark: -mark.start):
            text = text[: mark.start] + text[mark.end :]
        return " ".join(text.split()) or self.text


@dataclass
class _Placed:
    """A cell on the grid."""

    cell: RawCell
    column: int
    row: int

    def covers(self, column: int) -> bool:
        return self.column <= column < self.column + self.cell.columns


@dataclass
class _Grid:
    rows: list[list[_Placed]] = field(default_factory=list)
    """Cells that begin in each row."""
    above: list[list[_Placed]] = field(default_factory=list)
    """Cells that reach into each row from above."""
    width: int = 0


def title_of_caption(caption: str) -> str:
    """A caption's number and first sentence, which each row is read with; it ends in a stop."""
    head = _TITLE.match(caption)
    return head[0] if head else caption[:TITLE_MOST_CHARACTERS].removesuffix(".") + "."


def write_table(
    writer: Writer, raw: Sequence[Sequence[RawCell]], caption: str, *, spans_repeat: bool = False
) -> None:
    """Add a table's block: its text one line a row, its rows and cells as spans of it.

    Args:
        writer: Of the document.
        raw: The cells of each row.
        caption: With its number.
        spans_repeat: Whether a cell that a span covers from above is written again, empty, as LaTeX wants it.
    """
    grid = _placed(raw, spans_repeat)
    headers = _header_rows(grid)
    title = title_of_caption(caption) + " " if caption else ""
    run, rows, group, heads = Inline(), [], "", list(range(headers))
    for index, placed in enumerate(grid.rows):
        if not any(each.cell.text for each in placed):
            rows.append(_empty_row(placed, writer.end + len(run.text)))
            continue
        start, reading = len(run.text), ""
        if is_heading := index < headers or _heads_anew(grid, index):
            heads = [*range(headers), *([index] if index >= headers else [])]
        cells = _written(run, grid, placed, heads, writer.end)
        if not is_heading:
            named = _group_title(grid, index)
            group = f"{named}: " if named else group
            reading = "" if named else title + group + _reading(grid, index, heads)
        span = (writer.end + start, writer.end + len(run.text))
        rows.append(Row(*span, cells, reading, header=is_heading))
        run.text += "\n"
    run.text = run.text.rstrip()
    last = writer.end + len(run.text)
    kept = tuple(row if row.end <= last else _moved(row, last) for row in rows)
    writer.write("table", run, content=Table(caption, kept))


def _empty_row(placed: Sequence[_Placed], offset: int) -> Row:
    """A row that holds nothing, as a rule sometimes leaves; it takes no line of the text."""
    cells = (Cell(offset, offset, p.column, p.cell.columns, p.cell.rows) for p in placed)
    return Row(offset, offset, tuple(cells))


def _moved(row: Row, offset: int) -> Row:
    """An empty row after the last line, at the end of the text."""
    cells = tuple(replace(cell, start=offset, end=offset) for cell in row.cells)
    return replace(row, start=offset, end=offset, cells=cells)


def _placed(raw: Sequence[Sequence[RawCell]], spans_repeat: bool) -> _Grid:
    """Each cell at the first column that no cell from above holds."""
    grid, hanging, count = _Grid(), list[_Placed](), 0
    for index, cells in enumerate(raw):
        hanging = [each for each in hanging if each.row + each.cell.rows > index]
        held = {
            column
            for each in hanging
            for column in range(each.column, each.column + each.cell.columns)
        }
        placed, column = list[_Placed](), 0
        for cell in cells:
            while column in held and not spans_repeat:
                column += 1
            placed.append(_Placed(cell, column, index))
            column += cell.columns
        count += len(placed)
        if count > MAX_CELLS:
            break
        grid.rows.append(placed)
        grid.above.append(list(hanging))
        grid.width = max([grid.width, *(p.column + p.cell.columns for p in [*placed, *hanging])])
        hanging += [each for each in placed if each.cell.rows > 1]
    return grid


def _header_rows(grid: _Grid) -> int:
    """How many rows from the top label the columns; below labels that span columns stand those of each."""
    rows, count = grid.rows, _first_labels(grid)
    while 0 < count < min(HEADER_ROWS, len(rows) - 1) and _spans_some(rows[count - 1], grid.width):
        if _is_data(rows[count]):
            break
        count += 1
    return count


def _first_labels(grid: _Grid) -> int:
    rows = grid.rows
    if len(rows) < 2 or grid.width < 2:
        return 0
    values = next((i for i, row in enumerate(rows) if i and _is_data(row)), 0)
    if not values:
        values = len(rows) if _is_data(rows[0]) else 1
    ruled = next((i for i in range(1, len(rows)) if _is_ruled(rows[i], grid.width)), 0)
    marked = next((i for i, row in enumerate(rows) if not _is_marked(row)), len(rows))
    if 0 < ruled <= HEADER_ROWS and (ruled <= values or ruled == 1):
        return ruled
    if _is_data(rows[0]) and not marked:
        return int(grid.width > 2)
    return min(marked or values, max(1, values), HEADER_ROWS)


def _is_data(row: Sequence[_Placed]) -> bool:
    """Whether enough of a row's cells, the first aside, hold values."""
    texts = [each.cell.text for each in row if each.cell.text]
    values = sum(VALUE.match(text) is not None for text in texts[1:] or texts)
    return bool(texts) and values >= VALUE_SHARE * max(1, len(texts) - 1)


def _spans_some(row: Sequence[_Placed], width: int) -> bool:
    """Whether a label spans several columns, but not all."""
    return any(1 < each.cell.columns < width and each.cell.text for each in row)


def _is_ruled(row: Sequence[_Placed], width: int) -> bool:
    ruled = sum(each.cell.columns for each in row if each.cell.ruled)
    held = sum(each.cell.columns for each in row)
    return ruled > 0 and ruled >= RULE_SHARE * max(1, held) and held >= RULE_SHARE * width


def _is_marked(row: Sequence[_Placed]) -> bool:
    return bool(row) and all(each.cell.header or not each.cell.text for each in row)


def _group_title(grid: _Grid, index: int) -> str:
    """The text of a row that only names the rows below it."""
    told = [each for each in grid.rows[index] if each.cell.text]
    alone = len(told) == 1 and not any(each.cell.text for each in grid.above[index])
    last = index + 1 == len(grid.rows)
    if not alone or last or grid.width < 2 or VALUE.match(told[0].cell.text):
        return ""
    return told[0].cell.text if told[0].column == 0 or told[0].cell.columns > 1 else ""


def _heads_anew(grid: _Grid, index: int) -> bool:
    """Whether a row below the header labels groups of columns anew: it has labels that each span several of them."""
    told = [each for each in grid.rows[index] if each.cell.text]
    wide = all(1 < each.cell.columns < grid.width and each.column for each in told)
    last = index + 1 == len(grid.rows)
    return wide and len(told) > 1 and not last and not any(VALUE.match(e.cell.text) for e in told)


def _labels(grid: _Grid, heads: Sequence[int], column: int) -> str:
    """Cells over a column in the rows that head it, from the top, each once."""
    over = [each.cell.label for row in heads for each in grid.rows[row] if each.covers(column)]
    return " ".join(dict.fromkeys(text for text in over if text))


def _reading(grid: _Grid, index: int, heads: Sequence[int]) -> str:
    """`label: cell` pairs of a row, those of cells that reach into it from above included."""
    own = [each for each in grid.rows[index] if each.cell.text]
    above = [
        each
        for each in grid.above[index]
        if each.row not in heads and not any(cell.covers(each.column) for cell in own)
    ]
    cells = sorted([*own, *above], key=lambda each: each.column)
    pairs = []
    for each in cells:
        label = _labels(grid, heads, each.column)
        pairs.append(f"{label}: {each.cell.text}" if label else each.cell.text)
    return "; ".join(pairs) + "."


def _written(
    run: Inline, grid: _Grid, placed: Sequence[_Placed], heads: Sequence[int], offset: int
) -> tuple[Cell, ...]:
    """A row's cells added to the table's text, and their spans."""
    cells = []
    for number, each in enumerate(placed):
        run.text += SEPARATOR if number else ""
        start = len(run.text)
        text = each.cell.text
        run.text += text
        run.marks += [
            CitationMark(start + mark.start, min(start + mark.end, len(run.text)), mark.keys)
            for mark in each.cell.run.marks
        ]
        label = "" if each.row in heads else _labels(grid, heads, each.column)
        span = (offset + start, offset + start + len(text))
        cells.append(Cell(*span, each.column, each.cell.columns, each.cell.rows, label))
    return tuple(cells)
