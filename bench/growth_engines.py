"""The engines that a library can lie in: arrays in memory, Milvus Lite, a Milvus server; each takes the same papers."""

import os
import time
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import numpy as np
import psutil
from numpy.typing import NDArray

from bench.library import server_library
from ingestion.machine import loopback_service
from ingestion.paper import Paper
from ingestion.settings import StoreSettings
from ingestion.store import Store
from ingestion.store.exact_search import Collection, Part
from ingestion.store.owner import stop_owner
from ingestion.terms import keyword_text

Vectors = NDArray[np.float32]
_DIM = 384
_BM25 = {"k1": 1.2, "b": 0.6}  # of ingestion.store.schema
_INDEX_TIMEOUT_S = 3600.0
_TERM_PAIR = np.dtype([("term", "<u4"), ("count", "<f4")])


class Engine(Protocol):
    """What finds the nearest of many vectors."""

    def add(self, papers: Sequence[Paper], vectors: Vectors) -> None:
        """Write papers that it has none of yet."""

    def settle(self) -> None:
        """Return when everything written is indexed, and searches are as quick as they will be."""

    def dense(self, vector: Vectors, k: int) -> list[str]:
        """Ids of the `k` nearest, the nearest first."""

    def keyword(self, terms: str, k: int) -> list[str] | None:
        """Ids of the `k` best by BM25; None where it has no such search."""

    def memory_mb(self) -> float:
        """What it holds in memory."""

    def disk_mb(self) -> float:
        """What it takes on disk."""


class Arrays:
    """Exact search over arrays in memory, as the local library's owner does it, without Milvus Lite behind it."""

    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._rows: Collection | None = None

    def add(self, papers: Sequence[Paper], vectors: Vectors) -> None:
        """See `Engine`."""
        self._parts.append(
            Part([p.arxiv_id for p in papers], vectors, [_sparse(p) for p in papers])
        )

    def settle(self) -> None:
        """See `Engine`."""
        self._valid = [np.ones(len(part.ids), bool) for part in self._parts]
        self._rows = Collection(self._parts, self._valid)

    def dense(self, vector: Vectors, k: int) -> list[str]:
        """See `Engine`."""
        assert self._rows is not None
        return [id_ for id_, _ in self._rows.nearest(vector, k, self._valid)]

    def keyword(self, terms: str, k: int) -> list[str] | None:
        """See `Engine`."""
        assert self._rows is not None
        query = {_term(term): float(n) for term, n in Counter(terms.split()).items()}
        return [id_ for id_, _ in self._rows.matching(query, k, allowed=self._valid, **_BM25)]

    def memory_mb(self) -> float:
        """See `Engine`; of this process, which holds nothing else of that size."""
        return _resident_mb([psutil.Process()])

    def disk_mb(self) -> float:
        """See `Engine`."""
        return 0.0


class InStore:
    """The program's own store.

    Args:
        store: On Milvus Lite or on a server.
        data: Folder that it keeps its data in.
    """

    def __init__(self, store: Store, data: Path) -> None:
        self._store, self._data = store, data

    def add(self, papers: Sequence[Paper], vectors: Vectors) -> None:
        """See `Engine`."""
        self._store.upsert(papers, vectors)

    def settle(self) -> None:
        """See `Engine`."""
        self._store.flush()

    def dense(self, vector: Vectors, k: int) -> list[str]:
        """See `Engine`."""
        return [id_ for id_, _ in self._store.dense(vector, k)]

    def keyword(self, terms: str, k: int) -> list[str] | None:
        """See `Engine`."""
        if not self._store.info.keyword_search:
            return None
        return [id_ for id_, _ in self._store.keyword(terms, k)]

    def memory_mb(self) -> float:
        """See `Engine`; of the library's owner."""
        owner = loopback_service.find(self._data / "library" / "owner.json")
        return _resident_mb([psutil.Process(owner.pid)] if owner else [])

    def disk_mb(self) -> float:
        """See `Engine`."""
        files = (Path(folder) / name for folder, _, names in os.walk(self._data) for name in names)
        return sum(file.stat().st_size for file in files if file.exists()) / 1e6


class OnServer(InStore):
    """The store on a Milvus server, which builds its HNSW index behind the writer's back.

    Args:
        store: On the server.
        data: Folder of the server's data.
        uri: Its address.
    """

    def __init__(self, store: Store, data: Path, uri: str) -> None:
        super().__init__(store, data)
        self._uri = uri

    def settle(self) -> None:
        """See `Engine`.

        Raises:
            TimeoutError: The index is not built after an hour.
        """
        from pymilvus import MilvusClient

        super().settle()
        client, name = MilvusClient(self._uri), StoreSettings().collection
        until = time.monotonic() + _INDEX_TIMEOUT_S
        while (pending := client.describe_index(name, "vector")["pending_index_rows"]) > 0:
            if time.monotonic() > until:
                raise TimeoutError(f"{pending} rows are not indexed after {_INDEX_TIMEOUT_S:.0f} s")
            time.sleep(1)
        client.refresh_load(name)
        client.close()

    def memory_mb(self) -> float:
        """See `Engine`; of the server's processes."""
        started = psutil.Process().children(recursive=True)
        return _resident_mb([process for process in started if "milvus" in process.name()])


@contextmanager
def arrays() -> Iterator[Engine]:
    """Arrays in this process."""
    yield Arrays()


@contextmanager
def local() -> Iterator[Engine]:
    """The local library: Milvus Lite, searched by its owner."""
    with TemporaryDirectory() as home:
        store = Store(StoreSettings(), Path(home), "grown", lambda: _DIM)
        try:
            yield InStore(store, Path(home))
        finally:
            store.close()
            stop_owner(Path(home) / "library")


@contextmanager
def server() -> Iterator[Engine]:
    """A Milvus 2.3.5 server of its own, with the program's HNSW index.

    Raises:
        MilvusUnavailable: There is none here.
    """
    with server_library("grown", _DIM) as (store, started):
        yield OnServer(store, started.data, started.uri)


ENGINES = {"arrays in memory": arrays, "Milvus Lite": local, "Milvus 2.3.5 server": server}
"""By the name that tables and charts use."""


def _resident_mb(processes: Sequence[Any]) -> float:
    return sum(int(process.memory_info().rss) for process in processes) / 1e6


def _sparse(paper: Paper) -> bytes:
    """A paper's terms as Milvus stores them; its hash of a term is another, which changes no time."""
    counts = Counter(keyword_text(paper).split())
    pairs = [(_term(term), count) for term, count in counts.items()]
    return np.array(pairs, _TERM_PAIR).tobytes()


def _term(term: str) -> int:
    return zlib.crc32(term.encode())
