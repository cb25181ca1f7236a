"""Exact search by cosine and by BM25 over rows in memory, in NumPy.

Rows come in parts that never change, so that a write to a large library indexes the new rows alone.
"""

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
_MOST_TOGETHER = 8  # vectors in one product: 32 bytes of scores for each row of the library
_PAIR = np.dtype([("term", "<u4"), ("count", "<f4")])


class Postings:
    """Which rows have a term, and how often.

    Args:
        sparse: The counts of each row's terms as Milvus stores a sparse vector: pairs of a little-endian
            uint32, the term's hash, and a float32, its count.
    """

    def __init__(self, sparse: Sequence[bytes]) -> None:
        pairs = np.frombuffer(b"".join(sparse), _PAIR)
        rows = np.repeat(
            np.arange(len(sparse), dtype=np.int32), [len(row) // _PAIR.itemsize for row in sparse]
        )
        order = np.argsort(pairs["term"], kind="stable")
        self._terms, self._starts = np.unique(pairs["term"][order], return_index=True)
        self._rows, self._counts = rows[order], pairs["count"][order]
        self.lengths = np.bincount(rows, pairs["count"], len(sparse)).astype(np.float32)

    def of(self, term: int) -> tuple[NDArray[np.int32], Floats]:
        """Rows that have the term, each once, with its counts."""
        at = int(np.searchsorted(self._terms, term))
        if at == len(self._terms) or self._terms[at] != term:
            return self._rows[:0], self._counts[:0]
        end = self._starts[at + 1] if at + 1 < len(self._starts) else len(self._rows)
        span = slice(self._starts[at], end)
        return self._rows[span], self._counts[span]


class Part:
    """Rows that never change.

    Args:
        ids: One a row.
        vectors: float32 (rows, dim), of any norm; kept, not copied.
        sparse: The rows' terms, as for `Postings`.
    """

    def __init__(self, ids: Sequence[str], vectors: Floats, sparse: Sequence[bytes]) -> None:
        self.ids = ids
        self.vectors = vectors
        self.norms = np.maximum(np.linalg.norm(vectors, axis=1), 1e-12)
        self.postings = Postings(sparse)


class _Products:
    """Products of the parts' vectors with one's own, made together for all who wait.

    One product uses all cores, so eight at once wait for each other's threads (94 ms a search of 20,000 rows with
    eight clients, 3 ms with one), and each reads all rows from memory. So one is made at a time, with the vectors of
    all who wait for it (bench/LOG.md).
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._multiplying = threading.Lock()
        self._waiting: deque[tuple[Floats, Future[list[Floats]]]] = deque()

    def of(self, vector: Floats) -> list[Floats]:
        """One float32 (rows,) a part.

        Raises:
            ValueError: The vector has another length than those of the parts.
        """
        if any(part.vectors.shape[1:] != vector.shape for part in self._parts):
            raise ValueError(f"a vector of {len(vector)} numbers is of another model")
        wanted: Future[list[Floats]] = Future()
        self._waiting.append((vector, wanted))
        with self._multiplying:
            while not wanted.done():  # who held the lock before may have done it
                self._multiply()
        return wanted.result()

    def _multiply(self) -> None:
        together = [self._waiting.popleft() for _ in range(min(_MOST_TOGETHER, len(self._waiting)))]
        try:
            vectors = np.stack([vector for vector, _ in together])
            products = [vectors @ part.vectors.T for part in self._parts]
        except MemoryError as error:
            for _, wanted in together:
                wanted.set_exception(error)
            return
        for row, (_, wanted) in enumerate(together):
            wanted.set_result([product[row] for product in products])


class Collection:
    """The valid rows of all parts.

    Args:
        parts: Rows.
        valid: One mask a part: which of its rows have been neither deleted nor written again since.
    """

    def __init__(self, parts: Sequence[Part], valid: Sequence[Mask]) -> None:
        self._parts = parts
        self._products = _Products(parts)
        self.valid = valid
        self._count = max(1, sum(int(mask.sum()) for mask in valid))
        terms = sum(float(p.postings.lengths[m].sum()) for p, m in zip(parts, valid, strict=True))
        self._mean_length = max(1.0, terms / self._count)

    def nearest(self, vector: Floats, k: int, allowed: Sequence[Mask]) -> list[tuple[str, float]]:
        """The `k` rows of highest cosine: (id, cosine), best first.

        Args:
            vector: float32 (dim,), any norm.
            k: Most hits returned.
            allowed: One mask a part: rows that may be returned, valid ones alone.

        Raises:
            ValueError: The vector has another length than the rows'.
        """
        unit = vector / max(float(np.linalg.norm(vector)), 1e-12)
        products = self._products.of(unit)
        scores = [product / part.norms for product, part in zip(products, self._parts, strict=True)]
        return self._best(scores, k, allowed)

    def matching(
        self, query: Mapping[int, float], k: int, k1: float, b: float, allowed: Sequence[Mask]
    ) -> list[tuple[str, float]]:
        """The `k` best rows by BM25 (Robertson and Zaragoza 2009) among those with a term of the query.

        Args:
            query: Weights by term.
            k: Most hits returned.
            k1: How soon a repeated term counts no more.
            b: How much longer rows are held back, 0 to 1.
            allowed: As for `nearest`; document frequencies are those of all valid rows.
        """
        scores = [np.zeros(len(part.ids), np.float32) for part in self._parts]
        for term, weight in query.items():
            found = [part.postings.of(term) for part in self._parts]
            have = sum(int(m[rows].sum()) for m, (rows, _) in zip(self.valid, found, strict=True))
            rarity = np.log1p((self._count - have + 0.5) / (have + 0.5))
            for part, score, (rows, counts) in zip(self._parts, scores, found, strict=True):
                lengths = part.postings.lengths[rows] / self._mean_length
                damped = counts * (k1 + 1) / (counts + k1 * (1 - b + b * lengths))
                score[rows] += (weight * rarity * damped).astype(np.float32)
        matched = [mask & (score > 0) for mask, score in zip(allowed, scores, strict=True)]
        return self._best(scores, k, matched)

    def _best(
        self, scores: Sequence[Floats], k: int, allowed: Sequence[Mask]
    ) -> list[tuple[str, float]]:
        hits = []
        for part, score, mask in zip(self._parts, scores, allowed, strict=True):
            rows = np.flatnonzero(mask)
            if len(rows) > k:
                rows = rows[np.argpartition(-score[rows], k - 1)[:k]]
            hits += [(part.ids[row], float(score[row])) for row in rows.tolist()]
        return sorted(hits, key=lambda hit: (-hit[1], hit[0]))[:k]
