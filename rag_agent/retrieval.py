"""Find papers: dense, by keywords, or both in one ranking.

The threshold is judged on the raw cosine of query and paper, never on a fused score; beside it passes a
paper that the query names (`rag_agent.naming`). Hybrid search
takes the best papers of both searches, adds their scores, and lifts those of the best whose neighbours
among them are near the query too. `make bench-retrieval` shows what each step adds.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ingestion.embedding import Embedder
from ingestion.paper import Paper
from ingestion.store.collection import Filters, Store
from ingestion.store.filters import ANY
from ingestion.terms import terms
from rag_agent.citation import Hit
from rag_agent.naming import PassesBy, most_papers_with_rare_term, named_by
from rag_agent.settings import Mode, RetrievalSettings

Scores = NDArray[np.float32]

# Deeper lists ranked no better (500: within 0.003 nDCG@10) and cost Milvus Lite twice the time.
_DEPTH = 200
_RESCORED = 100
_NEIGHBOURS = 8

# How a question asks for papers says nothing about what they are about.
_REQUEST_WORDS = """
article articles paper papers publication publications literature interested interest interests find
list give show tell know want like looking search describe describes describing discuss discusses
discussing discussion discussions deal deals dealing concerning regarding
"""
_REQUEST = re.compile(rf"\b(?:{'|'.join(_REQUEST_WORDS.split())})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fusion:
    """Weights of hybrid search, chosen on four judged sets, alone and among others (bench/LOG.md, 2026-11-29).

    Args:
        dense: Share of the dense score, 0 to 1; the rest is BM25's. Both are scaled to 0..1 in a search.
        neighbours: Weight of the dense scores of a paper's nearest neighbours (Diaz 2005); 0: none.
    """

    dense: float = 0.45
    neighbours: float = 0.4


class Retriever:
    """Searches the library. Safe to share between threads, as its parts are.

    Args:
        store: The library.
        embedder: The model whose vectors the library holds.
        settings: Defaults of every search.
        fusion: Weights of hybrid search.
        within: What every search without filters of its own keeps to.
    """

    def __init__(
        self,
        store: Store,
        embedder: Embedder,
        settings: RetrievalSettings,
        fusion: Fusion = Fusion(),
        within: Filters = ANY,
    ) -> None:
        self._store = store
        self._embedder = embedder
        self._settings = settings
        self._fusion = fusion
        self._within = within

    def search(
        self,
        query: str,
        *,
        k: int | None = None,
        mode: Mode | None = None,
        threshold: float | None = None,
        filters: Filters | None = None,
    ) -> tuple[Hit, ...]:
        """The `k` best papers by score, those below the threshold among them with `passes` false.

        Every hit has its raw cosine, also one that only keyword search found.

        Raises:
            KeywordUnsupported: Keyword or hybrid search on a Milvus server older than 2.5.
        """
        k = k or self._settings.top_k
        threshold = self._settings.threshold if threshold is None else threshold
        filters = filters or self._within
        vector = self._embedder.encode([query])[0]
        match mode or self._settings.mode:
            case "dense":
                found = self._dense(vector, k, filters)
            case "keyword":
                found = self._keyword(query, vector, k, filters)
            case "hybrid":
                found = self._hybrid(query, vector, k, filters)
        return tuple(self._judged(query_terms(query), found, threshold))

    def similar(self, arxiv_id: str, k: int) -> tuple[Hit, ...]:
        """The `k` papers nearest to one of the library by their embeddings, itself left out."""
        ids, vectors = self._store.candidates([arxiv_id])
        near = self._dense(vectors[0], k + 1, ANY) if ids else []
        return tuple(
            Hit(paper, cosine, score, passes=cosine >= self._settings.threshold)
            for paper, cosine, score in near
            if paper.arxiv_id != arxiv_id
        )[:k]

    def _judged(
        self, words: list[str], found: Sequence[tuple[Paper, float, float]], threshold: float
    ) -> Iterator[Hit]:
        most = cache(lambda: most_papers_with_rare_term(self._store.count()))
        is_rare = cache(lambda word: self._stands_in_at_most(most(), word))
        for paper, cosine, score in found:
            by: PassesBy = "cosine" if cosine >= threshold else named_by(words, paper, is_rare)
            yield Hit(paper, cosine=cosine, score=score, passes=bool(by), passes_by=by)

    def _stands_in_at_most(self, papers: int, word: str) -> bool:
        """Whether so few papers have a word; never on an older server, where only titles name a paper."""
        if not self._store.info.keyword_search:
            return False
        return len(self._store.keyword(word, papers + 1)) <= papers

    def _dense(self, vector: Scores, k: int, filters: Filters) -> list[tuple[Paper, float, float]]:
        near = self._store.dense(vector, k, filters)
        papers = self._store.get([id_ for id_, _ in near])
        return [(papers[id_], cosine, cosine) for id_, cosine in near if id_ in papers]

    def _keyword(
        self, query: str, vector: Scores, k: int, filters: Filters
    ) -> list[tuple[Paper, float, float]]:
        matching = self._store.keyword(" ".join(query_terms(query)), k, filters)
        papers, vectors = self._read([id_ for id_, _ in matching])
        score = dict(matching)
        return [
            (paper, cosine, score[paper.arxiv_id])
            for paper, cosine in zip(papers, (vectors @ vector).tolist(), strict=True)
        ]

    def _hybrid(
        self, query: str, vector: Scores, k: int, filters: Filters
    ) -> list[tuple[Paper, float, float]]:
        words = query_terms(query)
        near = self._store.dense(vector, max(_DEPTH, k), filters)
        matching = self._store.keyword(" ".join(words), max(_DEPTH, k), filters)
        dense, keyword = _scaled(near, _min_max), _scaled(matching, _of_best)
        first = {
            id_: self._fusion.dense * dense.get(id_, 0.0)
            + (1 - self._fusion.dense) * keyword.get(id_, 0.0)
            for id_ in dense.keys() | keyword.keys()
        }
        best = sorted(first, key=lambda id_: (-first[id_], id_))[: max(_RESCORED, k)]
        ids, vectors = self._store.candidates(best)
        if not ids:
            return []
        cosines = vectors @ vector
        matched = np.array([keyword.get(id_, 0.0) for id_ in ids], np.float32)
        scores = fused(cosines, matched, vectors, self._fusion)
        order = np.argsort(-scores, kind="stable")[:k].tolist()
        papers = self._store.get([ids[i] for i in order])
        return [
            (papers[ids[i]], float(cosines[i]), float(scores[i])) for i in order if ids[i] in papers
        ]

    def _read(self, ids: Sequence[str]) -> tuple[list[Paper], Scores]:
        """Papers and vectors, in the order of `ids`, of those that are still in the library."""
        found = self._store.get(ids)
        papers = [found[id_] for id_ in ids if id_ in found]
        return papers, self._store.vectors([paper.arxiv_id for paper in papers])


def query_terms(query: str) -> list[str]:
    """The terms of a query, without the words that only ask for papers (if any other is left)."""
    return terms(_REQUEST.sub(" ", query)) or terms(query)


def fused(cosines: Scores, keyword: Scores, vectors: Scores, fusion: Fusion) -> Scores:
    """One score for each of the n candidates.

    Args:
        cosines: (n,) of query and candidate.
        keyword: (n,) BM25 by its best, 0 where keyword search did not find the candidate.
        vectors: (n, dim), rows of norm 1.
        fusion: Weights.
    """
    dense = _min_max(cosines)
    near = _of_neighbours(dense, vectors @ vectors.T)
    scores = fusion.dense * dense + (1 - fusion.dense) * keyword + fusion.neighbours * near
    return np.asarray(scores, np.float32)


def _of_neighbours(scores: Scores, alike: Scores) -> Scores:
    """The mean score of each candidate's nearest neighbours, weighted by how near they are."""
    near = np.maximum(alike, 0)
    np.fill_diagonal(near, 0)
    if len(near) > _NEIGHBOURS:
        least = np.partition(near, -_NEIGHBOURS, axis=1)[:, -_NEIGHBOURS, None]
        near = np.where(near >= least, near, 0)
    total = near.sum(axis=1)
    return np.asarray((near @ scores) / np.maximum(total, 1e-9), np.float32)


def _scaled(
    found: Sequence[tuple[str, float]], scale: Callable[[Scores], Scores]
) -> dict[str, float]:
    scaled = scale(np.array([score for _, score in found], np.float32))
    return dict(zip((id_ for id_, _ in found), scaled.tolist(), strict=True))


def _min_max(scores: Scores) -> Scores:
    """Scores scaled to 0..1; all 1 where they do not differ."""
    if not scores.size:
        return scores
    low, high = scores.min(), scores.max()
    if high == low:
        return np.ones_like(scores)
    return np.asarray((scores - low) / (high - low), np.float32)


def _of_best(scores: Scores) -> Scores:
    """BM25 scores as shares of the best: unlike `_min_max` it does not stretch what little parts the best of many."""
    return np.asarray(scores / scores.max(), np.float32) if scores.size else scores
