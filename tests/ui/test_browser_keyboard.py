"""The page without a mouse, and for those who hear it: every control is reached and has a name."""

import re
from typing import Any

import pytest

from bench.page_server import Served
from tests.papers import PONDS, SOURDOUGH
from tests.ui.browsing import ask, opened_tab, tab_to
from tests.ui.scripted import AT_LENGTH

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.enable_socket]

QUESTION = "When does the rate of bubble bursts of sourdough peak after feeding?"
NAMELESS = """() => [...document.querySelectorAll(
        'button, input, textarea, select, a, [role=slider], [role=combobox], [role=button]')]
    .filter(control => control.checkVisibility() && !control.closest('.stAppToolbar, [aria-hidden=true]'))
    .filter(control => {
        const described = control.getAttribute('aria-labelledby');
        const label = described && document.getElementById(described)?.innerText;
        const own = control.labels && [...control.labels].map(l => l.innerText || l.ariaLabel).join('');
        return !(control.ariaLabel || label || own || control.innerText || control.title).trim();
    })
    .map(control => control.outerHTML.slice(0, 200))"""


def test_asking_stopping_checking_and_searching_need_no_mouse(tab: Any) -> None:
    tab_to(tab, "Ask a question")
    tab.keyboard.type(AT_LENGTH)
    tab.keyboard.press("Enter")
    tab.get_by_role("button", name="Stop").wait_for()
    tab_to(tab, "Stop")
    tab.keyboard.press("Enter")
    tab.get_by_text("what there was so far").first.wait_for()

    tab_to(tab, "Ask a question")
    tab.keyboard.type(QUESTION)
    tab.keyboard.press("Enter")
    tab.get_by_text("Sources", exact=True).wait_for()
    tab_to(tab, r"\[1\]")
    tab.keyboard.press("Enter")
    tab.locator("mark").wait_for()
    tab.keyboard.press("Escape")
    tab.locator("mark").wait_for(state="detached")

    tab_to(tab, "Library")
    tab.keyboard.press("Enter")
    tab.get_by_label("Search the library").wait_for()
    tab_to(tab, "Search the library")
    tab.keyboard.type("how long does a jar take after feeding")  # names no paper
    tab.keyboard.press("Enter")
    tab.get_by_text("of the 24 nearest papers pass").wait_for()
    tab_to(tab, "Cosine threshold")
    tab.keyboard.press("End")
    tab.get_by_text("0 of the 24 nearest papers pass").wait_for()
    tab.keyboard.press("Home")
    tab_to(tab, "Category")
    tab.keyboard.type("eess.AS")
    tab.keyboard.press("Enter")
    tab.get_by_text("1 of the 1 nearest papers pass").wait_for()
    tab_to(tab, re.escape(SOURDOUGH.title))
    tab.keyboard.press("Enter")
    tab.get_by_text("microphone in the lid").wait_for()


@pytest.mark.parametrize("width", [1180, 390])
def test_every_control_has_a_name(browser: Any, served: Served, width: int) -> None:
    with opened_tab(browser, served, width) as tab:
        for address, ready in (
            ("/", "What would you like to know?"),
            ("/library", "papers in the library"),
            (f"/paper?id={PONDS.arxiv_id}", "Get the full text"),
            ("/sessions", "Conversations"),
            ("/settings", "Check now"),
        ):
            tab.goto(address)
            tab.get_by_text(ready).locator("visible=true").first.wait_for()
            tab.wait_for_timeout(1000)
            assert tab.evaluate(NAMELESS) == [], address
        tab.goto("/")
        ask(tab, QUESTION)
        tab.get_by_text("Sources", exact=True).wait_for()
        tab.get_by_role("button", name="[1]", exact=True).click()
        tab.locator("mark").wait_for()
        assert tab.evaluate(NAMELESS) == [], "an answer with an open source"
