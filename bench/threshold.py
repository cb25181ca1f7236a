"""`python -m bench.threshold`: what a cosine threshold lets pass, for queries in and out of the library.

A query is in the library when a judged document of its own set is there, out when the library holds
another set altogether: each BEIR-layout folder given is searched with its own queries and the others'.
With --arxiv the library of real papers is searched too, with titles of papers whose archive it leaves out.
A query for which nothing passes starts a fetch: for a query in the library that is a false one.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import charts, record
from bench.datasets import Dataset, read_dataset, read_documents
from bench.vectors import cached
from ingestion.embedding import Embedder
from ingestion.paper import Paper
from ingestion.settings import EmbeddingSettings
from rag_agent.settings import home_folder

THRESHOLDS = tuple(round(0.25 + 0.05 * step, 2) for step in range(10))
_LEFT_OUT = ("q-bio", "econ", "stat", "hep-ph")
Vectors = NDArray[np.float32]
Curve = dict[str, float]


def best_cosines(queries: Vectors, documents: Vectors) -> Vectors:
    """The highest cosine that each query reaches, float32 (queries,)."""
    return np.asarray((queries @ documents.T).max(axis=1), np.float32)


def curve(cosines: Sequence[float] | Vectors) -> Curve:
    """Share of queries for which something passes, by threshold."""
    values = np.asarray(cosines)
    return {str(t): round(float((values >= t).mean()), 4) for t in THRESHOLDS}


def trade_off(inside: Curve, outside: Curve) -> dict[str, dict[str, float]]:
    """By threshold: false fetches, and precision of "the library has it" at equal numbers of both kinds."""
    return {
        t: {
            "false fetches": round(1 - inside[t], 4),
            "precision": round(inside[t] / max(inside[t] + outside[t], 1e-9), 4),
        }
        for t in inside
    }


def best_threshold(inside: Curve, outside: Curve) -> float:
    """The threshold with the fewest mistakes at equal numbers of both kinds of queries."""
    return float(min(inside, key=lambda t: (1 - inside[t]) + outside[t]))


def measure(datasets: Sequence[Dataset], arxiv: Sequence[Paper]) -> dict[str, Any]:
    """Curves by group, their means over the groups in and out, and the best threshold."""
    embedder = Embedder(EmbeddingSettings(), home_folder())

    def embed(texts: Sequence[str]) -> Vectors:
        return cached("product", texts, embedder.encode)

    documents = {d.name: embed([paper.text for paper in d.papers]) for d in datasets}
    queries = {d.name: embed(list(d.queries.values())) for d in datasets}
    inside = {name: curve(best_cosines(queries[name], documents[name])) for name in documents}
    outside = {
        f"{asked} in {library}": curve(best_cosines(queries[asked], documents[library]))
        for asked in queries
        for library in documents
        if asked != library
    }
    relevant = {
        f"{d.name}: best judged document": curve(_relevant(d, queries[d.name], documents[d.name]))
        for d in datasets
    }
    if arxiv:
        kept = [paper for paper in arxiv if _archive(paper) not in _LEFT_OUT]
        left = [paper for paper in arxiv if _archive(paper) in _LEFT_OUT][:300]
        library = embed([paper.text for paper in kept])
        inside["arXiv titles"] = curve(best_cosines(embed([p.title for p in kept[:300]]), library))
        outside["arXiv titles, archive left out"] = curve(
            best_cosines(embed([paper.title for paper in left]), library)
        )
    mean_in, mean_out = _mean(inside), _mean(outside)
    return {
        "in, share that passes": inside,
        "out, share that passes": outside,
        "judged, share that passes": relevant,
        "trade-off": trade_off(mean_in, mean_out),
        "fewest mistakes at": best_threshold(mean_in, mean_out),
    }


def _relevant(dataset: Dataset, queries: Vectors, documents: Vectors) -> list[float]:
    row = {paper.arxiv_id: i for i, paper in enumerate(dataset.papers)}
    found = []
    for vector, grades in zip(queries, map(dataset.judgements.get, dataset.queries), strict=True):
        rows = [row[id_] for id_, grade in (grades or {}).items() if grade > 0 and id_ in row]
        found.append(float((documents[rows] @ vector).max()) if rows else -1.0)
    return found


def _archive(paper: Paper) -> str:
    return paper.categories[0].partition(".")[0] if paper.categories else ""


def _mean(curves: dict[str, Curve]) -> Curve:
    return {
        str(t): float(np.mean([values[str(t)] for values in curves.values()])) for t in THRESHOLDS
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; the exit status is 2 where the data cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m bench.threshold", description=__doc__)
    parser.add_argument(
        "--data", type=Path, nargs="+", required=True, help="BEIR-layout folders, two or more"
    )
    parser.add_argument("--arxiv", type=Path, help="arXiv metadata, JSON lines (.gz too)")
    parser.add_argument("--papers", type=int, default=20_000, help="papers taken of --arxiv")
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    parser.add_argument("--no-files", action="store_true", help="write nothing to bench/results")
    chosen = parser.parse_args(arguments)
    try:
        datasets = [read_dataset(folder) for folder in chosen.data]
        arxiv = list(read_documents(chosen.arxiv))[: chosen.papers] if chosen.arxiv else []
    except (OSError, ValueError) as error:
        print(f"cannot read the data: {error}", file=sys.stderr)
        return 2
    figures = measure(datasets, arxiv)
    print(json.dumps(figures, indent=None if chosen.json else 1))
    if not chosen.no_files:
        path = record.write("threshold", figures)
        charts.threshold(figures, path.with_suffix(""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
