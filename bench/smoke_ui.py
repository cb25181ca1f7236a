"""Ask one question on the real page: embedded model, real library, real browser. `make smoke-ui`.

    python -m bench.smoke_ui [--question TEXT] [--pictures FOLDER]

Takes the library of ARXIV_AGENT_HOME as it is. Needs chromium and the weights. Prints one JSON object with
seconds from starting the command to the first paint, from asking to the first step and to the answer.
"""

import argparse
import json
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

QUESTION = "What is retrieval-augmented generation and why does it help?"
_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-background-networking --disable-quic "
    "--no-first-run --disable-component-update --disable-sync"
).split()
_START_S = 60.0
_ANSWER_MS = 600_000


def main() -> None:
    """Start the page, ask, look at a source, stop the page."""
    parser = argparse.ArgumentParser(description="Ask one question on the real page.")
    parser.add_argument("--question", default=QUESTION)
    parser.add_argument("--pictures", type=Path, default=Path("runs/smoke-ui"))
    arguments = parser.parse_args()
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("needs chromium (apt-get install chromium)")
    arguments.pictures.mkdir(parents=True, exist_ok=True)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        tab = browser.new_page(viewport={"width": 1180, "height": 860})
        tab.set_default_timeout(_ANSWER_MS)
        figures = visit(tab, arguments.question, arguments.pictures)
        browser.close()
    print(json.dumps(figures, ensure_ascii=False))


def visit(tab: Any, question: str, pictures: Path) -> dict[str, Any]:
    """Start the page and do what a person does; what was seen, with its seconds."""
    port = _free_port()
    started = time.perf_counter()
    page = subprocess.Popen([sys.executable, "-m", "ui.cli", "ui", "--port", str(port)])
    try:
        _wait_for(f"http://127.0.0.1:{port}/_stcore/health")
        tab.goto(f"http://127.0.0.1:{port}")
        entry = tab.get_by_role("textbox").last
        entry.wait_for()
        painted = time.perf_counter()
        seen = ask(tab, entry, question, pictures)
    finally:
        page.terminate()
        page.wait(30)
    return {"question": question, "first_paint_s": round(painted - started, 2), **seen}


def ask(tab: Any, entry: Any, question: str, pictures: Path) -> dict[str, Any]:
    """Ask, wait for the answer, open its first source."""
    asked = time.perf_counter()
    entry.fill(question)
    tab.keyboard.press("Enter")
    tab.locator(".steps li").first.wait_for()
    stepped = time.perf_counter()
    tab.get_by_role("button", name="Stop").wait_for(state="detached")
    answered = time.perf_counter()
    tab.wait_for_timeout(1000)
    tab.screenshot(path=pictures / "answer.png")
    marks = tab.get_by_role("button", name=re.compile(r"^\[\d+\]$"))
    quote = ""
    if marks.count():
        marks.first.click()
        tab.locator("mark").wait_for()
        quote = tab.locator("mark").inner_text()
        tab.wait_for_timeout(1000)
        tab.screenshot(path=pictures / "source.png")
    return {
        "first_step_s": round(stepped - asked, 2),
        "answer_s": round(answered - asked, 2),
        "claims": tab.locator(".claim").all_inner_texts(),
        "first_quote": quote,
    }


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + _START_S
    while True:
        try:
            urllib.request.urlopen(url, timeout=5)
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


if __name__ == "__main__":
    main()
