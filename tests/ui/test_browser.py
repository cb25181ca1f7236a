"""The page in a real browser: Debian's chromium, driven by playwright, against the scripted assistant."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingestion.store_owner import stop_owner
from tests.ui.scripted import HOSTILE, write_pdf

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.enable_socket]

QUESTION = "When does the rate of bubble bursts of sourdough peak after feeding?"
FOLLOW_UP = "What is the tide of the hazel basin?"
PICTURES = Path(__file__).parents[1] / "screenshots"
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-background-networking --disable-quic "
    "--no-first-run --disable-component-update --disable-sync"
).split()
_TIMEOUT_MS = 240_000


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The running page; each piece of the model's replies takes 30 ms."""
    home = tmp_path_factory.mktemp("browser") / "home"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "ARXIV_AGENT_HOME": str(home), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.ui.scripted", str(home), str(port), "0.03"]
    server = subprocess.Popen(command, env=environment, cwd=Path(__file__).parents[2])
    try:
        _wait_for(f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)
        stop_owner(home / "library")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium with an empty profile."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs chromium (apt-get install chromium)")
    PICTURES.mkdir(exist_ok=True)
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=chromium, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def tab(browser: Any, address: str) -> Iterator[Any]:
    """A fresh tab on the start page; no script of a paper may open a dialog in it."""
    context = browser.new_context(
        viewport={"width": 1180, "height": 860}, base_url=address, color_scheme="light"
    )
    context.set_default_timeout(_TIMEOUT_MS)
    page = context.new_page()
    alerts: list[str] = []
    page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    page.goto("/")
    page.get_by_placeholder("Ask a question").wait_for()
    yield page
    assert alerts == []
    context.close()


def ask(tab: Any, question: str) -> None:
    """Type a question and send it with the keyboard."""
    tab.get_by_placeholder("Ask a question").fill(question)
    tab.keyboard.press("Enter")


def picture(tab: Any, name: str) -> None:
    """Keep a screenshot to look at."""
    tab.wait_for_timeout(800)
    tab.screenshot(path=PICTURES / f"{name}.png", timeout=_TIMEOUT_MS)


def test_ask_watch_check_follow_up_and_come_back(tab: Any) -> None:
    picture(tab, "start")
    ask(tab, QUESTION)
    tab.get_by_role("button", name="Stop").wait_for()
    tab.locator(".steps b", has_text="plan").first.wait_for()
    picture(tab, "steps")
    tab.get_by_text("Sources", exact=True).wait_for()
    picture(tab, "answer")
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
    ask(tab, "hello " + "there " * 40)
    tab.get_by_role("button", name="Stop").click()
    tab.get_by_text(re.compile("Stopped|what there is will be kept")).first.wait_for()
    tab.get_by_placeholder("Ask a question").wait_for()
    picture(tab, "stopped")


def test_a_pdf_is_uploaded_asked_and_its_page_shows_the_quote(tab: Any, tmp_path: Path) -> None:
    tab.get_by_role("link", name="Library").click()
    tab.get_by_text("Add papers").click()
    tab.locator("input[type=file]").set_input_files(write_pdf(tmp_path))
    tab.get_by_role("button", name="Add the files").click()
    tab.get_by_text("✓ Kettles that sing").wait_for()
    picture(tab, "upload")
    tab.get_by_role("link", name="Paper").click()
    tab.get_by_role("button", name="Kettles that sing").click()
    tab.get_by_text("PDF pages").wait_for()
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
    browser: Any, address: str, name: str, width: int, scheme: str
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 844}, base_url=address, color_scheme=scheme
    )
    context.set_default_timeout(_TIMEOUT_MS)
    tab = context.new_page()
    tab.goto("/")
    ask(tab, QUESTION)
    tab.get_by_text("Sources", exact=True).wait_for()
    picture(tab, name)
    wide = tab.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    assert not wide, "the page scrolls sideways"
    context.close()


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            urllib.request.urlopen(url, timeout=5)
            return
        except OSError:
            assert time.monotonic() < deadline, "the page did not start"
            time.sleep(0.5)
