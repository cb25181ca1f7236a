"""Tables and reviews in a real browser: begun, closed, come back to, a cell's passage opened."""

from typing import Any

import pytest

from bench.page_server import Served
from tests.papers import LIGHTHOUSE, PAPERS, PONDS
from tests.ui.browsing import opened_tab, picture

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.enable_socket]


def test_a_table_of_chosen_papers_opens_a_cells_passage(tab: Any) -> None:
    tab.goto(f"/table?papers={LIGHTHOUSE.arxiv_id},{PONDS.arxiv_id}")
    tab.get_by_text("Nothing was made yet.").wait_for()
    columns = tab.get_by_role("textbox", name="Columns, or a question")
    columns.fill("surface error of the lighthouse lens; lunar tide of the pond")
    columns.press("Control+Enter")
    tab.get_by_role("button", name="Make the table").click()
    tab.get_by_text("XLSX").wait_for()
    picture(tab, "table")
    cell = tab.get_by_role("button", name="0.8 micrometres").first
    cell.wait_for()
    cell.click()
    mark = tab.locator("mark")
    mark.wait_for()
    assert "0.8 micrometres" in mark.inner_text()
    picture(tab, "table-passage")


def test_a_review_goes_on_while_the_page_is_closed(browser: Any, served: Served) -> None:
    with opened_tab(browser, served) as tab:
        tab.goto(f"/review?papers={','.join(paper.arxiv_id for paper in PAPERS)}")
        tab.get_by_text("Nothing was made yet.").wait_for()
        topic = tab.get_by_role("textbox", name="Topic or question")
        topic.fill("Sound, light and tides")
        topic.press("Control+Enter")
        tab.get_by_role("button", name="Write the review").click()
        tab.get_by_role("button", name="Stop").or_(tab.get_by_text("BibTeX")).first.wait_for()
    with opened_tab(browser, served) as tab:
        tab.get_by_role("link", name="Review").click()
        tab.get_by_role("button", name="Sound, light and tides").click()
        tab.get_by_text("lunar tide").first.wait_for()
        picture(tab, "review")
