"""A table for other programs: CSV, Markdown, LaTeX with booktabs, XLSX. What papers say is text in all of them."""

import csv
import io

from rag_agent.citation import Citation, in_words, where_in
from rag_agent.markup import latex, markdown, spreadsheet
from rag_agent.tables.table import Cell, Table

_LATEX_WIDTH_CM = 22.0


def as_csv(table: Table) -> str:
    """A row a paper: its id and title, then for each column the value and the quote with its page."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([[spreadsheet(value) for value in row] for row in _grid(table)])
    return out.getvalue()


def as_markdown(table: Table) -> str:
    """The table with numbered marks, and the quotes below it."""
    sources = list(
        dict.fromkeys(c for row in table.rows for cell in row.cells for c in cell.citations)
    )
    marks = {citation: number for number, citation in enumerate(sources, 1)}
    heads = ["paper", *map(markdown, table.columns)]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for row in table.rows:
        name = f"{markdown(row.paper.title)} ({markdown(row.paper.arxiv_id)})"
        cells = [_marked(cell, marks) for cell in row.cells]
        lines.append("| " + " | ".join([name, *cells]) + " |")
    quotes = [
        f"{marks[c]}. {in_words(c, markdown(c.quote))} ({markdown(place(c))})" for c in sources
    ]
    return "\n".join([f"# {markdown(table.question)}", "", *lines, "", *quotes, ""])


def as_latex(table: Table) -> str:
    r"""A `tabular` with booktabs; its preamble needs `\usepackage{booktabs}`."""
    width = _LATEX_WIDTH_CM / (len(table.columns) + 1)
    form = "@{}" + f"p{{{width:.1f}cm}}" * (len(table.columns) + 1) + "@{}"
    rows = [["Paper", *table.columns]]
    rows += [[row.paper.title, *(cell.text for cell in row.cells)] for row in table.rows]
    lines = [" & ".join(map(latex, row)) + r" \\" for row in rows]
    return "\n".join(
        [
            r"\begin{tabular}{" + form + "}",
            r"\toprule",
            lines[0],
            r"\midrule",
            *lines[1:],
            r"\bottomrule",
            r"\end{tabular}",
            "",
        ]
    )


def as_xlsx(table: Table) -> bytes:
    """A workbook: the values on one sheet, each with its quote as a comment; the quotes on another."""
    from openpyxl import Workbook
    from openpyxl.comments import Comment
    from openpyxl.utils import get_column_letter

    book = Workbook()
    book.remove(book.worksheets[0])
    sheet = book.create_sheet("table")
    sheet.append(["arXiv id", "title", *map(spreadsheet, table.columns)])
    quotes = book.create_sheet("quotes")
    quotes.append(["arXiv id", "column", "value", "quote", "place"])
    for number, row in enumerate(table.rows, 2):
        named = [row.paper.arxiv_id, row.paper.title, *(cell.text for cell in row.cells)]
        sheet.append([spreadsheet(value) for value in named])
        for place_, (heading, cell) in enumerate(zip(table.columns, row.cells, strict=True), 3):
            if cell.citations:
                said = _quoted(cell)
                at = sheet.cell(number, place_)
                at.comment = Comment(spreadsheet(said)[:2000], "arxiv-agent")
            for citation in cell.citations:
                facts = [row.paper.arxiv_id, heading, cell.value, citation.quote, place(citation)]
                quotes.append([spreadsheet(fact) for fact in facts])
    for letter in map(get_column_letter, range(2, len(table.columns) + 3)):
        sheet.column_dimensions[letter].width = 36
    sheet.freeze_panes = "C2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def place(citation: Citation) -> str:
    """Where a quote stands."""
    return f"{citation.paper.arxiv_id}, {where_in(citation)}"


def _grid(table: Table) -> list[list[str]]:
    heads = ["arXiv id", "title"]
    for name in table.columns:
        heads += [name, f"{name}: quote"]
    rows = [heads]
    for row in table.rows:
        line = [row.paper.arxiv_id, row.paper.title]
        for cell in row.cells:
            line += [cell.text, _quoted(cell)]
        rows.append(line)
    return rows


def _quoted(cell: Cell) -> str:
    return " / ".join(f"{in_words(c, c.quote)} ({place(c)})" for c in cell.citations)


def _marked(cell: Cell, marks: dict[Citation, int]) -> str:
    numbers = ", ".join(str(marks[citation]) for citation in cell.citations)
    return markdown(cell.text) + (f" [{numbers}]" if numbers else "")
