"""`python -m bench.latency`: search latency against library size, cold and warm, one and eight clients.

One library grows from size to size. Titles and abstracts are real; the vectors are random ones around 50
centres, since exact search does the same work whatever they hold and 100,000 real ones take an hour to
embed. Queries are titles; embedding them is not part of a search here (`make bench-ingest` has it).

Beside the product in the same run: Milvus Lite's own search over the same folder, a real Milvus 2.3.5
server (dense; it has no keyword search), NumPy brute force, and bm25s.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import charts, record
from bench.ingest import FILES, papers_of
from bench.library import TemporaryLibrary, server_library
from bench.milvus_server import MilvusUnavailable
from ingestion.machine import loopback_service
from ingestion.paper import Paper
from ingestion.settings import StoreSettings
from ingestion.store.collection import Store
from ingestion.store.owner import stop_owner
from ingestion.terms import keyword_text
from rag_agent.retrieval import Retriever, query_terms
from rag_agent.settings import RetrievalSettings

_DIM, _K, _CLIENTS = 384, 10, 8
_SHOWN = ("first", "p50", "p95", "p99", "8 clients, p50", "8 clients, queries/s")
Vectors = NDArray[np.float32]
Search = Callable[[int], object]
Say = Callable[[str], None]


class _FixedVectors:
    """An embedder that knows the queries' vectors: the model's own time is not the store's."""

    def __init__(self, vectors: dict[str, Vectors]) -> None:
        self._vectors = vectors

    def encode(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self._vectors[text] for text in texts])


def measure(
    papers: Sequence[Paper], sizes: Sequence[int], queries: int, server: Store | None, say: Say
) -> Iterator[dict[str, Any]]:
    """Per size: seconds to write and to open, memory, disk, and milliseconds by way of searching."""
    vectors = _vectors(len(papers))
    texts = [paper.title for paper in papers[:: max(1, len(papers) // queries)]][:queries]
    asked = dict(zip(texts, _vectors(len(texts), seed=1), strict=True))
    written = 0
    with TemporaryLibrary() as library:
        for size in sizes:
            say(f"{size} papers: writing")
            new, new_vectors = papers[written:size], vectors[written:size]
            figures: dict[str, Any] = {"papers": size, "written": len(new)}
            figures["write, s"] = _seconds(partial(_write, library.store, new, new_vectors))
            if server:
                figures["server, write, s"] = _seconds(partial(_write, server, new, new_vectors))
            written = size
            say(f"{size} papers: searching")
            figures |= _cold(library, asked)
            ways = _ours(library.store, asked) | _server(server, asked)
            ways |= _brute_force(papers[:size], vectors[:size], asked)
            figures["ways, ms"] = {
                name: _figures(search, len(texts)) for name, search in ways.items()
            }
            figures["memory of the owner, MB"] = _memory_mb(library)
            figures["disk, MB"] = round(library.store.size_bytes() / 1e6)
            figures["ways, ms"] |= _lite_itself(library, asked, min(20, len(texts)))
            yield figures


def _write(store: Store, papers: Sequence[Paper], vectors: Vectors) -> None:
    store.upsert(papers, vectors)
    store.flush()


def _cold(library: TemporaryLibrary, asked: dict[str, Vectors]) -> dict[str, float]:
    """What the first question waits for when no owner runs: it starts, opens the folder, and searches."""
    stop_owner(library.home / "library")
    text = next(iter(asked))
    retriever = _retriever(library.store, asked)
    return {
        "start and open, s": _seconds(library.store.count),
        "cold hybrid search, s": _seconds(lambda: retriever.search(text, k=_K, mode="hybrid")),
    }


def _ours(store: Store, asked: dict[str, Vectors]) -> dict[str, Search]:
    retriever = _retriever(store, asked)
    texts = list(asked)
    return {
        "dense": lambda i: store.dense(asked[texts[i]], _K),
        "keyword": lambda i: store.keyword(" ".join(query_terms(texts[i])), _K),
        "search, dense": lambda i: retriever.search(texts[i], k=_K, mode="dense"),
        "search, hybrid": lambda i: retriever.search(texts[i], k=_K, mode="hybrid"),
    }


def _server(server: Store | None, asked: dict[str, Vectors]) -> dict[str, Search]:
    texts = list(asked)
    return {"Milvus server, dense": lambda i: server.dense(asked[texts[i]], _K)} if server else {}


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

    return {"NumPy, dense": nearest, "bm25s, keyword": matching}


def _lite_itself(
    library: TemporaryLibrary, asked: dict[str, Vectors], queries: int
) -> dict[str, dict[str, float]]:
    """Milvus Lite in this process, without a server between, over the library's folder."""
    from milvus_lite.db import MilvusLite

    stop_owner(library.home / "library")
    database = MilvusLite(str(library.home / "library" / "milvus"))
    try:
        collection = database.get_collection(StoreSettings().collection)
        collection.load()
        texts = list(asked)
        ways: dict[str, Search] = {
            "Milvus Lite alone, dense": lambda i: collection.search(
                [asked[texts[i]].tolist()], _K, "COSINE", anns_field="vector", output_fields=[]
            ),
            "Milvus Lite alone, keyword": lambda i: collection.search(
                [" ".join(query_terms(texts[i]))], _K, "BM25", anns_field="sparse", output_fields=[]
            ),
        }
        return {name: _figures(search, queries) for name, search in ways.items()}
    finally:
        database.close()


def _retriever(store: Store, asked: dict[str, Vectors]) -> Retriever:
    embedder: Any = _FixedVectors(asked)
    return Retriever(store, embedder, RetrievalSettings())


def _figures(search: Search, queries: int) -> dict[str, float]:
    first = _seconds(partial(search, 0))
    alone = [_seconds(partial(search, i)) for i in range(queries)]
    with ThreadPoolExecutor(_CLIENTS) as clients:
        started = time.perf_counter()
        together = list(clients.map(lambda i: _seconds(partial(search, i)), range(queries)))
        took = time.perf_counter() - started
    p50, p95, p99 = np.percentile(alone, (50, 95, 99))
    figures = {
        "first": first,
        "p50": p50,
        "p95": p95,
        "p99": p99,
        f"{_CLIENTS} clients, p50": np.percentile(together, 50),
        f"{_CLIENTS} clients, p99": np.percentile(together, 99),
    }
    in_ms = {name: round(float(value) * 1000, 2) for name, value in figures.items()}
    return {**in_ms, f"{_CLIENTS} clients, queries/s": round(queries / took, 1)}


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return round(time.perf_counter() - started, 6)


def _memory_mb(library: TemporaryLibrary) -> int:
    import psutil

    owner = loopback_service.find(library.home / "library" / "owner.json")
    return round(psutil.Process(owner.pid).memory_info().rss / 1e6) if owner else 0


def _vectors(count: int, seed: int = 0) -> Vectors:
    """float32 (count, 384), rows of norm 1, around 50 centres."""
    centres = np.random.default_rng(7).standard_normal((50, _DIM), np.float32)
    random = np.random.default_rng(seed)
    made = random.standard_normal((count, _DIM), np.float32)
    made += centres[random.integers(0, 50, count)]
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), np.float32)


def table(figures: dict[str, Any]) -> str:
    """The ways of searching as lines of text, a block a size; milliseconds."""
    lines = []
    for row in figures["sizes"]:
        rest = ", ".join(f"{name} {value}" for name, value in row.items() if name != "ways, ms")
        lines += ["", rest, f"{'ms':28}" + "".join(f"{name:>22}" for name in _SHOWN)]
        for name, way in row["ways, ms"].items():
            lines.append(f"{name:28}" + "".join(f"{way[shown]:>22}" for shown in _SHOWN))
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; the exit status is 2 where the papers are missing."""
    parser = argparse.ArgumentParser(prog="python -m bench.latency", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(FILES), help="folder of *-20k.jsonl.gz")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 20_000, 100_000])
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--no-server", action="store_true", help="leave the real Milvus server out")
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    parser.add_argument("--no-files", action="store_true", help="write nothing to bench/results")
    chosen = parser.parse_args(arguments)
    papers = papers_of(chosen.data, max(chosen.sizes))
    if not papers:
        print(f"no *-20k.jsonl.gz in {chosen.data}; name a folder with --data", file=sys.stderr)
        return 2
    figures: dict[str, Any] = {"sizes": []}
    try:
        with nullcontext() if chosen.no_server else server_library("random", _DIM) as server:
            store = server[0] if server else None
            for row in measure(papers, sorted(chosen.sizes), chosen.queries, store, _say):
                figures["sizes"].append(row)
                if not chosen.no_files:
                    _keep(figures)
    except MilvusUnavailable as error:
        print(f"no Milvus server ({error}); --no-server leaves it out", file=sys.stderr)
        return 2
    print(json.dumps(figures) if chosen.json else table(figures))
    return 0


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def _keep(figures: dict[str, Any]) -> None:
    path = record.write("latency", figures)
    names = list(figures["sizes"][0]["ways, ms"])
    series = {
        name: {row["papers"]: row["ways, ms"][name]["p50"] for row in figures["sizes"]}
        for name in names
    }
    charts.lines(series, "papers", "p50 of one client, ms", path.with_suffix(""))


if __name__ == "__main__":
    sys.exit(main())
