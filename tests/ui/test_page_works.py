"""The Table and Review pages with the scripted assistant."""

import pytest

from rag_agent.tables import making
from tests.papers import LIGHTHOUSE, PAPERS, PONDS
from tests.ui.conftest import Page
from ui.web import program

pytestmark = pytest.mark.long


def waited(page: Page) -> Page:
    """The page once the job that its address names has ended."""
    named = page.at.query_params["job"]
    id_ = named if isinstance(named, str) else str(named[0])
    job = program.jobs().get(f"work-{id_}")
    assert job is not None
    assert job.wait(60)
    return page.run()


def test_a_table_of_chosen_papers_opens_the_passage_of_a_cell(page: Page) -> None:
    page.open("table", papers=f"{LIGHTHOUSE.arxiv_id},{PONDS.arxiv_id}")
    page.at.text_area(key="columns").set_value("surface error of the lighthouse lens; diet")
    page.run()
    waited(page.press("Make the table"))
    assert "Lighthouse lenses measured" in page.text
    assert page.text.count("not stated") == 3
    cell = next(b for b in page.at.button if "micrometres" in b.label)
    cell.click()
    page.run()
    assert "<mark>The surface error of the lighthouse lens" in page.text


def test_a_table_without_papers_says_what_to_do(page: Page) -> None:
    page.open("table")
    page.press("Make the table")
    assert "A table needs papers" in page.text


def test_a_review_is_found_again_after_the_tab_was_closed(
    page: Page,
) -> None:
    page.open("review", papers=",".join(paper.arxiv_id for paper in PAPERS))
    page.at.text_area(key="topic").set_value("Sound, light and tides")
    page.run()
    waited(page.press("Write the review"))
    assert "lunar tide" in page.text
    del page.at.query_params["job"]
    assert "lunar tide" not in page.run().text
    next(button for button in page.at.button if button.label.startswith("Sound")).click()
    assert "lunar tide" in page.run().text


def test_a_job_broken_off_elsewhere_can_go_on_here(page: Page) -> None:
    job = page.assistant.jobs.add(making.KIND, making.arguments("diet", [PONDS.arxiv_id]))
    page.assistant.jobs.keep(
        job.__class__(**{**job.as_json(), "status": "running", "pid": 2**22 - 3})
    )
    page.open("table", job=job.id)
    assert "broken off at 0 of 0" in page.text
    waited(page.press("Go on"))
    assert "not stated" in page.text
