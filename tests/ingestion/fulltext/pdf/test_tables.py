"""Tables, row by row."""

from ingestion.fulltext.pdf.layout import lay_out
from tests.ingestion.fulltext.typeset import Line, line, page, prose

CAPTION = "Table 1: Details of the model variants."


def rows(*lines: Line) -> list[tuple[str, str]]:
    """Text and reading of each row of the tables on a page."""
    (laid_out,), _ = lay_out([page(line("4 Experiments", 100), *prose(120), *lines)])
    return [
        (laid_out.text[block.start : block.end], block.reading)
        for block in laid_out.blocks
        if block.kind == "table"
    ]


def test_each_cell_is_read_under_its_column_s_label() -> None:
    found = rows(
        line("Model | Layers | Params", 200),
        line("Small-Net | 12 | 86M", 212),
        line(CAPTION, 240),
    )
    assert found == [
        ("Model Layers Params", ""),
        ("Small-Net 12 86M", f"{CAPTION} Model: Small-Net; Layers: 12; Params: 86M."),
    ]


def test_a_caption_above_its_table_is_found_too() -> None:
    found = rows(line(CAPTION, 200), line("Model | Layers", 220), line("Small-Net | 12", 232))
    assert found[1] == ("Small-Net 12", f"{CAPTION} Model: Small-Net; Layers: 12.")


def test_labels_of_two_lines_are_put_together() -> None:
    found = rows(
        line("The-Model | BLEU", 200),
        line("Full-Name | score", 212),
        line("Small-Net | 27.3", 224),
        line(CAPTION, 250),
    )
    assert found[-1][1] == f"{CAPTION} The-Model Full-Name: Small-Net; BLEU score: 27.3."


def test_a_line_alone_names_the_rows_below_it() -> None:
    found = rows(
        line("Model | Layers", 200),
        line("Small-Net | 12", 212),
        line("Ours", 224),
        line("Large-Net | 24", 236),
        line(CAPTION, 260),
    )
    assert found[-1] == ("Large-Net 24", f"{CAPTION} Ours: Model: Large-Net; Layers: 24.")


def test_only_the_first_sentence_of_a_caption_is_repeated() -> None:
    found = rows(
        line("Model | Layers", 200),
        line("Small-Net | 12", 212),
        line("Table 12: Details of the variants. Every one of them was trained twice.", 240),
    )
    assert found[1][1] == "Table 12: Details of the variants. Model: Small-Net; Layers: 12."


def test_prose_beside_a_caption_is_no_table() -> None:
    assert rows(line(CAPTION, 200), *prose(220)) == []
