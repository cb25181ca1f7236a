"""Front matter, abstract, reference list."""

from typing import Any

from ingestion.fulltext.pdf.layout import lay_out
from tests.ingestion.fulltext.typeset import line, page, prose


def kinds(*pages: dict[str, Any]) -> list[str]:
    laid_out, _ = lay_out(pages)
    return [block.kind for each in laid_out for block in each.blocks]


def test_what_stands_over_the_abstract_is_front_matter() -> None:
    first = page(
        line("A Small Study", 90, size=18),
        line("Ada Author", 120),
        line("Abstract", 150),
        *prose(170),
        line("1 Introduction", 240),
        *prose(260),
    )
    assert kinds(first) == ["front", "front", "heading", "abstract", "heading", "text"]


def test_an_abstract_without_a_heading_is_the_first_long_prose() -> None:
    first = page(
        line("A Small Study", 90, size=18), *prose(170), line("I. Introduction", 240), *prose(260)
    )
    assert kinds(first) == ["front", "abstract", "heading", "text"]


def test_references_run_to_the_appendix() -> None:
    last = page(
        *prose(100),
        line("References", 170),
        line("[1] Ada Author. A paper about everything and a little more.", 190),
        line("A.1 Details", 230),
        *prose(250),
    )
    assert kinds(page(line("1 Introduction", 90), *prose(110)), last)[-4:] == [
        "heading",
        "reference",
        "heading",
        "text",
    ]


def test_a_list_without_a_heading_begins_with_its_first_entry() -> None:
    last = page(
        *prose(100), line("[1] A. Author, Phys. Rev. D 12, 34 (2001), and references there.", 190)
    )
    assert kinds(page(line("1 Introduction", 90), *prose(110)), last)[-1] == "reference"


def test_a_document_of_no_pages_has_no_parts() -> None:
    assert lay_out([]) == ([], [])
