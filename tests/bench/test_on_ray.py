from collections.abc import Iterator, Sequence
from typing import cast

import numpy as np

from bench.on_ray import Faults, differences
from ingestion.embedding import Vectors
from ingestion.paper import Paper
from ingestion.pipeline import IngestReport
from ingestion.store import Store
from tests.papers import numbered


class Kept:
    """A library in memory."""

    def __init__(self, papers: Sequence[Paper], turned: float = 0.0) -> None:
        self._papers, self._turned = papers, turned

    def count(self) -> int:
        return len(self._papers)

    def papers(self) -> Iterator[Paper]:
        return iter(self._papers)

    def fingerprints(self, ids: Sequence[str]) -> dict[str, str]:
        return {paper.arxiv_id: paper.title for paper in self._papers if paper.arxiv_id in ids}

    def vectors(self, ids: Sequence[str]) -> Vectors:
        return np.array([[np.cos(self._turned), np.sin(self._turned)]] * len(ids), np.float32)


def compared(plain: Kept, ray: Kept) -> dict[str, object]:
    return differences(cast("Store", plain), cast("Store", ray))


def test_two_equal_libraries_differ_in_nothing() -> None:
    assert compared(Kept(numbered(3)), Kept(numbered(3))) == {
        "papers, plain": 3,
        "papers, ray": 3,
        "only in one": 0,
        "more than once": 0,
        "other fingerprints": 0,
        "least cosine": 1.0,
    }


def test_each_difference_is_counted() -> None:
    first, second, third = numbered(3)
    other = numbered(3, comment="")[2]
    found = compared(
        Kept([first, second]), Kept([first, first, third, other], turned=np.arccos(0.5))
    )
    assert (found["only in one"], found["more than once"]) == (2, 2)
    assert found["least cosine"] == 0.5


def test_each_fault_comes_once_at_its_share() -> None:
    broken: list[str] = []
    faults = Faults(
        {
            0.6: ("late", lambda: broken.append("late")),
            0.2: ("early", lambda: broken.append("early")),
        },
        total=100,
    )
    for written in (10, 25, 50, 70, 90):
        faults(IngestReport(new=written))
    assert broken == ["early", "late"]
    assert faults.done == {"early": 25, "late": 70}
