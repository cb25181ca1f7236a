"""Blocks written out as text."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from ingestion.document.blocks import Kind
from ingestion.fulltext.pdf.blocks import LineBlock
from ingestion.fulltext.pdf.lines import lines_of
from ingestion.fulltext.pdf.page import PageText
from ingestion.fulltext.pdf.writer import Writer
from tests.ingestion.fulltext.typeset import line


def written(*paragraphs: list[str], vocabulary: str = "", kind: Kind = "text") -> PageText:
    writer = Writer(Counter(vocabulary.split()))
    for y, paragraph in enumerate(paragraphs):
        rows = [line(text, 100 + 100 * y + 12 * i) for i, text in enumerate(paragraph)]
        writer.write(LineBlock(kind, lines_of(rows)), "1 Method")
    return writer.page({"width": 600, "height": 800})


def test_lines_are_joined_by_a_blank_and_blocks_by_a_line_break() -> None:
    page = written(["one", "two."], ["Three."])
    assert page.text == "one two.\nThree."
    assert [(block.start, block.end, block.section) for block in page.blocks] == [
        (0, 8, "1 Method"),
        (9, 15, "1 Method"),
    ]


def test_a_word_broken_at_a_line_end_is_joined() -> None:
    assert written(["the represen-", "tation"]).text == "the representation"


def test_a_compound_keeps_its_hyphen_as_the_paper_writes_it() -> None:
    assert written(["a self-", "attention"], vocabulary="self-attention").text == "a self-attention"
    assert written(["self-", "attention"], vocabulary="self attention").text == "self-attention"
    assert written(["Jean-", "Luc"]).text == "Jean-Luc"


def test_a_number_s_dash_is_kept() -> None:
    assert written(["pages 12 -", "14"]).text == "pages 12 - 14"


def test_a_paragraph_that_goes_on_is_one_block() -> None:
    assert written(["we take the"], ["mean of all."]).text == "we take the mean of all."
    assert len(written(["We stop."], ["mean of all."]).blocks) == 2
    assert len(written(["we take the"], ["mean"], kind="caption").blocks) == 2


@given(st.lists(st.from_regex(r"[a-z]{1,8}-?", fullmatch=True), min_size=1, max_size=12))
def test_every_word_s_place_holds_it(words: list[str]) -> None:
    page = written(words)
    assert len(page.words) == len(page.boxes)
    kept = [page.text[start:end] for start, end in page.words]
    assert [word.rstrip("-") for word in kept] == [word.rstrip("-") for word in words]
