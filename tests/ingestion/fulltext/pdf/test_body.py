"""What is usual in a document."""

from typing import Any

from ingestion.fulltext.pdf.body import Body, is_margin
from ingestion.fulltext.pdf.lines import lines_of
from tests.ingestion.fulltext.typeset import line, page, prose


def body_of(*pages: dict[str, Any]) -> Body:
    return Body.of([lines_of(each["lines"]) for each in pages], pages)


def margins(*pages: dict[str, Any]) -> list[str]:
    body = body_of(*pages)
    return [
        found.text
        for each in pages
        for found in lines_of(each["lines"])
        if is_margin(found, body, each["height"])
    ]


def test_size_and_width_are_those_of_the_running_text() -> None:
    body = body_of(page(line("A Title in Large Print Over It All", 90, size=20), *prose(120)))
    assert body.size == 10
    assert abs(body.width - lines_of(prose(120))[0].width) <= 6


def test_halves_of_broken_words_are_no_words() -> None:
    body = body_of(page(line("and the represen-", 100), line("tation of the words here", 112)))
    assert body.vocabulary["the"] == 2
    assert "represen-" not in body.vocabulary
    assert "tation" not in body.vocabulary


def test_what_repeats_at_the_edge_of_three_pages_is_a_running_head() -> None:
    pages = [page(line(f"A Study, page {n}", 30), *prose(120)) for n in (1, 2, 3)]
    assert margins(*pages) == ["A Study, page 1", "A Study, page 2", "A Study, page 3"]
    assert margins(*pages[:2]) == []


def test_the_same_line_inside_the_page_is_text() -> None:
    assert margins(*[page(line("A Study", 400), *prose(120)) for _ in range(3)]) == []


def test_page_numbers_and_the_stamp_up_the_side_are_margins() -> None:
    stamp = [("arXiv:2005.11401v4", 10.0, 200.0, 20.0, 500.0)]
    assert margins(page(*prose(120), line("12", 770), stamp)) == ["12", "arXiv:2005.11401v4"]
    assert margins(page(*prose(120), line("12", 400))) == []


def test_without_places_the_first_and_last_lines_are_looked_at() -> None:
    def bare(*texts: str) -> dict[str, Any]:
        return page(*[[(word, 0.0, 0.0, 0.0, 0.0) for word in text.split()] for text in texts])

    pages = [bare("A Study", f"all of {n}", "more", "to read", "at the", "end") for n in "abc"]
    assert margins(*pages).count("A Study") == 3


def test_an_empty_document_has_no_usual() -> None:
    assert body_of().size == 0
    assert body_of(page()).width == 0
