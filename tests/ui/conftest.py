"""The page with the scripted assistant: in Streamlit's own test runner, and in a real browser."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from bench.page_server import BROWSER_FLAGS, Served
from rag_agent.assistant import Assistant
from tests.system_programs import SYSTEM_PATH, system_programs
from tests.ui.browsing import PICTURES, opened_tab, serving
from tests.ui.scripted import Reply, reply, scripted_assistant
from ui.web import program
from ui.web.running import Running

APP = Path(program.__file__).parents[1] / "app.py"
_TIMEOUT_S = 100.0


class Page:
    """The page of one tab."""

    def __init__(self, assistant: Assistant, at: AppTest) -> None:
        self.assistant = assistant
        self.at = at

    def open(self, name: str = "chat", **query: str) -> "Page":
        """Go to a page; it must not raise."""
        self.run()
        self.at.switch_page(f"web/pages/{name}.py")
        for key, value in query.items():
            self.at.query_params[key] = value
        return self.run()

    def run(self) -> "Page":
        """Run the script once more; it must not raise."""
        self.at.run()
        assert not self.at.exception, self.at.exception[0].stack_trace
        return self

    def ask(self, question: str) -> "Page":
        """Type a question, wait for its end, and look again."""
        self.at.chat_input[0].set_value(question)
        self.run()
        assert self.running.wait(_TIMEOUT_S)
        return self.run()

    def press(self, label: str, nth: int = 0) -> "Page":
        """Press the button with this label."""
        [button for button in self.at.button if button.label == label][nth].click()
        return self.run()

    @property
    def session(self) -> str:
        """Name of the conversation in the address."""
        named = self.at.query_params["session"]
        return named if isinstance(named, str) else str(named[0])

    @property
    def running(self) -> Running:
        """The latest question of the conversation."""
        running = program.runs().get(self.session)
        assert running is not None
        return running

    @property
    def text(self) -> str:
        """Everything the page shows as HTML, Markdown or code."""
        return "\n".join([self.prose, *(str(code.value) for code in self.at.code)])

    @property
    def prose(self) -> str:
        """Everything that a browser reads as HTML or Markdown."""
        markup = [element.proto.body for element in self.at.get("html")]
        return "\n".join([*markup, *(str(text.value) for text in self.at.markdown)])

    @property
    def buttons(self) -> list[str]:
        """Labels of all buttons."""
        return [button.label for button in self.at.button]


@pytest.fixture(autouse=True)
def no_components(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in `ui.server`: looking for components parses every package's metadata, here once a page opened."""
    monkeypatch.setattr(manifest_scanner, "scan_component_manifests", lambda: [])


@pytest.fixture
def page_of(library: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Page]]:
    """Opens the page with a model that replies as told; a second call opens a second tab on it."""
    st.cache_resource.clear()
    opened: list[Assistant] = []

    def page_of(answer: Reply = reply, seconds_a_piece: float = 0.0) -> Page:
        if not opened:
            opened.append(scripted_assistant(library, answer, seconds_a_piece))
            monkeypatch.setattr(program, "open_assistant", lambda report: opened[0])
        return Page(opened[0], AppTest.from_file(str(APP), default_timeout=_TIMEOUT_S))

    yield page_of
    st.cache_resource.clear()


@pytest.fixture
def page(page_of: Callable[..., Page]) -> Page:
    """The page with the usual script."""
    return page_of()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The running page."""
    with serving(tmp_path_factory.mktemp("browser") / "home") as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium with an empty profile."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    chromium = shutil.which("chromium", path=SYSTEM_PATH)
    if chromium is None:
        pytest.skip("needs chromium (apt-get install chromium)")
    PICTURES.mkdir(exist_ok=True)
    with system_programs(), playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=chromium, args=BROWSER_FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def tab(browser: Any, served: Served) -> Iterator[Any]:
    """A fresh tab on the start page."""
    with opened_tab(browser, served) as opened:
        yield opened
