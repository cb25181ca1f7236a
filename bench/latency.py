"""`python -m bench.latency`: search latency against library size, first and warm, one and eight clients.

Real titles and abstracts, whose terms keyword search sees. The vectors are random ones around 50 centres:
exact search does the same work whatever they hold, and 100,000 real ones would take an hour to embed.
Beside it in the same run: NumPy brute force over the same vectors, and bm25s over the same terms.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import charts, record
from bench.ingest import FILES, papers_of
from bench.library import TemporaryLibrary
from ingestion.paper import Paper
from ingestion.store import Store
from ingestion.terms import keyword_text
from rag_agent.retrieval import Retriever, query_terms
from rag_agent.settings import RetrievalSettings

_DIM, _K, _CLIENTS = 384, 10, 8
Vectors = NDArray[np.float32]
Search = Callable[[int], object]


class _FixedVectors:
    """An embedder that knows the queries' vectors: the model's own time is not the store's."""

    def __init__(self, vectors: dict[str, Vectors]) -> None:
        self._vectors = vectors

    def encode(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self._vectors[text] for text in texts])


def measure(papers: Sequence[Paper], queries: int) -> dict[str, Any]:
    """Milliseconds by way of searching: {first, p50, p95, p99, p50 of eight clients, queries/s of eight}."""
    vectors = _vectors(len(papers))
    texts = [paper.title for paper in papers[:: max(1, len(papers) // queries)]][:queries]
    asked = dict(zip(texts, _vectors(len(texts), seed=1), strict=True))
    with TemporaryLibrary() as library:
        library.store.upsert(papers, vectors)
        library.store.flush()
        ways = _ours(library.store, asked) | _brute_force(papers, vectors, asked)
        return {"papers": len(papers)} | {
            name: _figures(search, len(texts)) for name, search in ways.items()
        }


def _ours(store: Store, asked: dict[str, Vectors]) -> dict[str, Search]:
    embedder: Any = _FixedVectors(asked)
    retriever = Retriever(store, embedder, RetrievalSettings())
    texts = list(asked)
    return {
        "store, dense": lambda i: store.dense(asked[texts[i]], _K),
        "store, keyword": lambda i: store.keyword(" ".join(query_terms(texts[i])), _K),
        "search, dense": lambda i: retriever.search(texts[i], k=_K, mode="dense"),
        "search, hybrid": lambda i: retriever.search(texts[i], k=_K, mode="hybrid"),
    }


def _brute_force(
    papers: Sequence[Paper], vectors: Vectors, asked: dict[str, Vectors]
) -> dict[str, Search]:
    import bm25s

    index = bm25s.BM25(k1=1.2, b=0.6)
    index.index([keyword_text(paper).split() for paper in papers], show_progress=False)
    texts = list(asked)

    def nearest(i: int) -> Any:
        scores = vectors @ asked[texts[i]]
        best = np.argpartition(-scores, _K)[:_K]
        return best[np.argsort(-scores[best])]

    def matching(i: int) -> Any:
        return index.retrieve([query_terms(texts[i])], k=_K, show_progress=False)

    return {"NumPy brute force": nearest, "bm25s": matching}


def _figures(search: Search, queries: int) -> dict[str, float]:
    first = _ms(search, 0)
    alone = [_ms(search, i) for i in range(queries)]
    with ThreadPoolExecutor(_CLIENTS) as clients:
        started = time.perf_counter()
        together = list(clients.map(lambda i: _ms(search, i), range(queries)))
        seconds = time.perf_counter() - started
    p50, p95, p99 = np.percentile(alone, (50, 95, 99))
    figures = {
        "first": first,
        "p50": p50,
        "p95": p95,
        "p99": p99,
        f"{_CLIENTS} clients, p50": np.percentile(together, 50),
        f"{_CLIENTS} clients, p99": np.percentile(together, 99),
        f"{_CLIENTS} clients, queries/s": queries / seconds,
    }
    return {name: round(float(value), 2) for name, value in figures.items()}


def _ms(search: Search, query: int) -> float:
    started = time.perf_counter()
    search(query)
    return (time.perf_counter() - started) * 1000


def _vectors(count: int, seed: int = 0) -> Vectors:
    """float32 (count, 384), rows of norm 1, around 50 centres."""
    centres = np.random.default_rng(7).standard_normal((50, _DIM))
    random = np.random.default_rng(seed)
    made = centres[random.integers(0, 50, count)] + random.standard_normal((count, _DIM))
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), np.float32)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; the exit status is 2 where the papers are missing."""
    parser = argparse.ArgumentParser(prog="python -m bench.latency", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(FILES), help="folder of *-20k.jsonl.gz")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 20_000, 100_000])
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    parser.add_argument("--no-files", action="store_true", help="write nothing to bench/results")
    chosen = parser.parse_args(arguments)
    papers = papers_of(chosen.data, max(chosen.sizes))
    if not papers:
        print(f"no *-20k.jsonl.gz in {chosen.data}; name a folder with --data", file=sys.stderr)
        return 2
    figures: dict[str, Any] = {"unit": "milliseconds", "sizes": []}
    for size in chosen.sizes:
        print(f"{size} papers", file=sys.stderr, flush=True)
        figures["sizes"].append(measure(papers[:size], chosen.queries))
        if not chosen.no_files:
            _keep(figures)
    print(json.dumps(figures, indent=None if chosen.json else 1))
    return 0


def _keep(figures: dict[str, Any]) -> None:
    path = record.write("latency", figures)
    names = [name for name in figures["sizes"][0] if name != "papers"]
    series = {name: {row["papers"]: row[name]["p50"] for row in figures["sizes"]} for name in names}
    charts.lines(series, "papers", "p50 of one client, ms", path.with_suffix(""))


if __name__ == "__main__":
    sys.exit(main())
