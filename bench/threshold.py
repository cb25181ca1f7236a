"""`python -m bench.threshold`: what a cosine threshold lets pass, for queries in and out of the library.

The libraries are BEIR-layout folders and real arXiv papers, alone and joined. A query is in a library that
holds its judged documents, out of one that holds none of them: another folder's, arXiv alone (near misses:
arXiv has computer science and some biology), or for the title of an arXiv paper the papers of all other
archives. A query for which nothing passes starts a fetch: for one in the library a false fetch. One out of
the library for which something passes is answered from foreign papers, or declined by the model.
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import charts, record
from bench.datasets import Dataset, read_dataset
from bench.ingest import FILES, papers_of
from bench.vectors import cached
from ingestion.embedding.model import LocalEmbedder
from ingestion.paper import Paper
from ingestion.settings import EmbeddingSettings
from ingestion.terms import terms
from rag_agent.naming import most_papers_with_rare_term, named_by
from rag_agent.retrieval import query_terms
from rag_agent.settings import RetrievalSettings, home_folder

THRESHOLDS = tuple(round(0.25 + 0.05 * step, 2) for step in range(10))
_LEFT_OUT = ("q-bio", "econ", "stat", "hep-ph")
_TITLES = 300
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
    """By threshold: false fetches, foreign passes, and the precision of "the library has it".

    Precision is that at equal numbers of queries in and out.
    """
    return {
        t: {
            "false fetches": round(1 - inside[t], 4),
            "foreign passes": round(outside[t], 4),
            "precision": round(inside[t] / max(inside[t] + outside[t], 1e-9), 4),
        }
        for t in inside
    }


def best_threshold(inside: Curve, outside: Curve) -> float:
    """The threshold with the fewest mistakes at equal numbers of both kinds of queries."""
    return float(min(inside, key=lambda t: (1 - inside[t]) + outside[t]))


class Names:
    """Which papers of a library a query names, as `rag_agent.naming` has it."""

    def __init__(self, papers: Sequence[Paper]) -> None:
        self._papers = papers
        self._with: defaultdict[str, set[int]] = defaultdict(set)
        for row, paper in enumerate(papers):
            for term in terms(paper.text):
                self._with[term].add(row)
        self._most = most_papers_with_rare_term(len(papers))

    def any_named_by(self, query: str) -> bool:
        """Whether the query names a paper, by its title or by rare terms."""
        words = query_terms(query)
        have = [self._with[word] for word in words if word in self._with]
        rows = min(
            have, key=len, default=set()
        )  # a title has them all; a named paper has the rarest
        return any(named_by(words, self._papers[row], self._is_rare) for row in rows)

    def _is_rare(self, word: str) -> bool:
        return len(self._with.get(word, ())) <= self._most


def beside(cosines: Vectors, queries: Sequence[str], names: Names) -> dict[str, float]:
    """Share of queries for which something passes at the documented threshold: by cosine, or by name too."""
    passes = cosines >= RetrievalSettings().threshold
    named = np.array([names.any_named_by(query) for query in queries])
    return {
        "cosine": round(float(passes.mean()), 4),
        "cosine, title or term": round(float((passes | named).mean()), 4),
    }


def measure(datasets: Sequence[Dataset], arxiv: Sequence[Paper]) -> dict[str, Any]:
    """Curves by group, their means over the groups in and out, and the threshold of fewest mistakes."""
    embedder = LocalEmbedder(EmbeddingSettings(), home_folder())

    def embed(texts: Sequence[str]) -> Vectors:
        return cached("product", texts, embedder.encode)

    libraries = {d.name: embed([paper.text for paper in d.papers]) for d in datasets}
    queries = {d.name: embed(list(d.queries.values())) for d in datasets}
    inside = {
        f"{name} in {name}": curve(best_cosines(queries[name], libraries[name])) for name in queries
    }
    relevant = {
        f"{d.name}: best judged document": curve(_relevant(d, queries[d.name], libraries[d.name]))
        for d in datasets
    }
    outside: dict[str, Curve] = {}
    if arxiv:
        papers = embed([paper.text for paper in arxiv])
        for name, library in libraries.items():
            joined = np.concatenate([library, papers])
            inside[f"{name} in {name} and arXiv"] = curve(best_cosines(queries[name], joined))
        libraries["arXiv"] = papers
        outside["arXiv titles, archive left out"] = curve(_titles_left_out(arxiv, papers, embed))
    titles = {d.name: [paper.title for paper in d.papers][:_TITLES] for d in datasets}
    names = {d.name: Names(d.papers) for d in datasets}
    if arxiv:
        names["arXiv"] = Names(arxiv)
    texts = {d.name: list(d.queries.values()) for d in datasets}
    named = {
        f"{asked} in {name}": beside(
            best_cosines(queries[asked], library), texts[asked], names[name]
        )
        for asked in queries
        for name, library in libraries.items()
    } | {
        f"titles of {asked} in {name}": beside(
            best_cosines(embed(titles[asked]), library), titles[asked], names[name]
        )
        for asked in queries
        for name, library in libraries.items()
        if asked != name
    }
    outside |= {
        f"{asked} in {name}": curve(best_cosines(queries[asked], library))
        for asked in queries
        for name, library in libraries.items()
        if asked != name
    }
    mean_in, mean_out = _mean(inside), _mean(outside)
    return {
        "in, share that passes": inside,
        "out, share that passes": outside,
        "judged, share that passes": relevant,
        "at the threshold, share that passes": named,
        "trade-off": trade_off(mean_in, mean_out),
        "fewest mistakes at": best_threshold(mean_in, mean_out),
    }


def _titles_left_out(arxiv: Sequence[Paper], papers: Vectors, embed: Any) -> Vectors:
    left = np.array([_archive(paper) in _LEFT_OUT for paper in arxiv])
    titles = [paper.title for paper, out in zip(arxiv, left, strict=True) if out][:_TITLES]
    return best_cosines(embed(titles), papers[~left])


def _relevant(dataset: Dataset, queries: Vectors, documents: Vectors) -> list[float]:
    row = {paper.arxiv_id: i for i, paper in enumerate(dataset.papers)}
    found = []
    for vector, grades in zip(queries, map(dataset.judgements.get, dataset.queries), strict=True):
        rows = [row[id_] for id_, grade in (grades or {}).items() if grade > 0 and id_ in row]
        found.append(float((documents[rows] @ vector).max()) if rows else -1.0)
    return found


def _archive(paper: Paper) -> str:
    return paper.categories[0].partition(".")[0] if paper.categories else ""


def _mean(curves: Mapping[str, Curve]) -> Curve:
    return {
        str(t): float(np.mean([values[str(t)] for values in curves.values()])) for t in THRESHOLDS
    }


def table(figures: Mapping[str, Any]) -> str:
    """The curves and what follows from them as lines of text."""
    heading = f"{'':40}" + "".join(f"{t:>8}" for t in THRESHOLDS)
    lines = []
    for group in ("in", "out", "judged"):
        lines += ["", f"{group}, share of queries for which something passes", heading]
        for name, values in figures[f"{group}, share that passes"].items():
            lines.append(f"{name:40}" + "".join(f"{v:>8.2f}" for v in values.values()))
    lines += ["", f"{'at the threshold':40}{'cosine':>10}{'or named':>10}"]
    for name, both in figures["at the threshold, share that passes"].items():
        lines.append(f"{name:40}" + "".join(f"{v:>10.3f}" for v in both.values()))
    lines += ["", "means over the groups", heading]
    for name in ("false fetches", "foreign passes", "precision"):
        values = [row[name] for row in figures["trade-off"].values()]
        lines.append(f"{name:40}" + "".join(f"{v:>8.2f}" for v in values))
    return "\n".join([*lines, f"fewest mistakes at {figures['fewest mistakes at']}"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; the exit status is 2 where the data cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m bench.threshold", description=__doc__)
    parser.add_argument(
        "--data", type=Path, nargs="+", required=True, help="BEIR-layout folders, two or more"
    )
    parser.add_argument("--arxiv", type=Path, default=Path(FILES), help="folder of *-20k.jsonl.gz")
    parser.add_argument("--papers", type=int, default=20_000, help="papers taken of --arxiv")
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    parser.add_argument("--no-files", action="store_true", help="write nothing to bench/results")
    chosen = parser.parse_args(arguments)
    try:
        datasets = [read_dataset(folder) for folder in chosen.data]
    except (OSError, ValueError) as error:
        print(f"cannot read the data: {error}", file=sys.stderr)
        return 2
    figures = measure(datasets, papers_of(chosen.arxiv, chosen.papers))
    print(json.dumps(figures) if chosen.json else table(figures))
    if not chosen.no_files:
        path = record.write("threshold", figures)
        charts.threshold(figures, path.with_suffix(""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
