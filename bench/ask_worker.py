"""Answers questions in the tree that PYTHONPATH names, this one or an older one: JSON lines in, JSON lines out.

A script, not a module, so that `bench.answers` can run it on the packages of any revision. It uses only what
every revision has: `load_settings`, `Assistant.ask`, and the commands `add` and `ingest`.

    {"pdf": PATH}                        -> {"id": ID}       the paper of a file
    {"abstract": TEXT, "id": ID}         -> {"id": ID}       a paper that has an abstract alone
    {"question": TEXT, "paper": ID}      -> {"answer": …, "first_s": seconds to the first words}
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, TextIO

from rag_agent.assistant import Assistant
from rag_agent.settings import load_settings


def main() -> None:
    """Serve until the input ends."""
    replies, sys.stdout = sys.stdout, sys.stderr  # what a library prints is no reply
    assistant = Assistant(load_settings(agent={"fetch": False}))
    assistant.warm_up()
    for line in sys.stdin:
        _reply(replies, _served(assistant, json.loads(line)))


def _reply(replies: TextIO, reply: dict[str, Any]) -> None:
    print(json.dumps(reply, ensure_ascii=False), file=replies, flush=True)


def _served(assistant: Assistant, request: dict[str, Any]) -> dict[str, Any]:
    if "pdf" in request:
        return {"id": _command("add", request["pdf"])["added"][0]["arxiv_id"]}
    if "abstract" in request:
        return {"id": _ingested(request["id"], request["abstract"])}
    return _answered(assistant, request["question"], request["paper"])


def _answered(assistant: Assistant, question: str, paper: str) -> dict[str, Any]:
    started = time.perf_counter()
    first_s = None
    for event in assistant.ask(question, paper=paper):
        if first_s is None and event.kind in ("claim_written", "text_written"):
            first_s = time.perf_counter() - started
        if event.kind == "answered":
            return {"answer": event.answer.as_json(), "first_s": first_s}
        if event.kind == "failed":
            return {"failed": f"{event.what} {event.next_step}"}
    return {"failed": "no answer came"}


def _ingested(paper_id: str, abstract: str) -> str:
    record = {"id": paper_id, "title": f"Abstract {paper_id}", "abstract": abstract}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "abstract.jsonl"
        file.write_text(json.dumps(record, ensure_ascii=False) + "\n", "utf-8")
        report = _command("ingest", str(file))
    if report["rejected"]:
        raise SystemExit(f"the abstract of {paper_id} was rejected: {report}")
    return paper_id


def _command(*arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-P", "-m", "ui.cli", *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed: {done.stderr.strip()[-300:]}")
    return dict(json.loads(done.stdout))


if __name__ == "__main__":
    main()
