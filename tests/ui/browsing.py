"""The scripted page as a server of its own, and what a person does on it in a real browser."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.page_server import Served, run_page
from ingestion.store.owner import stop_owner

TIMEOUT_MS = 60_000
PICTURES = Path(__file__).parents[1] / "screenshots"


@contextmanager
def serving(home: Path, seconds_a_piece: float = 0.03) -> Iterator[Served]:
    """The page with the scripted assistant; each piece of the model's replies takes its seconds."""
    command = [sys.executable, "-m", "tests.ui.scripted", str(home), "{port}"]
    environment = {"ARXIV_AGENT_HOME": str(home), "OMP_NUM_THREADS": "1"}
    try:
        with run_page([*command, str(seconds_a_piece)], environment) as page:
            yield page
    finally:
        stop_owner(home / "library")


@contextmanager
def opened_tab(
    browser: Any, served: Served, width: int = 1180, scheme: str = "light"
) -> Iterator[Any]:
    """A fresh tab on the start page; no script of a paper may open a dialog in it."""
    context = browser.new_context(
        viewport={"width": width, "height": 860}, base_url=served.address, color_scheme=scheme
    )
    context.set_default_timeout(TIMEOUT_MS)
    tab = context.new_page()
    alerts: list[str] = []

    def dismiss(dialog: Any) -> None:
        alerts.append(dialog.message)
        dialog.dismiss()

    tab.on("dialog", dismiss)
    tab.goto("/")
    entry(tab).wait_for()
    yield tab
    assert alerts == []
    context.close()


def entry(tab: Any) -> Any:
    """Where questions are typed."""
    return tab.locator("[data-testid=stChatInputTextArea]")


def ask(tab: Any, question: str) -> None:
    """Type a question and send it with the keyboard."""
    entry(tab).fill(question)
    tab.keyboard.press("Enter")


def picture(tab: Any, name: str) -> None:
    """Keep a screenshot to look at."""
    tab.wait_for_timeout(800)
    tab.screenshot(path=PICTURES / f"{name}.png", timeout=TIMEOUT_MS)


def tab_to(tab: Any, name: str, most: int = 80) -> None:
    """Press the tab key until the control with this name has the focus."""
    seen = []
    for _ in range(most):
        tab.keyboard.press("Tab")
        seen.append(tab.evaluate(_FOCUSED))
        if re.fullmatch(name, seen[-1]):
            return
    raise AssertionError(f"{name!r} was not reached, but {seen}")


_FOCUSED = """() => {
    const control = document.activeElement;
    if (!control.matches('a, button, input, textarea, [role=slider], [role=combobox]')) return '';
    const label = control.labels && control.labels[0] ? control.labels[0].innerText : '';
    const name = control.ariaLabel || label || control.innerText || control.placeholder || '';
    return name.trim().split('\\n').pop();
}"""
