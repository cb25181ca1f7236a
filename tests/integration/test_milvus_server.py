"""The program's own parts against a real Milvus server; `tests/ingestion/test_store.py` runs there too."""

from pathlib import Path
from uuid import uuid4

import pytest

from ingestion.embedding import HashingEmbedder
from ingestion.errors import KeywordUnsupported
from ingestion.pipeline import ingest
from ingestion.settings import StoreSettings
from ingestion.store.collection import Store
from rag_agent.retrieval import Retriever
from rag_agent.settings import RetrievalSettings
from tests.papers import LIGHTHOUSE, PAPERS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def store(milvus_uri: str, home: Path, embedder: HashingEmbedder) -> Store:
    settings = StoreSettings(uri=milvus_uri, collection=f"c{uuid4().hex}")
    return Store(settings, home, embedder.name, lambda: embedder.dim)


def test_ingest_and_dense_search(store: Store, home: Path, embedder: HashingEmbedder) -> None:
    assert ingest(PAPERS, store, embedder, home, source="test").new == 3
    assert ingest(PAPERS, store, embedder, home, source="test").unchanged == 3
    retriever = Retriever(store, embedder, RetrievalSettings(threshold=0.3))
    hits = retriever.search("phase retrieval of lighthouse lenses", mode="dense")
    assert hits[0].paper.arxiv_id == LIGHTHOUSE.arxiv_id
    assert hits[0].passes
    assert not (home / "library").exists()


def test_keyword_search_names_the_version_it_needs(store: Store) -> None:
    assert not store.info.keyword_search
    with pytest.raises(KeywordUnsupported, match=r"Milvus 2\.5.*--mode dense"):
        store.keyword("lens", 3)
