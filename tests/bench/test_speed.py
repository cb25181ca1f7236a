import json
from pathlib import Path

import pytest

from bench import ingest, latency


@pytest.mark.parametrize("module", [ingest, latency])
def test_missing_papers_are_one_sentence(
    module: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert module.main(["--data", str(tmp_path)]) == 2  # type: ignore[attr-defined]
    assert "--data" in capsys.readouterr().err


@pytest.mark.slow
def test_latency_of_a_small_library_beside_brute_force(
    shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--data", str(shared_data / "arxiv"), "--sizes", "50", "100", "--queries", "5"]
    assert latency.main([*arguments, "--no-server", "--json", "--no-files"]) == 0
    small, large = json.loads(capsys.readouterr().out)["sizes"]
    assert (small["written"], large["written"]) == (50, 50)
    ways = large["ways, ms"]
    assert {"dense", "search, hybrid", "NumPy, dense", "bm25s, keyword"} <= ways.keys()
    assert {"Milvus Lite alone, dense", "Milvus Lite alone, keyword"} <= ways.keys()
    assert 0 < ways["dense"]["p50"] <= ways["dense"]["p99"]


@pytest.mark.slow
def test_a_pipeline_without_embedding_grows_from_size_to_size(shared_data: Path) -> None:
    files = ingest.files_of(shared_data / "arxiv")
    first, second = ingest.pipeline(files, [30, 80], None)
    assert (first["new"], second["new"], second["papers"]) == (30, 50, 80)
    assert "share of embedding alone" not in first
    assert second["pipeline, papers/s"] > 0
    assert second["memory of the owner, MB"] > 0
