"""Words found in a paper's text."""

from dataclasses import replace
from pathlib import Path

import pytest

from ingestion.document import Document
from ingestion.document.blocks import Page
from ingestion.fulltext.documents import read_document
from ingestion.settings import PdfSettings
from tests.fake_arxiv import pdf_of
from ui.web.paper.finding import MOST_HITS, Found, find, sentence_of

_PAGES = ("Owls on stilts walk.\nOn\nstilts they are tall. ", "STILTS of owls (a+b) last.")


def document() -> Document:
    """Two pages of text without boxes."""
    text = "".join(_PAGES)
    cut = len(_PAGES[0])
    pages = (Page(0, cut, (), (), 1, 1), Page(cut, len(text), (), (), 1, 1))
    return Document("pdf", text, (), pages=pages)


def test_case_and_line_breaks_make_no_difference() -> None:
    found = find(document(), "on  Stilts")
    assert [(hit.page, _PAGES[0][hit.start : hit.end]) for hit in found] == [
        (1, "on stilts"),
        (1, "On\nstilts"),
    ]


def test_places_are_counted_from_their_pages_start() -> None:
    assert find(document(), "stilts")[-1] == Found(2, 0, 6)


def test_what_is_typed_is_no_pattern() -> None:
    assert find(document(), "(a+b)") == [Found(2, 15, 20)]
    assert find(document(), "a.b") == []
    assert find(document(), ".*") == []


@pytest.mark.parametrize("query", ["", "  ", "o", " o "])
def test_a_letter_alone_is_not_looked_for(query: str) -> None:
    assert find(document(), query) == []


def test_hits_without_end_are_cut() -> None:
    many = replace(document(), text="ab " * 5_000, pages=())
    found = find(many, "ab")
    assert len(found) == MOST_HITS
    assert found[-1].page == 0


def test_the_sentence_of_a_hit_is_asked_about(tmp_path: Path) -> None:
    file = tmp_path / "kettles.pdf"
    file.write_bytes(
        pdf_of(["A kettle has a whistle. Its whistle sings when the water boils. It is loud."])
    )
    text = read_document(file, PdfSettings())
    hit = find(text, "water")[0]
    around = sentence_of(text, hit)
    assert text.page_text(1)[around.start : around.end].strip() == (
        "Its whistle sings when the water boils."
    )
