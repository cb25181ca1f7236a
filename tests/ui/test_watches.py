"""Watched topics in the terminal and on the page."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from ingestion.embedding import HashingEmbedder
from ingestion.machine.whole_lines import append_line
from ingestion.settings import ArxivSettings
from rag_agent.assistant import Assistant
from rag_agent.settings import load_settings
from tests.ingestion.watches.conftest import paper
from tests.played_catalogues import FakeOai, OaiRecord
from tests.ui.conftest import Page
from ui import cli, console


@pytest.fixture
def oai() -> Iterator[FakeOai]:
    with FakeOai() as server:
        server.records = [OaiRecord(paper(n, "Pond tides"), "2027-11-04") for n in range(3)]
        yield server


@pytest.fixture
def assistant(library: Any, oai: FakeOai, monkeypatch: pytest.MonkeyPatch) -> Assistant:
    append_line(library / "ingests.jsonl", json.dumps({"at": "2026-01-01", "source": "starter"}))
    monkeypatch.setenv("ARXIV_AGENT_ARXIV__OAI_URL", oai.oai_url)
    monkeypatch.setenv("ARXIV_AGENT_ARXIV__DELAY_S", "0")
    made = Assistant(load_settings(), embedder=HashingEmbedder(512))
    monkeypatch.setattr(console, "open_assistant", lambda form=None: made)
    return made


def run(*arguments: str) -> str:
    result = CliRunner().invoke(cli.app, ["watch", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_a_topic_is_watched_told_once_and_removed(assistant: Assistant, oai: FakeOai) -> None:
    assert run("list") == "0 watched\n"
    assert not (assistant.settings.home / "watches.sqlite").exists()  # looking makes no file
    assert "pond tides  (cs.LG" in run("add", "pond tides", "--category", "cs.LG")
    first = run("run")
    assert "pond tides in cs.LG" in first
    assert "3 new, 3 records read" in first
    assert "0 new" in run("run")
    shown = json.loads(run("show", "--json"))["digests"]
    assert [len(digest["papers"]) for digest in shown] == [3]
    assert "1 watched" in run("list")
    assert run("remove", "1") == "1 removed\n"
    assert json.loads(run("list", "--json")) == {"watches": []}


def test_what_arxiv_refuses_is_said_and_the_run_ends_well(
    assistant: Assistant, oai: FakeOai
) -> None:
    run("add", "pond tides", "--category", "cs.LG")
    oai.faults, oai.retry_after_s = ["429"], 600
    result = json.loads(run("run", "--json"))
    assert result["digests"] == []
    assert "pause of 600 s" in result["notices"][0]


def test_what_is_no_category_or_watch_is_an_error(assistant: Assistant) -> None:
    for arguments in (["add", "x", "--category", "not one"], ["add", " "], ["remove", "9"]):
        assert CliRunner().invoke(cli.app, ["watch", *arguments]).exit_code == 1


@pytest.mark.long
def test_the_page_watches_looks_and_shows(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    from ui.web import program

    with FakeOai() as oai:
        oai.records = [OaiRecord(paper(n, "Pond tides"), "2027-11-04") for n in range(3)]
        current = program.program().assistant
        asked = ArxivSettings(oai_url=oai.oai_url, delay_s=0)
        settings = current.settings.model_copy(update={"arxiv": asked})
        monkeypatch.setattr(current.library, "settings", settings)
        page.open("watches")
        assert "Nothing is watched yet" in page.text
        page.at.text_input(key="watch-topic").set_value("pond tides")
        page.at.button[0].click()
        page.run()
        assert "pond tides" in page.text
        page.at.button(key="watch-run").click()
        page.run()
        job = program.jobs().get("watches")
        assert job is not None
        assert job.wait(60)
        page.run()
        assert "3 new" in page.text
