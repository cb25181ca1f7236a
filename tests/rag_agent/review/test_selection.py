from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from ingestion.embedding import HashingEmbedder
from ingestion.paper import Paper
from ingestion.terms import terms
from rag_agent.review.selection import aspects, select
from tests.papers import LIGHTHOUSE, PAPERS, PONDS, SOURDOUGH


class Records:
    """A store in memory."""

    def __init__(
        self, papers: Sequence[Paper], embedder: HashingEmbedder, *, words: bool = True
    ) -> None:
        self.papers = {paper.arxiv_id: paper for paper in papers}
        self.embedder = embedder
        self.info = SimpleNamespace(keyword_search=words)

    def get(self, ids: Sequence[str]) -> dict[str, Paper]:
        return {id_: self.papers[id_] for id_ in ids}

    def candidates(self, ids: Sequence[str]) -> tuple[list[str], Any]:
        return list(ids), self.embedder.encode([self.papers[id_].text for id_ in ids])

    def dense(self, vector: Any, k: int) -> list[tuple[str, float]]:
        ids, vectors = self.candidates(list(self.papers))
        return sorted(zip(ids, (vectors @ vector).tolist(), strict=True), key=lambda hit: -hit[1])[
            :k
        ]

    def keyword(self, text: str, k: int) -> list[tuple[str, float]]:
        asked = set(text.split())
        shared = {id_: float(len(asked & set(terms(p.text)))) for id_, p in self.papers.items()}
        return [hit for hit in sorted(shared.items(), key=lambda hit: -hit[1])[:k] if hit[1]]


def chosen(topic: str, *, words: bool = True, **options: Any) -> list[str]:
    embedder = HashingEmbedder(256)
    store: Any = Records(PAPERS, embedder, words=words)
    options = {"most": 2, "threshold": 0.1, **options}
    return [hit.paper.arxiv_id for hit in select(topic, store, embedder, **options)]


TOPIC = "Kitchen physics\nThe bubbles of a sourdough starter burst. A garden pond has a lunar tide."


def test_each_sentence_of_the_topic_finds_its_own_paper() -> None:
    assert set(chosen(TOPIC)) == {SOURDOUGH.arxiv_id, PONDS.arxiv_id}


def test_the_topics_own_paper_is_left_out_and_a_store_without_bm25_will_do() -> None:
    assert chosen(TOPIC, leave_out=[PONDS.arxiv_id])[0] == SOURDOUGH.arxiv_id
    assert SOURDOUGH.arxiv_id in chosen(TOPIC, words=False)


def test_a_phrase_is_a_topic_too() -> None:
    assert chosen("lighthouse lenses", most=1) == [LIGHTHOUSE.arxiv_id]
    assert aspects("lighthouse lenses") == ("lighthouse lenses", ["lighthouse lenses"], [])


def test_scores_are_numbers_also_for_a_single_paper() -> None:
    embedder = HashingEmbedder(64)
    store: Any = Records([PONDS], embedder)
    (hit,) = select(TOPIC, store, embedder, most=5, threshold=0.9)
    assert np.isfinite(hit.score)
    assert not hit.passes
