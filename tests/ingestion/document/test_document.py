"""A document: blocks, marks and pages as spans of its text, kept as JSON."""

import json

from ingestion.document import (
    Block,
    Cell,
    CitationMark,
    Document,
    Equation,
    Page,
    Reference,
    Row,
    Table,
)

TEXT = "Deep nets win [1].\n\nModel | BLEU\nOurs | 28.4\n\nE = mc^2\n\n[1] A. Einstein. Relativity. 1905."


def document() -> Document:
    rows = (
        Row(20, 32, (Cell(20, 25), Cell(28, 32, 1)), header=True),
        Row(
            33,
            44,
            (Cell(33, 37, label="Model"), Cell(40, 44, 1, label="BLEU")),
            "Model: Ours; BLEU: 28.4.",
        ),
    )
    einstein = Reference("ein05", "1", "Relativity", ("A. Einstein",), 1905)
    blocks = (
        Block("text", 0, 18, "Intro"),
        Block("table", 20, 44, "Intro", content=Table("Table 1: Results.", rows)),
        Block("equation", 46, 54, "Intro", content=Equation("1", ("1",))),
        Block("reference", 56, len(TEXT), "References", content=einstein),
    )
    page = Page(0, len(TEXT), ((0, 4),), ((1.0, 2.0, 3.0, 4.0),), 612.0, 792.0)
    marks = (CitationMark(14, 17, ("ein05",)),)
    return Document(
        "pdf", TEXT, blocks, "Nets", ("A. Uthor",), "Short.", marks, (page,), "p 1", ("cut",)
    )


def test_a_document_survives_json_with_everything_in_it() -> None:
    stored = json.loads(json.dumps(document().as_json()))

    assert Document.from_json(stored) == document()


def test_blocks_rows_and_cells_are_spans_of_the_text() -> None:
    read = document()
    table = read.of_kind("table")[0].content

    assert isinstance(table, Table)
    assert [read.text_of(row) for row in table.rows] == ["Model | BLEU", "Ours | 28.4"]
    assert read.text_of(table.rows[1].cells[1]) == "28.4"


def test_a_mark_in_a_sentence_names_the_reference_it_means() -> None:
    read = document()

    assert read.cited(0, 18) == ["ein05"]
    assert read.cited(0, 10) == []
    assert read.references()[0].title == "Relativity"


def test_an_offset_is_found_in_its_block_and_on_its_page() -> None:
    read = document()

    assert read.block_at(41) == read.blocks[1]
    assert read.block_at(19) is None
    assert read.page_at(41) == 1
