"""`python -m bench.growth`: each engine of the library grown to a million papers and more, every point measured.

The papers are real abstracts, embedded, and then repeated: a copy's vector is the original's with noise, a cosine of
about 0.8 from it, and its text is the original's. That is good enough for what an index costs and loses; it says
nothing of how well papers are found among a million others. Queries are titles of further papers. Recall is the share
of the true ten nearest, by exact search, that an engine gives.

An engine is grown until the largest size, or until `--minutes` are over, and the table says where it stopped and why.
Points that were measured are kept as soon as they are; none is extrapolated.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import charts, record
from bench.growth_engines import ENGINES, Engine, Vectors
from bench.ingest import FILES, papers_of
from bench.milvus_server import MilvusUnavailable
from bench.vectors import cached
from ingestion.embedding.model import LocalEmbedder
from ingestion.errors import AgentError
from ingestion.paper import Paper
from rag_agent.retrieval import query_terms
from rag_agent.settings import home_folder, load_settings

SIZES = (10_000, 100_000, 300_000, 1_000_000)
CLIENTS = (1, 8, 64)
_BASE = 2_000
_K = 10
_CHUNK = 20_000
_NOISE = 0.75  # length of the noise beside the vector's own 1: a cosine of 0.8 to the original


@dataclass(frozen=True, slots=True)
class Copies:
    """Any number of papers made from a few.

    Args:
        papers: The originals.
        vectors: Theirs, float32 (papers, dim), rows of norm 1.
    """

    papers: Sequence[Paper]
    vectors: Vectors

    def chunk(self, start: int, stop: int) -> tuple[list[Paper], Vectors]:
        """The copies of these numbers, the same in every call; `start` is a multiple of the chunk's length."""
        numbers = np.arange(start, stop)
        originals = numbers % len(self.papers)
        noise = np.random.default_rng(start).standard_normal(
            (len(numbers), self.vectors.shape[1]), np.float32
        )
        vectors = self.vectors[originals] + noise * np.float32(_NOISE / noise.shape[1] ** 0.5)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        papers = [
            replace(self.papers[original], arxiv_id=f"{number}")
            for number, original in zip(numbers.tolist(), originals.tolist(), strict=True)
        ]
        return papers, vectors


@dataclass(frozen=True, slots=True)
class Asked:
    """Queries: their vectors, float32 (queries, dim), their terms, and by size the true nearest, int (queries, 10)."""

    vectors: Vectors
    terms: Sequence[str]
    nearest: Mapping[int, NDArray[np.int64]]


def nearest(copies: Copies, queries: Vectors, sizes: Sequence[int]) -> dict[int, NDArray[np.int64]]:
    """Numbers of the copies nearest to each query at each size, by exact search."""
    found: dict[int, NDArray[np.int64]] = {}
    numbers = np.zeros((len(queries), 0), np.int64)
    scores = np.zeros((len(queries), 0), np.float32)
    for start, stop in _chunks(0, sizes):
        _, vectors = copies.chunk(start, stop)
        scores = np.hstack([scores, queries @ vectors.T])
        numbers = np.hstack(
            [numbers, np.broadcast_to(np.arange(start, stop), (len(queries), stop - start))]
        )
        best = np.argsort(-scores, axis=1, kind="stable")[:, :_K]
        scores, numbers = np.take_along_axis(scores, best, 1), np.take_along_axis(numbers, best, 1)
        if stop in sizes:
            found[stop] = numbers
    return found


def grow(
    engine: Engine, copies: Copies, asked: Asked, sizes: Sequence[int], minutes: float
) -> Iterator[dict[str, Any]]:
    """A row of figures for each size that is reached in time; a last one says why it went no further."""
    began = time.monotonic()
    written = 0
    for size in sizes:
        spent_s = time.monotonic() - began
        if written and spent_s * size / written > minutes * 60:
            yield {
                "stopped before": size,
                "why": f"it would have taken more than {minutes:g} minutes",
            }
            return
        started = time.monotonic()
        try:
            for start, stop in _chunks(written, [size]):
                engine.add(*copies.chunk(start, stop))
            write_s = time.monotonic() - started
            engine.settle()
        except (AgentError, MemoryError, TimeoutError) as error:
            yield {"stopped before": size, "why": str(error) or type(error).__name__}
            return
        yield {
            "papers": size,
            "written": size - written,
            "write, s": round(write_s, 1),
            "index, s": round(time.monotonic() - started - write_s, 1),
            "memory, MB": round(engine.memory_mb()),
            "disk, MB": round(engine.disk_mb()),
            **_searched(engine, asked, size),
        }
        written = size


def _chunks(start: int, sizes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Spans of at most a chunk that end at every size."""
    for size in sizes:
        while start < size:
            stop = min(size, start - start % _CHUNK + _CHUNK)
            yield start, stop
            start = stop


def _searched(engine: Engine, asked: Asked, size: int) -> dict[str, Any]:
    def dense(i: int) -> list[str] | None:
        return engine.dense(asked.vectors[i], _K)

    def keyword(i: int) -> list[str] | None:
        return engine.keyword(asked.terms[i], _K)

    count = len(asked.terms)
    truth = asked.nearest[size]
    hits = [len(set(dense(i) or ()) & {str(n) for n in truth[i]}) for i in range(count)]
    figures: dict[str, Any] = {"recall@10": round(sum(hits) / truth.size, 4)}
    ways = {"dense": dense} | ({"keyword": keyword} if keyword(0) is not None else {})
    for name, way in ways.items():
        for clients in CLIENTS:
            figures[f"{name}, {clients} clients"] = _timed(way, count, clients)
    return figures


def _timed(way: Any, count: int, clients: int) -> dict[str, float]:
    """Milliseconds of a search, and searches a second, with so many clients at once."""

    def one(i: int) -> float:
        started = time.perf_counter()
        way(i)
        return (time.perf_counter() - started) * 1000

    with ThreadPoolExecutor(clients) as pool:
        started = time.perf_counter()
        took = list(pool.map(one, range(count)))
        wall_s = time.perf_counter() - started
    p50, p95 = np.percentile(took, (50, 95))
    return {
        "p50, ms": round(float(p50), 2),
        "p95, ms": round(float(p95), 2),
        "a second": round(count / wall_s, 1),
    }


def made(folder: Path, base: int, queries: int, sizes: Sequence[int]) -> tuple[Copies, Asked]:
    """Originals and queries from the files of a folder, embedded by the model in force.

    Raises:
        AgentError: The folder has no such files.
    """
    papers = papers_of(folder, base + queries)
    if len(papers) < base + queries:
        raise AgentError(
            f"{folder} holds {len(papers)} papers in *-20k.jsonl.gz",
            next_step="Name a folder with --data, or fewer with --base",
        )
    embedder = LocalEmbedder(load_settings().embedding, home_folder())
    texts = [paper.text for paper in papers[:base]] + [paper.title for paper in papers[base:]]
    vectors = cached("product", texts, embedder.encode)
    copies = Copies(papers[:base], vectors[:base])
    terms = [" ".join(query_terms(title)) for title in texts[base:]]
    return copies, Asked(vectors[base:], terms, nearest(copies, vectors[base:], sizes))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; the exit status is 2 where there are no papers."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(FILES), help="folder of *-20k.jsonl.gz")
    parser.add_argument("--engines", nargs="+", default=list(ENGINES), choices=list(ENGINES))
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--minutes", type=float, default=60, help="most to grow one engine")
    parser.add_argument("--base", type=int, default=_BASE, help="papers that are repeated")
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    parser.add_argument("--no-files", action="store_true", help="write nothing to bench/results")
    chosen = parser.parse_args(arguments)
    sizes = sorted(chosen.sizes)
    try:
        copies, asked = made(chosen.data, chosen.base, chosen.queries, sizes)
    except AgentError as error:
        print(error, file=sys.stderr)
        return 2
    figures: dict[str, Any] = {
        "papers repeated": chosen.base,
        "cosine of a copy to its original": round((1 + _NOISE**2) ** -0.5, 2),
        "queries": chosen.queries,
        "engines": dict(record.kept("growth").get("engines", {})),  # of an engine left out today
    }
    for name in chosen.engines:
        figures["engines"][name] = rows = []
        try:
            with ENGINES[name]() as engine:
                for row in grow(engine, copies, asked, sizes, chosen.minutes):
                    rows.append(row | {"load": record.origin()["machine"]["load_1_min"]})
                    print(f"{name}: {row}", file=sys.stderr, flush=True)
                    if not chosen.no_files:
                        _keep(figures)
        except MilvusUnavailable as error:
            rows.append({"stopped before": sizes[0], "why": f"there is no server here: {error}"})
    print(json.dumps(figures) if chosen.json else table(figures))
    return 0


def table(figures: Mapping[str, Any]) -> str:
    """One line a point."""
    lines = []
    for name, rows in figures["engines"].items():
        lines.append(name)
        for row in rows:
            if "why" in row:
                lines.append(f"  stopped before {row['stopped before']:,}: {row['why']}")
                continue
            dense = [row[f"dense, {clients} clients"]["p50, ms"] for clients in CLIENTS]
            lines.append(
                f"  {row['papers']:>9,} papers: written in {row['write, s']} s, indexed in {row['index, s']} s, "
                f"{row['memory, MB']:,} MB, disk {row['disk, MB']:,} MB, recall@10 {row['recall@10']}, p50 "
                + ", ".join(f"{ms} ms" for ms in dense)
                + " with "
                + ", ".join(map(str, CLIENTS))
                + " clients"
            )
    return "\n".join(lines)


def _keep(figures: Mapping[str, Any]) -> None:
    path = record.write("growth", figures)
    series: dict[str, dict[float, float]] = {}
    for name, rows in figures["engines"].items():
        points = [row for row in rows if "papers" in row]
        for clients in CLIENTS[:2]:
            drawn = {row["papers"]: row[f"dense, {clients} clients"]["p50, ms"] for row in points}
            series[f"{name}, {clients} client{'s' * (clients > 1)}: p50, ms"] = drawn
        series[f"{name}: memory, GB"] = {row["papers"]: row["memory, MB"] / 1000 for row in points}
    charts.lines(series, "papers in the library", "ms or GB", path.with_suffix(""))


if __name__ == "__main__":
    sys.exit(main())
