"""Passages out of laid-out pages."""

from ingestion.fulltext.passages import passages_of
from ingestion.fulltext.pdf.document import document_of
from ingestion.fulltext.pdf.page import PageText
from ingestion.fulltext.reading import sentences_of
from tests.ingestion.fulltext.typeset import document, line, page, prose

TABLE = page(
    line("4 Experiments", 100),
    *prose(120),
    line("Model | Layers | Params", 200),
    line("Small-Net | 12 | 86M", 212),
    line("Large-Net | 24 | 307M", 224),
    line("Table 1: Details of the model variants.", 240),
)


def test_a_table_row_is_read_with_its_caption_and_labels_and_quoted_as_it_stands() -> None:
    read = document(TABLE)
    row = next(s for s in sentences_of(read) if s.text.startswith("Small-Net"))
    assert row.text == "Small-Net 12 86M"
    assert row.reading == (
        "Table 1: Details of the model variants. Model: Small-Net; Layers: 12; Params: 86M."
    )
    assert read.text[row.start : row.end] == row.text


def test_a_passage_names_the_caption_of_its_rows_once() -> None:
    read = document(TABLE)
    passages = passages_of(read, sentences_of(read))
    rows = next(p for p in passages if "Small-Net" in p.reading)
    assert rows.reading.count("Details of the model variants") == 1
    assert "Layers: 24" in rows.reading
    assert read.text[rows.start : rows.end] == rows.text


def test_references_contents_and_figure_text_are_not_read() -> None:
    read = document(
        page(
            line("Introduction . . . . . . . . . 12", 60),
            line("1 Introduction", 100),
            *prose(120),
            line("0.2 | 0.4 | 0.6", 300, size=7),
            line("References", 400),
            line("[1] Ada Author. A paper about everything and a little more.", 420),
        )
    )
    text = " ".join(sentence.text for sentence in sentences_of(read))
    assert "The encoder maps" in text
    assert "Ada Author" not in text
    assert ". . ." not in text
    assert "0.4" not in text


def test_passages_cover_every_sentence_and_stay_on_one_page() -> None:
    read = document(TABLE, page(line("5 Results", 100), *prose(120), *prose(300)))
    sentences = sentences_of(read)
    passages = passages_of(read, sentences)
    assert {i for p in passages for i in range(p.first, p.last + 1)} == set(range(len(sentences)))
    assert all(sentences[p.first].page == sentences[p.last].page for p in passages)


def test_an_empty_document_has_no_passages() -> None:
    empty = document_of([PageText("", (), (), (), 600, 800)])
    assert sentences_of(empty) == []
    assert passages_of(empty, []) == []
