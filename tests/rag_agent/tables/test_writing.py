import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from rag_agent.citation import Citation
from rag_agent.markup import latex, spreadsheet
from rag_agent.tables import Cell, Row, Table
from rag_agent.tables.writing import as_csv, as_latex, as_markdown, as_xlsx
from tests.papers import LIGHTHOUSE, PONDS

QUOTE = "The surface error was 0.8 micrometres."
CITED = Citation(1, LIGHTHOUSE, 3, QUOTE, 7, QUOTE, 0.9, "pdf")
EVIL = replace(PONDS, title=r"=HYPERLINK(1) & \write18{rm} $x_1$ | <b>")
TABLE = Table(
    "error; diet",
    ("error", "diet"),
    (
        Row(LIGHTHOUSE, (Cell("0.8 micrometres", (CITED,), "full text"), Cell())),
        Row(EVIL, (Cell(), Cell("-2+3", (CITED,)))),
    ),
)


def test_csv_has_a_value_and_its_quote_and_no_formula() -> None:
    rows = list(csv.reader(io.StringIO(as_csv(TABLE))))
    assert rows[0] == ["arXiv id", "title", "error", "error: quote", "diet", "diet: quote"]
    assert rows[1][2:5] == ["0.8 micrometres", f"“{QUOTE}” (2711.00002, p. 3)", "not stated"]
    assert rows[2][1].startswith("'=HYPERLINK")
    assert rows[2][4] == "'-2+3"


def test_markdown_marks_each_value_with_the_number_of_its_quote() -> None:
    text = as_markdown(TABLE)
    assert "0.8 micrometres [1] | not stated |" in text
    assert "1. “The surface error was 0.8 micrometres.” (2711.00002, p. 3)" in text
    assert r"\| \<b\>" in text


def test_latex_is_booktabs_and_what_papers_say_is_text() -> None:
    text = as_latex(TABLE)
    assert text.count(r"\toprule") == text.count(r"\bottomrule") == 1
    assert r"\write18" not in text
    assert r"\$x\_1\$" in text
    assert all(line.count(" & ") == 2 for line in text.splitlines() if line.endswith(r"\\"))


def test_the_workbook_opens_with_quotes_as_comments_and_no_formula() -> None:
    book = load_workbook(io.BytesIO(as_xlsx(TABLE)))
    sheet, quotes = book["table"], book["quotes"]
    assert sheet["C2"].value == "0.8 micrometres"
    assert sheet["C2"].comment is not None
    assert QUOTE in sheet["C2"].comment.text
    assert quotes["D2"].value == QUOTE
    values = [cell for row in (*sheet.rows, *quotes.rows) for cell in row]
    assert {cell.data_type for cell in values} == {"s"}


def test_a_table_is_kept_and_read_back() -> None:
    assert Table.from_json(TABLE.as_json()).as_json() == TABLE.as_json()


@given(st.text())
def test_no_text_is_a_formula_or_a_command(text: str) -> None:
    assert not spreadsheet(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    encoded = latex(text)
    for command in (r"\write", r"\input", r"\def", r"\immediate"):
        assert command not in encoded


@pytest.mark.parametrize("text", [r"\write18{id}", "$\\input{/etc/passwd}$", "100% & #1_2^3~{}"])
def test_latex_specials_stand_for_themselves(text: str) -> None:
    encoded = latex(text)
    assert "$" not in encoded.replace(r"\$", "")
    assert "%" not in encoded.replace(r"\%", "")
