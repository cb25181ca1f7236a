"""The one paper that is meant: found, and read as far as it can be had."""

from dataclasses import replace
from typing import Any

import pytest

from ingestion.errors import PdfError
from ingestion.paper import Paper
from rag_agent.asking.papers import find_paper, read
from rag_agent.asking.planning import plain_plan
from rag_agent.asking.state import State
from tests.papers import PONDS, SOURDOUGH
from tests.rag_agent.asking.desk import Shelf, asked, desk
from tests.rag_agent.grounding.pieces import PEAK, evidence


def about(paper: Paper, part: str) -> State:
    return asked("q", plan=plain_plan("q"), paper=paper, parts=[part])


def meant(paper: str, **more: Any) -> State:
    plan = plain_plan("q").model_copy(update={"route": "paper", "paper": paper})
    return asked("q", plan=plan, **more)


@pytest.mark.parametrize("named", [PONDS.arxiv_id, PONDS.title, "tide tables for garden ponds"])
def test_a_paper_is_found_by_id_or_title(named: str) -> None:
    assert find_paper(meant(named), desk())["paper"] == PONDS


def test_none_is_found_where_there_is_none() -> None:
    services = desk()
    assert find_paper(meant("Zeppelins of Bern"), services)["paper"] is None
    assert "no paper" in services.steps[-1].detail


def test_it_means_the_paper_cited_before() -> None:
    state = meant("", last_papers=[SOURDOUGH.arxiv_id, PONDS.arxiv_id])
    assert find_paper(state, desk())["paper"] == SOURDOUGH
    spoken = meant("the bread one", last_papers=[SOURDOUGH.arxiv_id], conversation="User: bread?")
    assert find_paper(spoken, desk())["paper"] == SOURDOUGH


def test_the_full_text_is_read_where_it_is_at_hand() -> None:
    shelf = Shelf()
    shelf.pdfs = [SOURDOUGH]
    services = desk(shelf=shelf, read=[evidence(PEAK)])
    made = read(about(SOURDOUGH, "When does it peak?"), services)
    assert [found.text for found in made["evidence"]] == [PEAK]
    assert made["evidence"][0].page == 3
    assert "full text (PDF)" in services.steps[-1].detail
    html = desk(shelf=shelf, read=[evidence(PEAK, page=0, form="html")])
    read(about(SOURDOUGH, "When does it peak?"), html)
    assert "full text (HTML)" in html.steps[-1].detail


def test_the_abstract_is_read_where_there_is_no_pdf() -> None:
    services = desk()
    made = read(
        about(SOURDOUGH, "When does the rate peak?"),
        services,
    )
    assert PEAK in [found.text for found in made["evidence"]]
    assert {found.page for found in made["evidence"]} == {None}
    assert "abstract only" in services.steps[-1].detail


def test_the_step_says_when_another_place_stood_in_for_arxiv() -> None:
    services = desk()
    paper = replace(SOURDOUGH, origin="semantic_scholar")
    read(about(paper, "When does the rate peak?"), services)
    assert "as Semantic Scholar has it: arXiv did not answer" in services.steps[-1].detail


def test_a_pdf_that_cannot_be_read_is_told_and_the_abstract_read() -> None:
    class Broken(Shelf):
        def full_text(self, paper: object, arxiv: object) -> Any:
            raise PdfError("The PDF has no text")

    services = desk(shelf=Broken())
    made = read(
        about(SOURDOUGH, "When does the rate peak?"),
        services,
    )
    assert made["evidence"]
    assert "no text" in services.notices[0]
