"""The page in a real browser: Debian's chromium, driven by playwright, against the scripted assistant."""

import re
from pathlib import Path
from typing import Any

import pytest

from bench.page_server import Served
from tests.ui.browsing import ask, entry, opened_tab, picture
from tests.ui.scripted import AT_LENGTH, HOSTILE, write_pdf

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.enable_socket]

QUESTION = "When does the rate of bubble bursts of sourdough peak after feeding?"
FOLLOW_UP = "What is the tide of the hazel basin?"


def test_ask_watch_check_follow_up_and_come_back(tab: Any) -> None:
    picture(tab, "start")
    ask(tab, QUESTION)
    tab.get_by_role("button", name="Stop").wait_for()
    tab.locator(".steps b", has_text="plan").first.wait_for()
    picture(tab, "steps")
    tab.get_by_text("Sources", exact=True).wait_for()
    picture(tab, "answer")
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab.get_by_role("button", name="Copy", exact=True).click()
    tab.get_by_role("button", name="Copied", exact=True).wait_for()
    copied = tab.evaluate("navigator.clipboard.readText()")
    assert "5.2 hours" in copied.splitlines()[0]
    assert copied.splitlines()[-1].startswith("[1] ")
    tab.get_by_role("button", name="[1]", exact=True).click()
    mark = tab.locator("mark")
    mark.wait_for()
    assert "5.2 hours" in mark.inner_text()
    picture(tab, "source")
    tab.get_by_role("button", name="Close").click()
    mark.wait_for(state="detached")
    ask(tab, FOLLOW_UP)
    tab.get_by_text("8 nanometres").first.wait_for()
    tab.reload()
    tab.get_by_text("5.2 hours").first.wait_for()
    tab.get_by_text("8 nanometres").first.wait_for()
    tab.get_by_role("link", name="Conversations").click()
    tab.get_by_text(QUESTION[:30]).first.wait_for()
    picture(tab, "conversations")


def test_a_reload_in_the_middle_finds_the_answer_being_written(tab: Any) -> None:
    ask(tab, QUESTION)
    tab.get_by_role("button", name="Stop").wait_for()
    tab.reload()
    tab.get_by_text("Sources", exact=True).wait_for()
    assert tab.get_by_text("5.2 hours").first.is_visible()
    assert tab.locator("p.plain", has_text=QUESTION).count() == 1


def test_an_answer_can_be_stopped(tab: Any) -> None:
    ask(tab, AT_LENGTH)
    tab.get_by_role("button", name="Stop").click()
    tab.get_by_text(re.compile("Stopped|what there is will be kept")).first.wait_for()
    tab.get_by_placeholder("Ask a question").wait_for()
    picture(tab, "stopped")


def test_the_next_question_is_typed_meanwhile_and_no_text_is_lost(tab: Any) -> None:
    ask(tab, AT_LENGTH)
    ask(tab, QUESTION)
    tab.get_by_text("Waits for the answer before it").wait_for()
    entry(tab).fill("A draft that is")
    picture(tab, "waiting")
    tab.get_by_role("button", name="Stop").first.click()
    tab.get_by_text("5.2 hours").first.wait_for()
    tab.get_by_placeholder("Ask a question").wait_for()
    entry(tab).press_sequentially(" not sent")
    assert entry(tab).input_value() == "A draft that is not sent"


def test_a_waiting_question_is_taken_back_into_the_entry(tab: Any) -> None:
    ask(tab, AT_LENGTH)
    ask(tab, QUESTION)
    tab.get_by_role("button", name="Take back").click()
    tab.get_by_text("Waits for the answer before it").wait_for(state="detached")
    assert entry(tab).input_value() == QUESTION
    tab.get_by_role("button", name="Stop").click()


def test_a_pdf_is_uploaded_asked_and_its_page_shows_the_quote(tab: Any, tmp_path: Path) -> None:
    tab.get_by_role("link", name="Library").click()
    tab.get_by_text("Add papers").click()
    tab.locator("input[type=file]").set_input_files(write_pdf(tmp_path))
    tab.get_by_role("button", name="Add the files").click()
    tab.get_by_text("✓ Kettles that sing").wait_for()
    picture(tab, "upload")
    tab.get_by_role("link", name="Paper").click()
    tab.get_by_role("button", name="Kettles that sing").click()
    tab.get_by_text("Find in this paper").wait_for()
    tab.locator(".stMain img").first.wait_for()
    picture(tab, "paper")
    tab.get_by_label("Question", exact=True).fill(
        "Which frequency does the deeper chamber sound at?"
    )
    tab.get_by_role("button", name="Ask this paper").click()
    tab.get_by_text("Sources", exact=True).wait_for()
    tab.get_by_role("button", name="[1]", exact=True).first.click()
    tab.get_by_text("the quote is marked").wait_for()
    picture(tab, "source-page")


def test_hostile_text_is_shown_harmless(tab: Any) -> None:
    tab.goto(f"/paper?id={HOSTILE.arxiv_id}")
    tab.get_by_role("link", name="Conversations").wait_for()
    tab.get_by_text("<img src=x onerror=alert(1)>").first.wait_for()
    tab.get_by_text("<script>alert(3)</script>").first.wait_for()
    assert tab.locator(".stMain img, .stMain script").count() == 0
    assert tab.locator(".stMain a[href^=javascript]").count() == 0
    assert tab.locator(".katex").count() == 1, "the one harmless formula is set"
    picture(tab, "hostile")
    tab.goto("/")
    ask(tab, "How many centimetres do stilts of owls measure in winter?")
    tab.get_by_text("Sources", exact=True).wait_for()
    assert tab.locator(".stMain script, .stMain a[href^=javascript]").count() == 0
    tab.get_by_role("button", name="[1]", exact=True).first.click()
    tab.locator("mark").wait_for()
    assert tab.locator("[role=dialog] img, [role=dialog] script").count() == 0
    picture(tab, "hostile-source")


@pytest.mark.parametrize(
    ("name", "width", "scheme"), [("phone", 390, "light"), ("dark", 1180, "dark")]
)
def test_phone_width_and_dark_mode(
    browser: Any, served: Served, name: str, width: int, scheme: str
) -> None:
    with opened_tab(browser, served, width, scheme) as tab:
        ask(tab, QUESTION)
        tab.get_by_text("Sources", exact=True).wait_for()
        picture(tab, name)
        wide = tab.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        assert not wide, "the page scrolls sideways"
