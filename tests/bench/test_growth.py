import json
from pathlib import Path

import pytest

pytest.importorskip("matplotlib", reason="needs the bench extra")

from bench import growth


def results(folder: Path) -> None:
    folder.mkdir()
    sizes = [
        {
            "papers": papers,
            "ways, ms": {way: {"p50": ms} for way in ("dense", "keyword", "search, hybrid")},
            "memory of the owner, MB": 100 + papers // 100,
            "disk, MB": papers // 100,
            "start and open, s": 1.0,
        }
        for papers, ms in ((1000, 2.0), (20_000, 4.0), (100_000, 20.0))
    ]
    (folder / "latency.json").write_text(json.dumps({"sizes": sizes}))
    pipeline = [{"papers": 1000, "pipeline, papers/s": 50.0}]
    (folder / "ingest.json").write_text(json.dumps({"pipeline": pipeline}))


def test_the_projection_is_a_line_and_marked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    results(tmp_path / "results")
    monkeypatch.setattr("bench.record.RESULTS", tmp_path / "results")
    assert growth.main([]) == 0
    assert "extrapolated to 3000000: 600.0" in capsys.readouterr().out
    kept = json.loads((tmp_path / "results" / "growth.json").read_text())
    assert kept["measured"]["dense, p50 ms"]["100000"] == 20.0
    assert (tmp_path / "results" / "growth.png").exists()


def test_a_projection_never_falls_below_what_was_measured_for_noise() -> None:
    assert growth.projected({1000: 1.0, 20_000: 6.0, 101_000: 5.0}, 201_000) == pytest.approx(9.0)


def test_missing_results_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("bench.record.RESULTS", tmp_path)
    assert growth.main([]) == 2
    assert "latency.json" in capsys.readouterr().err
