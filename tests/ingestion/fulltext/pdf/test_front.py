"""Title, authors and abstract of page 1."""

from ingestion.fulltext.pdf.front import abstract_of, authors_of, title_of
from ingestion.fulltext.pdf.layout import lay_out
from ingestion.fulltext.pdf.lines import lines_of
from tests.ingestion.fulltext.typeset import line, page, prose

FRONT = lines_of(
    [
        line("A Small Study", 90, size=18),
        line("of Everything", 110, size=18),
        line("Ada Author1, | Bob Builder2 | and | Cy Carpenter∗", 150, size=11),
        line("Department of Physics, University of Somewhere", 165),
        line("ada@example.org", 178),
    ]
)


def test_the_title_is_what_is_set_largest() -> None:
    assert title_of(FRONT) == "A Small Study of Everything"


def test_a_wider_gap_ends_the_title() -> None:
    apart = lines_of([line("A Small Study", 90, size=18), line("Not of It", 140, size=18)])
    assert title_of(apart) == "A Small Study"


def test_names_are_authors_and_affiliations_are_none() -> None:
    assert authors_of(FRONT) == ("Ada Author", "Bob Builder", "Cy Carpenter")


def test_nothing_gives_nothing() -> None:
    assert title_of([]) == ""
    assert authors_of([]) == ()
    assert abstract_of([]) == ""


def test_the_abstract_comes_without_its_heading() -> None:
    pages, _ = lay_out(
        [page(line("A Study", 85, size=18), line("Abstract", 130), *prose(150), line("1 It", 220))]
    )
    assert abstract_of(pages).startswith("The encoder maps")
