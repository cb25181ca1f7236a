"""The command line as a user types it, over a real library with a hashing embedder and a scripted model."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ingestion.embedding import HashingEmbedder
from ingestion.errors import AgentError
from ingestion.pipeline import (
    IngestReport,
    _note,  # the starter is marked as there, so that libraries start empty
)
from ingestion.store.owner import stop_owner
from rag_agent.assistant import Assistant
from rag_agent.model.scripted import ScriptedModel
from rag_agent.settings import load_settings
from tests.papers import SOURDOUGH
from ui import cli, console
from ui.commands import papers, questions, upkeep

RECORD = {
    "id": "2401.00001v2",
    "title": "Sparse routing for speech translation",
    "abstract": "Sparse routing sends each audio frame to two of eight experts. Translation quality rises by "
    "1.4 BLEU on the MuST-C corpus. Training takes 12 hours on four cards.",
    "authors": ["Ada Example", "Bo Sample"],
    "categories": "cs.CL eess.AS",
}
REPLY = "Translation quality rises by 1.4 BLEU on the MuST-C corpus."
QUESTION = "How much does sparse routing raise speech translation quality?"


class Terminal:
    """Runs commands in process and remembers the scripted replies."""

    def __init__(self, assistant: Assistant, replies: list[Any]) -> None:
        self.assistant = assistant
        self.replies = replies

    def run(self, *arguments: str) -> Any:
        return CliRunner().invoke(cli.app, list(arguments))

    def json(self, *arguments: str) -> Any:
        result = self.run(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


@pytest.fixture(scope="module")
def shared_assistant(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Assistant, list[Any]]]:
    home = tmp_path_factory.mktemp("home")
    replies: list[Any] = []
    settings = load_settings(
        home=home,
        retrieval={"threshold": 0.3},
        agent={"fetch": False, "rounds": 1, "read_papers": 0},
    )
    _note(home, "starter", IngestReport())
    assistant = Assistant(
        settings, models=lambda role: ScriptedModel(replies), embedder=HashingEmbedder()
    )
    yield assistant, replies
    stop_owner(home / "library")


@pytest.fixture
def terminal(
    shared_assistant: tuple[Assistant, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> Terminal:
    assistant, replies = shared_assistant
    replies.clear()

    monkeypatch.setattr(console, "open_assistant", lambda form=None: assistant)
    return Terminal(assistant, replies)


@pytest.fixture
def metadata(tmp_path: Path) -> Path:
    file = tmp_path / "records.jsonl.gz"
    lines = [
        json.dumps(RECORD),
        "{broken",
        json.dumps({"id": "2401.00002", "title": "No abstract"}),
    ]
    file.write_bytes(gzip.compress("\n".join(lines).encode()))
    return file


@pytest.mark.long
def test_ingest_counts_what_came_in_and_why_the_rest_did_not(
    terminal: Terminal, metadata: Path
) -> None:
    report = terminal.json("ingest", str(metadata))
    assert {"read", "new", "updated", "unchanged", "rejected", "embedded", "seconds"} <= set(report)
    assert report["read"] == 3
    assert report["new"] + report["unchanged"] == 1
    assert report["rejected"] == 2
    rejects = [json.loads(line) for line in Path(report["rejects_file"]).read_text().splitlines()]
    assert [reject["line"] for reject in rejects] == [2, 3]
    again = terminal.json("ingest", str(metadata))
    assert (again["unchanged"], again["embedded"]) == (1, 0)


def test_search_prints_hits_with_cosine_and_verdict(terminal: Terminal, metadata: Path) -> None:
    terminal.json("ingest", str(metadata))
    found = terminal.json(
        "search", "sparse routing for speech translation", "-k", "3", "--mode", "dense"
    )
    assert (found["mode"], found["threshold"]) == ("dense", 0.3)
    hit = found["hits"][0]
    assert (hit["arxiv_id"], hit["version"], hit["year"], hit["origin"]) == (
        "2401.00001",
        2,
        2024,
        "arxiv",
    )
    assert hit["passes"]
    assert hit["cosine"] > 0.3
    assert hit["text"] == RECORD["abstract"]
    for wrong in (["--author", "Nobody"], ["--category", "hep-th"], ["--to", "2023"]):
        assert terminal.json("search", "sparse routing", *wrong)["hits"] == []
    for right in (["--author", "example ADA"], ["--category", "eess"], ["--from", "2024"]):
        assert terminal.json("search", "sparse routing", *right)["hits"]


def test_a_chinese_search_is_translated_or_says_that_it_is_not(
    terminal: Terminal, metadata: Path
) -> None:
    terminal.json("ingest", str(metadata))
    terminal.replies[:] = ["sparse routing"]
    assert "“sparse routing”" in terminal.run("search", "稀疏路由").stderr
    terminal.replies[:] = ["稀疏"]
    assert "未经翻译" in terminal.run("search", "稀疏路由").stderr
    assert terminal.run("search", "sparse routing").stderr == ""


def test_ask_prints_the_promised_object(terminal: Terminal, metadata: Path) -> None:
    terminal.json("ingest", str(metadata))
    terminal.replies[:] = [REPLY]
    answer = terminal.json("ask", QUESTION)
    assert answer["answered"]
    assert answer["answer"].endswith("[1]")
    (claim,) = answer["claims"]
    (citation,) = claim["citations"]
    assert claim["supported"]
    assert citation["quote"] in RECORD["abstract"]
    assert citation["url"] == "https://arxiv.org/abs/2401.00001v2"
    assert [step["name"] for step in answer["steps"]] == ["plan", "search", "answer"]
    assert answer["llm_calls"] == 1


def test_ask_in_the_terminal_shows_sources_under_the_answer(
    terminal: Terminal, metadata: Path
) -> None:
    terminal.json("ingest", str(metadata))
    terminal.replies[:] = [REPLY]
    result = terminal.run("ask", QUESTION)
    assert result.exit_code == 0, result.output
    said = " ".join(result.stdout.split())
    assert "1.4 BLEU on the MuST-C corpus. [1]" in said
    assert "[1] Sparse routing for speech translation" in said
    assert "Ada Example, Bo Sample (2024) https://arxiv.org/abs/2401.00001v2" in said


def test_what_the_texts_do_not_answer_is_declined(terminal: Terminal, metadata: Path) -> None:
    terminal.json("ingest", str(metadata))
    terminal.replies[:] = ["NOT STATED"]
    answer = terminal.json("ask", "Who paid for sparse routing in speech translation?")
    assert not answer["answered"]
    assert answer["claims"] == []
    assert answer["verdict"] == "declined"
    assert answer["nearest"][0]["arxiv_id"] == "2401.00001"


def test_sessions_are_listed_exported_and_deleted(terminal: Terminal, metadata: Path) -> None:
    terminal.json("ingest", str(metadata))
    terminal.replies[:] = [REPLY]
    terminal.json("ask", QUESTION, "--session", "speech")
    assert "speech" in terminal.run("session", "list").stdout
    markdown = terminal.run("session", "export", "speech").stdout
    assert "@misc{example2024sparse," in markdown
    assert "“Translation quality rises" in markdown
    assert terminal.run("session", "delete", "speech").exit_code == 0
    assert "speech" not in terminal.run("session", "list").stdout


def test_stats_count_papers_by_year_and_category(terminal: Terminal, metadata: Path) -> None:
    terminal.json("ingest", str(metadata))
    stats = terminal.json("library", "stats")
    assert stats["papers"] == 1
    assert stats["by_year"] == {"2024": 1}
    assert stats["by_category"] == {"cs.CL": 1}
    assert stats["last_ingest"]["source"] == "records.jsonl.gz"


def _program(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ui.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"ARXIV_AGENT_HOME": str(home), "PATH": "", "LANG": "C.UTF-8"},
    )


@pytest.mark.long
def test_errors_are_one_sentence_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("[retrieval]\nthreshold = 7\n")
    result = _program("settings", home=tmp_path)
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith("error: Setting retrieval.threshold")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.long
def test_settings_say_where_each_value_comes_from(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("[retrieval]\nthreshold = 0.4\n")
    result = _program("settings", "--json", home=tmp_path)
    values = json.loads(result.stdout)
    assert values["retrieval.threshold"] == {"value": 0.4, "from": "file"}
    assert values["home"]["from"] == "environment"
    assert values["retrieval.top_k"]["from"] == "default"


def test_help_comes_at_once(tmp_path: Path) -> None:
    took_s = []
    for _ in range(3):
        before_s = _spent_by_children_s()
        assert _program("--help", home=tmp_path).returncode == 0
        took_s.append(_spent_by_children_s() - before_s)
    assert min(took_s) < 1, took_s  # 0.3 s of the processor, which other work does not lengthen


def _spent_by_children_s() -> float:
    spent = os.times()
    return spent.children_user + spent.children_system


def test_every_command_is_in_the_readme() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    commands = [
        command
        for group in (questions, papers, upkeep)
        for command in group.commands.registered_commands
    ]
    names = [command.name or command.callback.__name__ for command in commands]
    assert len(names) == 13
    assert [
        name for name in names if f"arxiv-agent {name}" not in readme and f"`{name}" not in readme
    ] == []


def test_papers_go_out_and_come_in_as_references(terminal: Terminal, tmp_path: Path) -> None:
    terminal.assistant.library.keep([replace(SOURDOUGH, arxiv_id="2711.00007")], "test")
    file = tmp_path / "out.bib"
    assert terminal.run("export", "2711.00007", "--out", str(file)).exit_code == 0
    assert file.read_text().startswith("@misc{example2027sourdough,")
    file.write_text(file.read_text() + "\n@misc{broken, title={x\n")
    report = terminal.json("import", str(file))
    assert (report["unchanged"], report["papers"]) == (1, ["2711.00007"])
    assert report["broken"][0]["reason"] == "not BibTeX"
    told = terminal.run("import", str(file))
    assert "2 entries: 0 new papers, 0 completed, 1 known, 1 broken" in told.output
    terminal.run("export", "2711.00007", "--format", "notes", "--out", str(tmp_path / "notes"))
    assert "Sourdough" in (tmp_path / "notes" / "example2027sourdough.md").read_text()


def test_an_export_of_nothing_says_what_can_be_exported(terminal: Terminal) -> None:
    nothing = terminal.run("export")
    assert isinstance(nothing.exception, AgentError)
    assert "--session NAME" in str(nothing.exception)
    unknown = terminal.run("export", "9999.99999")
    assert "has no paper 9999.99999" in str(unknown.exception)


def test_an_empty_search_is_refused(terminal: Terminal) -> None:
    assert "The query is empty" in str(terminal.run("search", "  ").exception)
