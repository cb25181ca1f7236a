"""Searches that Milvus Lite's owner answers from memory, through the store."""

import ast
import inspect
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from milvus_lite.adapter.grpc.servicer import MilvusServicer
from milvus_lite.engine.collection import Collection as LiteCollection
from milvus_lite.storage.memtable import MemTable
from milvus_lite.storage.segment import Segment

from ingestion.embedding import HashingEmbedder
from ingestion.paper import Paper
from ingestion.settings import StoreSettings
from ingestion.store import Filters, Store, owner_search
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


@pytest.mark.long
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


@pytest.mark.long
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


@pytest.mark.long
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


_PRIVATE_NAMES = {
    "_get_collection": (MilvusServicer, ["self", "request", "context"]),
    "_extract_pks_from_expr": (MilvusServicer, ["expr", "col"]),
    "_prepare_sparse_queries": (LiteCollection, ["self", "query_vectors", "vector_field"]),
    "_compile_filter": (LiteCollection, ["self", "expr_str", "timezone"]),
    "_read_snapshot": (LiteCollection, ["self"]),
    "_memtable": (LiteCollection, None),  # an attribute
}


def test_the_private_names_of_milvus_lite_that_are_used_are_these() -> None:
    used = {
        node.attr
        for node in ast.walk(ast.parse(inspect.getsource(owner_search)))
        if isinstance(node, ast.Attribute) and node.attr.startswith("_")
    }
    assert used - {"__init__", "_views", "_building", "_hits", "_view"} == set(_PRIVATE_NAMES)


def test_the_private_names_of_milvus_lite_are_there() -> None:
    """An upgrade of milvus-lite that renames one fails here, not at a user's first search."""
    for name, (owner, parameters) in _PRIVATE_NAMES.items():
        if parameters is None:
            assert f"self.{name}" in inspect.getsource(owner), name
        else:
            assert list(inspect.signature(getattr(owner, name)).parameters) == parameters, name
    for method in ("num_physical_rows", "delete_index_snapshot", "to_search_snapshot"):
        assert callable(getattr(MemTable, method))
    for name in ("pks", "seqs", "table", "file_path", "vector_data"):
        assert hasattr(Segment, name) or f"self.{name}" in inspect.getsource(Segment), name
