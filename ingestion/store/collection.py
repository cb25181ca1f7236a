"""The library: one Milvus collection of papers, in Milvus Lite's folder or on a Milvus server."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingestion.errors import KeywordUnsupported
from ingestion.paper import Paper
from ingestion.settings import StoreSettings
from ingestion.store.connection import Connection
from ingestion.store.filters import ANY, Filters, among
from ingestion.store.record import paper_of, row_of
from ingestion.store.schema import StoreInfo, open_collection

__all__ = ["Filters", "Store", "StoreInfo"]

_BATCH = 1000
# Each look for the next rows passes over all that Milvus Lite holds: counting 100,084 papers took 67 s a thousand at a
# time, 24 s five thousand, 16 s so (30 November 2026, a busy machine). A server gives at most 16,384.
_SMALL_ROWS = 16_000
_PAPERS = 5_000
_LEAST_EF = 128
"""Fewest candidates that a server's HNSW index keeps while it searches; Milvus Lite searches exactly.

Of 100,000 papers' ten nearest 0.906 were found with Milvus's own choice, 0.985 with 64, 0.999 with 128, at 12, 11 and
15 ms on a busy machine (2.3.5, 29 November 2026; `make bench-growth`)."""


class Store:
    """Papers by arXiv id with their vectors. Safe to share between threads.

    Args:
        settings: Server address, or none for Milvus Lite in `home/library`.
        home: Data folder.
        embedding_model: Name of the model that the vectors come from; recorded in the collection.
        dim: Length of a vector. A callable is asked only when the collection has to be created, so that
            opening an existing library does not load the model.

    Raises:
        StoreUnavailable: Nothing answers at the address, or the folder cannot be opened.
        SchemaMismatch: The collection was made with another model, dimension or schema version.
    """

    def __init__(
        self, settings: StoreSettings, home: Path, embedding_model: str, dim: Callable[[], int]
    ) -> None:
        self._folder = home / "library"
        self._is_local = not settings.uri
        self._name = settings.collection

        def opened(client: Any, address: str) -> StoreInfo:
            return open_collection(client, self._name, embedding_model, dim, address)

        self._connection = Connection(settings, self._folder, opened)

    @property
    def info(self) -> StoreInfo:
        """What was found when the collection was opened or made."""
        return self._connection.info

    def close(self) -> None:
        """Give up the connection. The owner of a local folder goes on until it is idle."""
        self._connection.close()

    def upsert(self, papers: Sequence[Paper], vectors: NDArray[np.float32]) -> None:
        """Write papers, replacing those of the same id.

        Args:
            papers: Distinct ids.
            vectors: float32 (len(papers), dim), rows of norm 1.
        """
        keyword_search = self.info.keyword_search
        rows = [
            row_of(paper, vector, keyword_search)
            for paper, vector in zip(papers, vectors, strict=True)
        ]
        for start in range(0, len(rows), _BATCH):
            batch = rows[start : start + _BATCH]
            self._connection.call(partial(_upsert, name=self._name, rows=batch))

    def delete(self, ids: Sequence[str]) -> int:
        """Remove papers; how many of them were there."""
        found = len(self.fingerprints(ids))
        if found:
            self._connection.call(lambda client: client.delete(self._name, filter=among(ids)))
        return found

    def get(self, ids: Sequence[str]) -> dict[str, Paper]:
        """The papers of these ids that the library has."""
        rows = self._rows(ids, ["record"])
        return {id_: paper_of(row["record"]) for id_, row in rows.items()}

    def vectors(self, ids: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of papers that the library has: float32 (len(ids), dim), in the order of `ids`.

        Raises:
            KeyError: An id is not in the library.
        """
        rows = self._rows(ids, ["vector"])
        if not ids:
            return np.zeros((0, self.info.dim), np.float32)
        return np.array([rows[id_]["vector"] for id_ in ids], np.float32)

    def candidates(self, ids: Sequence[str]) -> tuple[list[str], NDArray[np.float32]]:
        """Those of the ids that the library has, in their order, and their vectors: float32 (found, dim)."""
        rows = self._rows(ids, ["vector"])
        known = [id_ for id_ in ids if id_ in rows]
        vectors = np.array([rows[id_]["vector"] for id_ in known], np.float32)
        return known, vectors.reshape(len(known), self.info.dim)

    def fingerprints(self, ids: Sequence[str]) -> dict[str, str]:
        """What each known paper's content hashed to when it was written, by id."""
        rows = self._rows(ids, ["fingerprint"])
        return {id_: str(row["fingerprint"]) for id_, row in rows.items()}

    def dense(
        self, vector: NDArray[np.float32], k: int, filters: Filters = ANY
    ) -> list[tuple[str, float]]:
        """The `k` nearest papers: (id, raw cosine), best first."""
        return self._search("vector", vector.tolist(), "COSINE", k, filters)

    def keyword(self, text: str, k: int, filters: Filters = ANY) -> list[tuple[str, float]]:
        """The `k` best papers by BM25: (id, score), best first.

        Args:
            text: Analysed terms with spaces between them; a repeated term counts as often.
            k: Most hits returned; papers without any of the terms are none.
            filters: Conditions on every hit.

        Raises:
            KeywordUnsupported: The server is older than Milvus 2.5.
        """
        self._require_keyword_search()
        return self._search("sparse", text, "BM25", k, filters) if text.strip() else []

    def _require_keyword_search(self) -> None:
        if not self.info.keyword_search:
            raise KeywordUnsupported(
                "Keyword search needs Milvus 2.5 or newer (its BM25 functions); this server is older",
                kept="Dense search works",
                next_step="Search with --mode dense, or move to a newer server (docker-compose.yml has one)",
            )

    def count(self) -> int:
        """Papers in the library."""
        rows = self._connection.call(
            lambda client: client.query(self._name, filter="", output_fields=["count(*)"])
        )
        return int(rows[0]["count(*)"])

    def papers(self, filters: Filters = ANY) -> Iterator[Paper]:
        """All papers that meet the filters, in no set order, some thousand at a time."""
        for row in self._iterate(["record"], filters, _PAPERS):
            yield paper_of(row["record"])

    def histogram(self) -> Iterator[tuple[int, tuple[str, ...], str]]:
        """Year, categories and origin of every paper, without loading the papers themselves."""
        for row in self._iterate(["year", "category_names", "origin"], ANY, _SMALL_ROWS):
            names = str(row["category_names"])
            yield int(row["year"]), tuple(names.split()), str(row["origin"])

    def flush(self) -> None:
        """Seal what was written so that searches are quick (many times slower before, on Milvus Lite)."""
        self._connection.call(lambda client: client.flush(self._name))

    def size_bytes(self) -> int:
        """Bytes on disk of a local library; 0 on a server, which does not tell."""
        if not self._is_local:
            return 0
        return sum(path.stat().st_size for path in self._folder.rglob("*") if path.is_file())

    def _search(
        self, field: str, value: Any, metric: str, k: int, filters: Filters
    ) -> list[tuple[str, float]]:
        params = {"ef": max(_LEAST_EF, 2 * k)} if field == "vector" else {}
        found = self._connection.call(
            lambda client: client.search(
                self._name,
                data=[value],
                anns_field=field,
                limit=k,
                filter=filters.expression(),
                search_params={"metric_type": metric, "params": params},
            )
        )
        return [(str(hit.id), float(hit.distance)) for hit in found[0]]

    def _rows(self, ids: Sequence[str], fields: list[str]) -> dict[str, dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for start in range(0, len(ids), _BATCH):
            batch = list(ids[start : start + _BATCH])
            rows += self._connection.call(partial(_get, name=self._name, ids=batch, fields=fields))
        return {str(row["arxiv_id"]): row for row in rows}

    def _iterate(
        self, fields: list[str], filters: Filters, at_once: int
    ) -> Iterator[dict[str, Any]]:
        iterator = self._connection.call(
            lambda client: client.query_iterator(
                self._name,
                batch_size=at_once,
                filter=filters.expression(),
                output_fields=["arxiv_id", *fields],
            )
        )
        try:
            while rows := iterator.next():
                yield from rows
        finally:
            iterator.close()


def _upsert(client: Any, name: str, rows: list[dict[str, Any]]) -> None:
    client.upsert(name, rows)


def _get(client: Any, name: str, ids: list[str], fields: list[str]) -> list[dict[str, Any]]:
    # Not client.get: it puts ids into its filter without escaping them.
    return list(client.query(name, filter=among(ids), output_fields=["arxiv_id", *fields]))
