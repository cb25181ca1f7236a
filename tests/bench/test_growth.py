import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="needs the bench extra")

from bench import growth
from bench.growth import Asked, Copies, grow, nearest
from bench.growth_engines import Arrays, Vectors
from ingestion.errors import AgentError
from ingestion.paper import Paper

DIM = 16


def copies(count: int = 7) -> Copies:
    vectors = np.random.default_rng(1).standard_normal((count, DIM), np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    papers = [Paper(f"{i}", f"Title {i}", f"About subject{i}.", (), (), 2020) for i in range(count)]
    return Copies(papers, vectors)


def asked(made: Copies, sizes: Sequence[int]) -> Asked:
    queries = made.vectors[:3]
    return Asked(queries, ["subject0", "subject1", "subject2"], nearest(made, queries, sizes))


def test_copies_are_near_their_originals_and_the_same_each_time() -> None:
    made = copies()
    papers, vectors = made.chunk(0, 70)
    assert len({paper.arxiv_id for paper in papers}) == 70
    cosines = np.sum(vectors * made.vectors[np.arange(70) % 7], axis=1)
    assert 0.7 < cosines.mean() < 0.9
    assert np.array_equal(vectors, made.chunk(0, 70)[1])


def test_the_truth_is_that_of_one_product() -> None:
    made = copies()
    found = nearest(made, made.vectors[:3], [20, 50])
    whole = made.vectors[:3] @ made.chunk(0, 20)[1].T
    assert np.array_equal(found[20], np.argsort(-whole, axis=1)[:, :10])


def test_exact_search_misses_nothing_and_every_size_is_a_point() -> None:
    made = copies()
    rows = list(grow(Arrays(), made, asked(made, [20, 50]), [20, 50], minutes=5))
    assert [row["papers"] for row in rows] == [20, 50]
    assert all(row["recall@10"] == 1.0 for row in rows)
    assert rows[1]["keyword, 8 clients"]["a second"] > 0


class Breaking(Arrays):
    def add(self, papers: Sequence[Paper], vectors: Vectors) -> None:
        if len(self._parts):
            raise AgentError("The disk is full")
        super().add(papers, vectors)


def test_where_an_engine_stops_is_told_with_the_reason() -> None:
    made = copies()
    rows = list(grow(Breaking(), made, asked(made, [20, 50]), [20, 50], minutes=5))
    assert rows[0]["papers"] == 20
    assert rows[1] == {"stopped before": 50, "why": "The disk is full."}


def test_no_size_is_begun_that_would_take_too_long() -> None:
    made = copies()
    rows = list(grow(Arrays(), made, asked(made, [20, 50]), [20, 50], minutes=0))
    assert rows[1]["stopped before"] == 50
    assert "0 minutes" in rows[1]["why"]


def test_a_folder_without_papers_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert growth.main(["--data", str(tmp_path)]) == 2
    assert str(tmp_path) in capsys.readouterr().err


@pytest.mark.long
def test_points_are_kept_and_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.record.RESULTS", tmp_path)
    monkeypatch.setattr(growth, "made", lambda *_: (copies(), asked(copies(), [20])))
    assert growth.main(["--engines", "arrays in memory", "--sizes", "20"]) == 0
    kept = json.loads((tmp_path / "growth.json").read_text())
    assert kept["engines"]["arrays in memory"][0]["papers"] == 20
    assert (tmp_path / "growth.png").exists()
