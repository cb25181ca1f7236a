from pathlib import Path

import pytest

pytest.importorskip("pytrec_eval", reason="needs the bench extra")

from bench import crowd


def test_what_is_lost_is_told_with_its_interval() -> None:
    value = {"mean": 0.5, "low": 0.4, "high": 0.6}
    lost = {"mean": 0.1, "low": 0.0, "high": 0.2}
    table = crowd.table({"among 20": {"dense": {"ndcg@10": value, "lost": lost}}})
    assert table.split() == "among 20 dense 0.500 [0.400, 0.600] lost 0.100 [0.000, 0.200]".split()


def test_a_missing_set_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = str(tmp_path / "none")
    assert crowd.main(["--data", missing, "--library", missing]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
