"""Searches that Milvus Lite's owner answers from memory, through the store."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from ingestion.embedding.model import HashingEmbedder
from ingestion.paper import Paper
from ingestion.settings import StoreSettings
from ingestion.store.collection import Filters, Store
from tests.papers import LIGHTHOUSE, PAPERS, PONDS, SOURDOUGH


@pytest.fixture
def store(milvus_lite: Path, tmp_path: Path, embedder: HashingEmbedder) -> Iterator[Store]:
    """An empty library."""
    (tmp_path / "library").symlink_to(milvus_lite)
    settings = StoreSettings(collection=f"c{uuid4().hex}")
    opened = Store(settings, tmp_path, embedder.name, lambda: embedder.dim)
    yield opened
    opened.close()


def write(store: Store, embedder: HashingEmbedder, *papers: Paper) -> None:
    store.upsert(papers, embedder.encode([paper.text for paper in papers]))


def test_papers_sealed_apart_are_scored_alike(store: Store, embedder: HashingEmbedder) -> None:
    twins = [Paper(f"2711.0000{n}", "Tidal ponds", "", (), (), 2027) for n in range(3)]
    write(store, embedder, twins[0], LIGHTHOUSE, SOURDOUGH)
    store.flush()
    write(store, embedder, twins[1])
    store.flush()
    write(store, embedder, twins[2])
    found = store.keyword("pond", 3)
    assert {id_ for id_, _ in found} == {twin.arxiv_id for twin in twins}
    assert len({round(score, 5) for _, score in found}) == 1


def test_searches_see_what_was_just_written_and_deleted(
    store: Store, embedder: HashingEmbedder
) -> None:
    query = embedder.encode([PONDS.text])[0]
    for sealed in (False, True):
        write(store, embedder, *PAPERS)
        if sealed:
            store.flush()
        assert store.dense(query, 1)[0][0] == PONDS.arxiv_id
        write(store, embedder, replace(PONDS, title="Knitting", abstract="Wool and needles."))
        assert store.dense(query, 1)[0][1] < 0.9
        store.delete([PONDS.arxiv_id])
        assert PONDS.arxiv_id not in dict(store.dense(query, 3))


def test_a_filter_holds_for_sealed_and_unsealed_papers(
    store: Store, embedder: HashingEmbedder
) -> None:
    write(store, embedder, SOURDOUGH, LIGHTHOUSE)
    store.flush()
    write(store, embedder, PONDS)
    query = embedder.encode(["anything"])[0]
    for filters, expected in (
        (Filters(category="physics"), {LIGHTHOUSE.arxiv_id, PONDS.arxiv_id}),
        (Filters(to_year=2026), {PONDS.arxiv_id}),
        (Filters(author="nobody"), set()),
    ):
        assert set(dict(store.dense(query, 3, filters))) == expected
        assert set(dict(store.keyword("pond sourdough surfac", 3, filters))) <= expected
