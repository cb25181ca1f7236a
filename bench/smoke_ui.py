"""One visit to the real page: embedded model, real library, real browser. `make smoke-ui`.

    python -m bench.smoke_ui [--question TEXT] [--pictures FOLDER]

A visitor asks, watches the steps, opens a source, asks on, stops an answer, uploads a PDF and asks it, reloads
and finds the conversation, and deletes the PDF's paper again. Takes the library of ARXIV_AGENT_HOME as it is; the
conversation stays in it. Needs chromium and the weights. Prints one JSON object with the seconds of each step, the
first of them from starting the command to the first paint; writes a picture of each.
"""

import argparse
import json
import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.page_server import BROWSER_FLAGS, run_page

QUESTION = "What is retrieval-augmented generation and why does it help?"
FOLLOW_UP = "Which benchmarks is it evaluated on?"
TO_STOP = "How does low-rank adaptation cut the memory needed to fine-tune a large model?"
PAPER = """<h1>Kettles that sing in two voices</h1><p>Abstract. We tune the whistle of a kettle so that it sings in
two voices at once.</p><h2>1 Introduction</h2><p>A kettle whistle has one chamber. Our kettle whistle has two
chambers of unequal depth. The deeper chamber of the kettle whistle sounds at 440 hertz when the water boils.</p>"""
PAPER_QUESTION = "At how many hertz does the deeper chamber of the kettle whistle sound?"
_ANSWER_MS = 600_000
_MARK = re.compile(r"^\[\d+\]$")


def main() -> None:
    """Start the page, visit it, stop it."""
    parser = argparse.ArgumentParser(description="One visit to the real page.")
    parser.add_argument("--question", default=QUESTION)
    parser.add_argument("--pictures", type=Path, default=Path("runs/smoke-ui"))
    arguments = parser.parse_args()
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("needs chromium (apt-get install chromium)")
    arguments.pictures.mkdir(parents=True, exist_ok=True)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium, args=BROWSER_FLAGS)
        tab = browser.new_page(viewport={"width": 1180, "height": 860})
        tab.set_default_timeout(_ANSWER_MS)
        pdf = Path(folder) / "kettles.pdf"
        tab.set_content(PAPER)
        tab.pdf(path=pdf)
        visit = Visit(tab, arguments.pictures)
        with opened(visit):
            visit.everything(arguments.question, pdf)
        browser.close()
    print(json.dumps(visit.seen, ensure_ascii=False))


@contextmanager
def opened(visit: "Visit") -> Iterator[None]:
    """The page, from its start to its first paint and on until the visit ends."""
    with ExitStack() as stack:
        with visit.timed("first_paint_s"):
            command = [sys.executable, "-m", "ui.cli", "ui", "--port", "{port}"]
            page = stack.enter_context(run_page(command))
            visit.tab.goto(page.address)
            visit.entry.wait_for()
        yield


class Visit:
    """What a visitor does, with what was seen: seconds, sentences, the quote opened."""

    def __init__(self, tab: Any, pictures: Path) -> None:
        self.tab = tab
        self.pictures = pictures
        self.seen: dict[str, Any] = {}

    @property
    def entry(self) -> Any:
        """Where questions are typed."""
        return self.tab.locator("[data-testid=stChatInputTextArea]")

    def everything(self, question: str, pdf: Path) -> None:
        """The whole visit."""
        self.ask(question, "answer")
        self.open_source("source")
        self.ask(FOLLOW_UP, "follow_up")
        self.stop(TO_STOP)
        conversation = self.tab.url
        self.upload(pdf)
        self.ask_paper()
        with self.timed("reload_s"):
            self.tab.goto(conversation)
            self.tab.get_by_text(question).first.wait_for()
            self.tab.get_by_text(FOLLOW_UP).first.wait_for()
        self.picture("reloaded")
        self.delete_paper()

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Note the seconds that something took."""
        started = time.perf_counter()
        yield
        self.seen[name] = round(time.perf_counter() - started, 2)

    def picture(self, name: str) -> None:
        """Keep a screenshot once all has come to rest."""
        self.tab.wait_for_timeout(1000)
        self.tab.screenshot(path=self.pictures / f"{name}.png", timeout=_ANSWER_MS)

    def ask(self, question: str, name: str) -> None:
        """Ask in the chat and wait for the answer."""
        self.send(question, name)
        self.await_answer(name)

    def send(self, question: str, name: str) -> None:
        """Ask in the chat and wait for the first step."""
        with self.timed(f"{name}_first_step_s"):
            self.entry.fill(question)
            self.tab.keyboard.press("Enter")
            self.tab.locator(".steps li:visible").first.wait_for()
        self.picture(f"{name}-steps")

    def await_answer(self, name: str) -> None:
        """Wait until the answer is there."""
        with self.timed(f"{name}_rest_s"):
            self.tab.get_by_role("button", name="Stop").wait_for(state="detached")
        self.picture(name)
        answer = self.tab.locator("[data-testid=stChatMessage]").last
        self.seen[name] = answer.locator(".claim, p.plain, p.failure").all_inner_texts()

    def open_source(self, name: str) -> None:
        """Open the first source of the latest answer, where it has one."""
        marks = self.tab.locator("[data-testid=stChatMessage]").last.get_by_role(
            "button", name=_MARK
        )
        if not marks.count():
            self.seen[f"{name}_quote"] = None
            return
        with self.timed(f"{name}_s"):
            marks.first.click()
            self.tab.locator("mark").wait_for()
        self.seen[f"{name}_quote"] = self.tab.locator("mark").inner_text()
        self.tab.locator("[role=dialog] [data-testid=stSpinner]").wait_for(state="detached")
        self.picture(name)
        self.tab.get_by_role("button", name="Close").click()

    def stop(self, question: str) -> None:
        """Ask, and stop the answer after its first step."""
        self.entry.fill(question)
        self.tab.keyboard.press("Enter")
        self.tab.locator(".steps li.now:visible").first.wait_for()
        with self.timed("stop_s"):
            self.tab.get_by_role("button", name="Stop").click()
            self.tab.get_by_placeholder("Ask a question").wait_for()
        self.picture("stopped")
        last = self.tab.locator("[data-testid=stChatMessage]").last
        self.seen["stopped"] = last.locator(".notice").all_inner_texts()

    def upload(self, pdf: Path) -> None:
        """Bring a PDF in and open its page."""
        self.tab.get_by_role("link", name="Library").click()
        self.tab.get_by_text("Add papers").click()
        with self.timed("upload_s"):
            self.tab.locator("input[type=file]").set_input_files(pdf)
            self.tab.get_by_role("button", name="Add the files").click()
            self.tab.get_by_role("button", name="✓ Kettles").wait_for()
        self.picture("uploaded")
        self.tab.get_by_role("button", name="✓ Kettles").click()
        self.tab.locator(".stMain img").first.wait_for()
        self.picture("paper")
        self.seen["paper"] = self.tab.url

    def ask_paper(self) -> None:
        """Ask the PDF and look at the quote on its page."""
        self.tab.get_by_label("Question", exact=True).fill(PAPER_QUESTION)
        self.tab.get_by_role("button", name="Ask this paper").click()
        self.tab.get_by_role("button", name="Stop").wait_for()
        self.await_answer("paper_answer")
        self.open_source("paper_source")

    def delete_paper(self) -> None:
        """Leave the library as it was."""
        self.tab.goto(self.seen["paper"])
        self.tab.get_by_text("Delete this paper").click()
        self.tab.get_by_role("button", name="Delete for good").click()
        self.tab.get_by_text("was deleted").wait_for()


if __name__ == "__main__":
    main()
