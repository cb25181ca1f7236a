import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pytrec_eval", reason="needs the bench extra")

from bench import retrieval
from bench.datasets import Dataset


def beir_folder(folder: Path) -> Path:
    (folder / "qrels").mkdir(parents=True)
    rows = [{"_id": str(i), "title": f"t{i}", "text": "words"} for i in range(12)]
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (folder / "queries.jsonl").write_text('{"_id": "q", "text": "words"}\n')
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq\t3\t1\n")
    return folder


@pytest.fixture
def fixed_rankings(monkeypatch: pytest.MonkeyPatch) -> None:
    def product(dataset: Dataset, say: Callable[[str], None]) -> dict[str, dict[str, list[str]]]:
        say("searching")
        return {"dense": {"q": ["1", "3"]}, "default": {"q": ["3"]}}

    monkeypatch.setattr(retrieval, "_product", product)


@pytest.mark.usefixtures("fixed_rankings")
def test_json_is_all_that_standard_output_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = beir_folder(tmp_path / "set")
    assert retrieval.main(["--data", str(data), "--json", "--no-rivals", "--no-files"]) == 0
    printed: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert printed["dataset"] == "set"
    assert printed["systems"]["default"]["ndcg@10"] == {"mean": 1.0, "low": 1.0, "high": 1.0}
    assert printed["systems"]["dense"]["mrr@10"]["mean"] == 0.5
    assert printed["default minus others, ndcg@10"]["dense"]["mean"] > 0


@pytest.mark.usefixtures("fixed_rankings")
def test_figures_and_each_query_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.record.RESULTS", tmp_path / "results")
    retrieval.main(["--data", str(beir_folder(tmp_path / "set")), "--no-rivals"])
    kept = {path.name for path in (tmp_path / "results").iterdir()}
    assert kept == {f"retrieval-set{end}" for end in (".json", ".png", ".svg", "-queries.json")}
    figures = json.loads((tmp_path / "results" / "retrieval-set.json").read_text())
    assert {"at", "commit", "versions", "machine", "systems"} <= figures.keys()
    by_query = json.loads((tmp_path / "results" / "retrieval-set-queries.json").read_text())
    assert by_query["dense"]["q"]["hit@1"] == 0


def test_a_missing_folder_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert retrieval.main(["--data", str(tmp_path / "none")]) == 2
    assert "cannot read" in capsys.readouterr().err
