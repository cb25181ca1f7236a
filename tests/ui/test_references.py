"""Who cites whom, in the terminal."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from ingestion.embedding import HashingEmbedder
from ingestion.machine.whole_lines import append_line
from rag_agent.assistant import Assistant
from rag_agent.settings import load_settings
from tests.fake_arxiv import pdf_of
from tests.papers import PONDS, SOURDOUGH
from ui import cli, console

TEXT = (
    SOURDOUGH.title,
    "Abstract",
    SOURDOUGH.abstract,
    "1 Introduction",
    "The tide of a pond was measured with a float by Example [1], and nobody measured hoses [2].",
    "References",
    f"[1] Dara Example. {PONDS.title}. arXiv:{PONDS.arxiv_id}, 2026.",
    "[2] Cleo Example. Knots in garden hoses of great length. Journal of Hoses, 1999.",
)


@pytest.fixture
def assistant(library: Path, monkeypatch: pytest.MonkeyPatch) -> Assistant:
    append_line(library / "ingests.jsonl", json.dumps({"at": "2026-01-01", "source": "starter"}))
    monkeypatch.setenv("ARXIV_AGENT_ARXIV__API_URL", "http://127.0.0.1:9/api")
    made = Assistant(load_settings(), embedder=HashingEmbedder(512))
    made.library.keep([PONDS, SOURDOUGH], "test")
    made.settings.assets.mkdir(parents=True)
    file = made.settings.assets / f"{SOURDOUGH.arxiv_id}v{SOURDOUGH.version}.pdf"
    file.write_bytes(pdf_of(TEXT))
    monkeypatch.setattr(console, "open_assistant", lambda: made)
    return made


def run(*arguments: str) -> str:
    result = CliRunner().invoke(cli.app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.output


def test_what_a_paper_cites_is_listed_drawn_and_said_to_be_of_a_pdf(
    assistant: Assistant, tmp_path: Path
) -> None:
    said = run("references", SOURDOUGH.arxiv_id, "--picture", str(tmp_path / "a.svg"))
    assert f"[1] {PONDS.title} (2026)  {PONDS.arxiv_id}  in the library" in said
    assert "[2] Knots in garden hoses of great length (1999)" in said
    assert "2 references, 1 in the library; read from pdf" in said
    assert "a PDF marks no entries" in said
    assert ElementTree.parse(tmp_path / "a.svg").getroot().tag.endswith("svg")
    listed = json.loads(run("references", SOURDOUGH.arxiv_id, "--json"))
    assert [each["in_library"] for each in listed["references"]] == [PONDS.arxiv_id, None]


def test_who_cites_a_paper_is_listed(assistant: Assistant) -> None:
    found = json.loads(run("cites", PONDS.arxiv_id, "--json"))
    assert [each["arxiv_id"] for each in found["cited_by"]] == [SOURDOUGH.arxiv_id]
    assert "0 papers cite" in run("cites", SOURDOUGH.arxiv_id)


def test_a_paper_that_is_nowhere_is_an_error(assistant: Assistant) -> None:
    assert CliRunner().invoke(cli.app, ["references", "local/0123456789ab"]).exit_code == 1
