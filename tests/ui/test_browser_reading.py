"""A paper's pages in a real browser: drawn as they are scrolled to, selected, searched, and asked about."""

from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader, PdfWriter

from tests.fake_arxiv import pdf_of
from tests.papers import LIGHTHOUSE, PONDS
from tests.ui.browsing import TIMEOUT_MS, ask, opened_tab, picture, serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.enable_socket]

_PAGES = 60
_HOSTILE = "The pond <img src=x onerror=alert(1)> has tides & <script>alert(2)</script> frogs."


def long_paper(folder: Path) -> bytes:
    """A PDF of many pages, each of which says its number."""
    writer = PdfWriter()
    for number in range(1, _PAGES + 1):
        page = folder / f"{number}.pdf"
        said = f"The lens number {number} has {number} prisms of glass."
        lines = [
            f"Section of lens {number}",
            said,
            "All prisms were cut by hand and polished for a year.",
        ]
        page.write_bytes(pdf_of(lines))
        writer.append(PdfReader(page))
    whole = folder / "whole.pdf"
    writer.write(whole)
    return whole.read_bytes()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The page with a long PDF, and a text that would act if it were read as markup."""
    home = tmp_path_factory.mktemp("reading") / "home"
    (home / "pdfs").mkdir(parents=True)
    whole = long_paper(tmp_path_factory.mktemp("pages"))
    (home / "pdfs" / f"{LIGHTHOUSE.arxiv_id}v1.pdf").write_bytes(whole)
    (home / "pdfs" / f"{PONDS.arxiv_id}v1.txt").write_text(f"Tides of ponds\n\n{_HOSTILE}\n")
    with serving(home) as running:
        yield running


def select(tab: Any, first: Any, last: Any) -> None:
    """Draw the mouse over the text from one word to another."""
    first.scroll_into_view_if_needed()
    begin, end = first.bounding_box(), last.bounding_box()
    tab.mouse.move(begin["x"] + 2, begin["y"] + begin["height"] / 2)
    tab.mouse.down()
    tab.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=5)
    tab.mouse.up()


def test_a_long_paper_is_drawn_page_by_page_searched_and_asked_about(tab: Any) -> None:
    tab.goto(f"/paper?id={LIGHTHOUSE.arxiv_id}")
    viewer = tab.locator(".paper-viewer")
    viewer.locator("[data-page='1'] img").wait_for(timeout=3 * TIMEOUT_MS)
    assert viewer.locator(".sheet").count() == _PAGES
    assert viewer.locator("img").count() < 8, "only pages near the eye are drawn"
    tab.get_by_label("Find in this paper").fill("lens number 42")
    tab.keyboard.press("Enter")
    tab.get_by_text("1 of 1", exact=True).wait_for()
    viewer.locator("[data-page='42'] .mark[data-kind=current]").wait_for()
    viewer.locator("[data-page='42'] img").wait_for()
    picture(tab, "reading-found")
    tab.get_by_label("Go to page").fill("60")
    tab.keyboard.press("Enter")
    words = viewer.locator("[data-page='60'] .words span")
    words.nth(8).wait_for(state="attached")
    assert viewer.locator("img").count() < 8, "pages further away are given back"
    select(tab, words.nth(0), words.nth(4))
    copied = " ".join(tab.evaluate("getSelection().toString()").split())
    assert copied.startswith("The lens number 60")
    picture(tab, "reading-selected")
    viewer.get_by_role("button", name="Ask about this passage").click()
    tab.get_by_text("About this passage, p. 60").wait_for()
    tab.get_by_text("“The lens number 60 has").first.wait_for()
    picture(tab, "reading-asked")
    ask(tab, "How many prisms of glass has the lens number 60?")
    tab.get_by_text("Sources", exact=True).wait_for()
    tab.get_by_role("button", name="[1]", exact=True).first.click()
    tab.get_by_text("the quote is marked").wait_for()
    tab.get_by_role("button", name="Paper page").last.click()
    viewer.locator(".mark[data-kind=quote]").first.wait_for()
    picture(tab, "reading-quote")


def test_what_a_text_says_is_never_markup(browser: Any, served: Any) -> None:
    with opened_tab(browser, served) as tab:  # no dialog may open in it
        tab.goto(f"/paper?id={PONDS.arxiv_id}")
        viewer = tab.locator(".paper-viewer")
        viewer.get_by_text("<script>alert(2)</script>").wait_for(timeout=3 * TIMEOUT_MS)
        assert viewer.locator("img, script").count() == 0
        tab.get_by_label("Find in this paper").fill("tides & <script>")
        tab.keyboard.press("Enter")
        viewer.locator("mark[data-kind=current]").wait_for()
        assert viewer.locator("mark").text_content() == "tides & <script>"
        picture(tab, "reading-text")
