"""`python -m bench.crowd --data DIR --library HOME`: a judged set alone, and among more and more other papers.

The other papers are those of a data folder that an ingest has filled. The set's documents and they stand in one
temporary library; at each size every query is asked again, by the product's own retriever.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from bench import record
from bench.datasets import Dataset, read_dataset
from bench.library import TemporaryLibrary, opened
from bench.retrieval import ranked_here
from bench.review import fused_ranks
from bench.rivals import DEPTH, Rankings
from bench.scores import evaluate, interval
from ingestion.errors import AgentError
from ingestion.paper import Paper
from ingestion.pipeline import in_batches
from ingestion.store import Store

SIZES = (20_000, 100_000)
_AT_ONCE = 5000


def measure(
    dataset: Dataset, others: Store, sizes: Sequence[int], say: Callable[[str], None]
) -> dict[str, Any]:
    """nDCG@10 of each way of searching alone and at each size, and what it lost since it was alone.

    Args:
        dataset: The judged set.
        others: The other papers, with vectors of the same model.
        sizes: How many of them, rising.
        say: Told of the progress.
    """
    figures: dict[str, Any] = {}
    with TemporaryLibrary() as library:
        library.add(dataset.papers)
        own = {paper.arxiv_id for paper in dataset.papers}
        more = (paper for paper in others.papers() if paper.arxiv_id not in own)
        alone: dict[str, dict[str, float]] = {}
        size = 0
        for wanted in (0, *sizes):
            size += _added(library, others, islice(more, wanted - size))
            say(f"{dataset.name} among {size:,}: searching {len(dataset.queries)} queries")
            rankings = ranked_here(library, dataset.queries)
            rankings["rank fusion"] = {
                query: fused_ranks([rankings[way][query] for way in ("dense", "keyword")])[:DEPTH]
                for query in dataset.queries
            }
            found = {
                name: {query: one["ndcg@10"] for query, one in scores.items()}
                for name, scores in _scores(rankings, dataset).items()
            }
            alone = alone or found
            figures[f"among {size:,}"] = {
                name: {
                    "ndcg@10": interval(list(values.values())),
                    "lost": interval([alone[name][query] - values[query] for query in values]),
                }
                for name, values in found.items()
            }
            say(table({f"among {size:,}": figures[f"among {size:,}"]}))
    return figures


def _added(library: TemporaryLibrary, others: Store, papers: Iterator[Paper]) -> int:
    count = 0
    for batch in in_batches(papers, _AT_ONCE):
        library.store.upsert(batch, others.vectors([paper.arxiv_id for paper in batch]))
        count += len(batch)
    library.store.flush()
    return count


def _scores(rankings: Mapping[str, Rankings], dataset: Dataset) -> dict[str, Any]:
    return {name: evaluate(ranking, dataset.judgements) for name, ranking in rankings.items()}


def table(figures: Mapping[str, Any]) -> str:
    """A line for each size and way."""
    lines = []
    for among, systems in figures.items():
        for name, values in systems.items():
            ndcg, lost = values["ndcg@10"], values["lost"]
            lines.append(
                f"{among:16}{name:16}{ndcg['mean']:.3f} [{ndcg['low']:.3f}, {ndcg['high']:.3f}]"
                f"   lost {lost['mean']:.3f} [{lost['low']:.3f}, {lost['high']:.3f}]"
            )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; the exit status is 2 where the set or the library cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m bench.crowd", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder in BEIR's layout")
    parser.add_argument("--library", type=Path, required=True, help="data folder with the others")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    parser.add_argument("--no-files", action="store_true", help="write nothing to bench/results")
    chosen = parser.parse_args(arguments)
    try:
        dataset = read_dataset(chosen.data)
        others = opened(chosen.library)
    except (AgentError, OSError, ValueError) as error:
        print(f"cannot read {chosen.data} or {chosen.library}: {error}", file=sys.stderr)
        return 2
    figures = measure(
        dataset,
        others,
        sorted(chosen.sizes),
        lambda what: print(what, file=sys.stderr, flush=True),
    )
    others.close()
    print(json.dumps(figures) if chosen.json else table(figures))
    if not chosen.no_files:
        record.write(f"crowd-{dataset.name}", figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
