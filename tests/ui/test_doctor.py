"""The doctor looks and changes nothing."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ingestion.embedding import HashingEmbedder
from ingestion.machine import loopback_service
from ingestion.settings import StoreSettings
from ingestion.store.collection import Store
from rag_agent.settings import Settings, load_settings
from ui import doctor

_CHINESE = re.compile("[\u4e00-\u9fff]")
Tree = list[tuple[str, int, int]]


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARXIV_AGENT_ARXIV__API_URL", "http://127.0.0.1:9/api")


def tree(folder: Path) -> Tree:
    """Every file below a folder with its size and time of change."""
    found = [(path, path.stat()) for path in sorted(folder.rglob("*"))]
    return [(str(path), stat.st_size, stat.st_mtime_ns) for path, stat in found]


def looked(settings: Settings) -> dict[str, doctor.Check]:
    return {check.name: check for check in doctor.checks(settings)}


def test_an_empty_home_stays_empty(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **named: Any) -> Any:
        raise AssertionError(f"a process that loads a model: {args}")

    monkeypatch.setattr(loopback_service, "ensure", refuse)
    found = looked(load_settings())
    assert not home.exists()
    assert list(found) == [
        "packages",
        "data folder",
        "embedding model",
        "reader model",
        "coder model",
        "library",
        "sandbox",
        "arXiv",
    ]
    assert (found["library"].state, found["library"].mend) == ("warning", "Run `arxiv-agent setup`")
    assert "bubblewrap" in found["sandbox"].detail


def test_a_closed_library_stays_closed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "library").mkdir(parents=True)
    (home / "library" / "data").write_bytes(b"x" * 3_000_000)
    (home / "ingests.jsonl").write_text('{"at": "2026-11-03T10:00:00", "source": "a.jsonl"}\n')
    (home / "pdfs").mkdir()
    for name in ("2711.00001v2.html", "2711.00001v2.pdf", "2711.00002v1.tar.gz"):
        (home / "pdfs" / name).write_bytes(b"x")
    before = tree(home)
    found = looked(load_settings())
    assert tree(home) == before
    assert (
        found["library"].detail
        == f"3 MB in {home / 'library'}, last ingest 2026-11-03; not open now; full texts: 1 HTML, 1 LaTeX"
    )


def test_an_open_library_tells_its_papers(library: Path, embedder: HashingEmbedder) -> None:
    store = Store(StoreSettings(), library, embedder.name, lambda: embedder.dim)
    assert store.count() == 0
    found = looked(load_settings(embedding={"model": embedder.name}))
    assert found["library"].detail.startswith("0 papers in")
    assert found["library"].detail.endswith(embedder.name)
    store.close()


def test_what_is_found_is_told_in_chinese_too(home: Path) -> None:
    model = {"model": "~nouser/model.gguf"}  # its error has its own words
    found = list(doctor.checks(load_settings(coder=model), "zh"))
    told = {check.name: check.detail + check.mend for check in found if check.state != "problem"}
    names = {"packages"}
    assert [name for name, said in told.items() if not _CHINESE.search(said)] == list(names)
    assert "请运行 `arxiv-agent setup`" in told["library"]


def test_settings_make_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from ui.commands.upkeep import settings

    settings(as_json=True)
    assert '"retrieval.threshold"' in capsys.readouterr().out
    assert not home.exists()


def test_a_path_of_nobody_is_a_problem_with_a_way_on(home: Path) -> None:
    found = looked(load_settings(reader={"model": "~nouser/model.gguf"}))
    assert found["reader model"].state == "problem"
    assert "no such user" in found["reader model"].detail


def test_a_server_that_does_not_answer_is_a_problem(home: Path) -> None:
    found = looked(load_settings(reader={"base_url": "http://127.0.0.1:9/v1"}))
    assert found["reader model"].state == "problem"
    assert "does not answer" in found["reader model"].detail


@pytest.mark.long
def test_nothing_is_started_by_the_command(home: Path) -> None:
    import sys

    done = subprocess.run(
        [sys.executable, "-m", "ui.cli", "doctor"], capture_output=True, text=True, timeout=100
    )
    assert "library: there is none yet" in done.stdout
    assert "Traceback" not in done.stderr
    assert not home.exists()
