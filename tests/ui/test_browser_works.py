"""Works in a real browser: begun from selected papers, left, come back to, a cell's passage opened."""

from typing import Any

import pytest

from bench.page_server import Served
from tests.papers import LIGHTHOUSE, PONDS
from tests.ui.browsing import opened_tab, picture

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.enable_socket]


def select(tab: Any, *titles: str) -> None:
    """Open the library by title and select papers of its list."""
    tab.goto("/library?order=by_title")
    for title in titles:
        row = tab.locator("[data-testid=stCheckbox]", has_text=title)
        row.wait_for()
        row.locator("label").click()
    tab.get_by_text(f"{len(titles)} selected").wait_for()


def test_a_table_of_selected_papers_opens_a_cells_passage(tab: Any) -> None:
    select(tab, LIGHTHOUSE.title, PONDS.title)
    picture(tab, "selected-for-works")
    tab.get_by_role("button", name="Compare in a table").click()
    columns = tab.get_by_role("textbox", name="Columns, or a question")
    columns.wait_for()
    papers = tab.get_by_role("textbox", name="Papers: ids")
    assert set(papers.input_value().split(",")) == {LIGHTHOUSE.arxiv_id, PONDS.arxiv_id}
    columns.fill("surface error of the lighthouse lens; lunar tide of the pond")
    columns.press("Control+Enter")
    picture(tab, "table-form")
    tab.get_by_role("button", name="Make the table").click()
    tab.get_by_text("XLSX").wait_for()
    picture(tab, "table")
    cell = tab.get_by_role("button", name="0.8 micrometres").first
    cell.wait_for()
    shown = cell.locator("p").evaluate("e => e.scrollWidth <= e.clientWidth")
    assert shown, "the value is cut off"
    cell.click()
    mark = tab.locator("mark")
    mark.wait_for()
    assert "0.8 micrometres" in mark.inner_text()
    picture(tab, "table-passage")


def test_a_review_of_selected_papers_goes_on_while_the_page_is_closed(
    browser: Any, served: Served
) -> None:
    with opened_tab(browser, served) as tab:
        select(tab, LIGHTHOUSE.title, PONDS.title)
        tab.get_by_role("button", name="Write a review").click()
        topic = tab.get_by_role("textbox", name="Topic or question")
        topic.wait_for()
        topic.fill("Light and tides")
        topic.press("Control+Enter")
        picture(tab, "review-form")
        tab.get_by_role("button", name="Write the review").click()
        tab.get_by_role("button", name="Stop").or_(tab.get_by_text("BibTeX")).first.wait_for()
        tab.get_by_role("link", name="Light and tides").wait_for()
        picture(tab, "review-under-way")
    with opened_tab(browser, served) as tab:
        tab.get_by_role("link", name="Review").click()
        tab.get_by_role("button", name="Light and tides").click()
        tab.get_by_text("lunar tide").first.wait_for()
        picture(tab, "review")


def test_papers_that_a_search_finds_can_be_selected(tab: Any) -> None:
    tab.goto("/library?query=lunar+tide+of+a+garden+pond")
    row = tab.locator("[data-testid=stCheckbox]", has_text=PONDS.title)
    row.wait_for()
    row.locator("label").click()
    tab.get_by_role("button", name="Compare in a table").wait_for()
    picture(tab, "selected-of-a-search")
