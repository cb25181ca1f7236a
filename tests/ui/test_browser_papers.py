"""The library as a place to work, in a real browser: the state stays in the address, nothing comes from elsewhere."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.papers import PONDS
from tests.ui.browsing import ask, entry, picture

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.enable_socket]


def test_browse_sort_collect_and_ask_only_these(tab: Any) -> None:
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(urlsplit(request.url).hostname or ""))
    tab.get_by_role("link", name="Library").click()
    order(tab).wait_for()
    tab.get_by_label("Category").fill("physics.geo-ph")
    tab.get_by_label("Category").press("Enter")
    tab.wait_for_url("**/library?*category=physics.geo-ph*")
    order(tab).click()
    tab.get_by_role("option", name="By title").click()
    tab.wait_for_url("**order=by_title*")
    picture(tab, "browse")
    tab.reload()
    order(tab).wait_for()
    assert "order=by_title" in tab.url
    assert tab.get_by_label("Category").input_value() == "physics.geo-ph"
    tab.get_by_role("button", name=PONDS.title).click()
    tab.get_by_text("Your tags and notes").wait_for()
    picture(tab, "paper-page")
    tab.go_back()
    tab.wait_for_url("**order=by_title*")
    order(tab).wait_for()
    assert tab.get_by_label("Category").input_value() == "physics.geo-ph"
    tab.locator("[data-testid=stCheckbox] label").first.click()
    tab.get_by_text("1 selected").wait_for()
    picture(tab, "selected")
    tab.get_by_role("button", name="Ask only these").click()
    tab.get_by_text("Only 1 selected papers").wait_for()
    entry(tab).wait_for()
    ask(tab, "What is the lunar tide of the pond?")
    tab.get_by_text("Sources", exact=True).wait_for()
    picture(tab, "ask-only")
    assert set(asked) <= {"127.0.0.1", "localhost", ""}


def order(tab: Any) -> Any:
    """What the list is sorted by."""
    return tab.locator(".st-key-order").get_by_role("combobox")


def test_a_paper_is_summed_up(tab: Any) -> None:
    tab.goto(f"/paper?id={PONDS.arxiv_id}")
    tab.get_by_role("button", name="Sum up").click()
    tab.get_by_text("Limits", exact=True).wait_for()
    picture(tab, "summary")


def test_a_bar_of_a_chart_lists_its_papers(tab: Any) -> None:
    tab.goto("/library?section=statistics")
    bar = tab.locator("[data-testid=stVegaLiteChart]").nth(1).locator("svg, canvas").first
    bar.wait_for()
    tab.wait_for_timeout(1000)
    picture(tab, "charts")
    box = bar.bounding_box()
    bar.click(position={"x": box["width"] / 2, "y": 15})
    tab.wait_for_url("**category=*")
    tab.get_by_text("21 papers").wait_for()
