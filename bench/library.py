"""The product's own store, embedder and retriever in a folder that is gone afterwards."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path

from bench.milvus_server import MilvusServer, milvus_server
from bench.vectors import cached
from ingestion.embedding import Embedder
from ingestion.embedding.model import LocalEmbedder
from ingestion.paper import Paper
from ingestion.settings import EmbeddingSettings, StoreSettings
from ingestion.store import Filters, Store, StoreInfo
from ingestion.store.filters import ANY
from ingestion.store.owner import stop_owner
from rag_agent.settings import home_folder, load_settings


class TemporaryLibrary:
    """A library in a temporary data folder. Weights come from the user's own."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="arxiv-agent-bench-"))
        embedding = (
            load_settings().embedding
        )  # the one in force, so that a tuned one can be measured
        self.embedder = LocalEmbedder(embedding, home_folder())
        self._usual = embedding.model == EmbeddingSettings().model
        self.store = Store(
            StoreSettings(), self.home, self.embedder.name, lambda: self.embedder.dim
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.store.close()
        stop_owner(self.home / "library")
        shutil.rmtree(self.home, ignore_errors=True)

    def add(self, papers: Sequence[Paper]) -> None:
        """Embed and write papers, and seal them. Vectors of an earlier run of the usual model are used again."""
        texts, encode = [paper.text for paper in papers], self.embedder.encode
        vectors = cached("product", texts, encode) if self._usual else encode(texts)
        self.store.upsert(papers, vectors)
        self.store.flush()


def milvus_environment() -> Path:
    """Folder of the Milvus server package's own environment: ARXIV_AGENT_MILVUS_VENV, or in the user's cache."""
    named = os.environ.get("ARXIV_AGENT_MILVUS_VENV")
    return Path(named) if named else user_cache_path("arxiv-agent-bench") / "milvus-2.3.5"


def embedder_in_force() -> LocalEmbedder:
    """The model of the settings, with the user's weights."""
    return LocalEmbedder(load_settings().embedding, home_folder())


def opened(home: Path) -> Store:
    """The local library of a data folder, which was filled with the model in force.

    Raises:
        StoreError: It cannot be opened, or holds vectors of another model.
    """
    embedder = embedder_in_force()
    return Store(StoreSettings(), home, embedder.name, lambda: embedder.dim)


@contextmanager
def own_server() -> Iterator[MilvusServer]:
    """A Milvus server with its data in a folder that is gone afterwards.

    Raises:
        MilvusUnavailable: There is none here.
    """
    with (
        tempfile.TemporaryDirectory() as data,
        milvus_server(milvus_environment(), Path(data)) as server,
    ):
        yield server


@contextmanager
def server_library(model: str, dim: int) -> Iterator[tuple[Store, MilvusServer]]:
    """The product's own store on a Milvus server of its own, and that server.

    Raises:
        MilvusUnavailable: There is none here.
    """
    with own_server() as server:
        store = Store(StoreSettings(uri=server.uri, timeout_s=600), server.data, model, lambda: dim)
        try:
            yield store, server
        finally:
            store.close()


class Remembering:
    """A store and an embedder that answer a repeated call from memory: stages share their searches."""

    def __init__(self, store: Store, embedder: Embedder) -> None:
        self._store = store
        self._embedder = embedder
        self._answers: dict[Any, Any] = {}

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors: NDArray[np.float32] = self._once(
            ("encode", *texts), lambda: self._embedder.encode(texts)
        )
        return vectors

    def dense(self, vector: NDArray[np.float32], k: int, filters: Filters) -> Any:
        key = ("dense", vector.tobytes(), k, filters)
        return self._once(key, lambda: self._store.dense(vector, k, filters))

    @property
    def info(self) -> StoreInfo:
        return self._store.info

    def count(self) -> int:
        return int(self._once(("count",), self._store.count))

    def keyword(self, text: str, k: int, filters: Filters = ANY) -> Any:
        return self._once(
            ("keyword", text, k, filters), lambda: self._store.keyword(text, k, filters)
        )

    def get(self, ids: Sequence[str]) -> Any:
        return self._once(("get", *ids), lambda: self._store.get(ids))

    def vectors(self, ids: Sequence[str]) -> Any:
        return self._once(("vectors", *ids), lambda: self._store.vectors(ids))

    def candidates(self, ids: Sequence[str]) -> Any:
        return self._once(("candidates", *ids), lambda: self._store.candidates(ids))

    def _once(self, key: Any, call: Any) -> Any:
        if key not in self._answers:
            self._answers[key] = call()
        return self._answers[key]
