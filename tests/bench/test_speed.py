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
    arguments = ["--data", str(shared_data / "arxiv"), "--sizes", "100", "--queries", "5"]
    assert latency.main([*arguments, "--json", "--no-files"]) == 0
    row = json.loads(capsys.readouterr().out)["sizes"][0]
    assert {"store, dense", "search, hybrid", "NumPy brute force", "bm25s"} <= row.keys()
    assert 0 < row["store, dense"]["p50"] <= row["store, dense"]["p99"]
