"""`python -m bench.retrieval --data DIR`: ranking quality of each search mode, stage and rival.

Everything of the product goes through its own store and retriever, in a temporary library. The table
goes to standard output, the figures to bench/results/retrieval-NAME.json, and every query's to
bench/results/retrieval-NAME-queries.json.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench import charts, record
from bench.datasets import Dataset, read_dataset
from bench.library import Remembering, TemporaryLibrary
from bench.rivals import DEPTH, Rankings, Rivals
from bench.scores import METRICS, evaluate, interval
from rag_agent.retrieval import Fusion, Retriever
from rag_agent.settings import Mode, RetrievalSettings

STAGES: dict[str, Fusion] = {"scores summed": Fusion(neighbours=0)}
PLAIN = "rival weighted fusion"


def measure(dataset: Dataset, with_rivals: bool, say: Callable[[str], None]) -> dict[str, Any]:
    """Figures by system, {metric: {mean, low, high}}, and each query's, {system: {query: {metric: value}}}."""
    rankings = _product(dataset, say)
    if with_rivals:
        rankings |= Rivals(dataset).run(say)
    by_query = {name: evaluate(ranking, dataset.judgements) for name, ranking in rankings.items()}
    return {
        "dataset": dataset.name,
        "documents": len(dataset.papers),
        "queries": len(dataset.queries),
        "systems": {
            name: {m: interval([q[m] for q in values.values()]) for m in METRICS}
            for name, values in by_query.items()
        },
        "default minus others, ndcg@10": {
            name: interval(
                [by_query["default"][q]["ndcg@10"] - values[q]["ndcg@10"] for q in values]
            )
            for name, values in by_query.items()
            if name != "default"
        },
        "halves, ndcg@10": {name: _halves(values) for name, values in by_query.items()},
        "by_query": by_query,
    }


def _product(dataset: Dataset, say: Callable[[str], None]) -> dict[str, Rankings]:
    with TemporaryLibrary() as library:
        say(f"{dataset.name}: embedding {len(dataset.papers)} documents")
        library.add(dataset.papers)
        say(f"{dataset.name}: searching {len(dataset.queries)} queries in every mode")
        return ranked_here(library, dataset.queries)


def ranked_here(library: TemporaryLibrary, queries: Mapping[str, str]) -> dict[str, Rankings]:
    """The product's rankings of a library, by mode and stage."""
    remembering: Any = Remembering(library.store, library.embedder)

    def ranked(mode: Mode | None = None, fusion: Fusion | None = None) -> Rankings:
        retriever = Retriever(remembering, remembering, RetrievalSettings(), fusion or Fusion())
        return {
            query: [hit.paper.arxiv_id for hit in retriever.search(text, k=DEPTH, mode=mode)]
            for query, text in queries.items()
        }

    return {
        "dense": ranked("dense"),
        "keyword": ranked("keyword"),
        **{name: ranked("hybrid", fusion) for name, fusion in STAGES.items()},
        "hybrid": ranked("hybrid"),
        "default": ranked(),
    }


def _halves(values: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Settings were chosen on the even half (every other query, the first included), not on the odd one."""
    scores = [metrics["ndcg@10"] for metrics in values.values()]
    return {
        name: round(sum(half) / max(len(half), 1), 4)
        for name, half in (("even", scores[::2]), ("odd", scores[1::2]))
    }


def table(figures: Mapping[str, Any]) -> str:
    """The systems as lines of text."""
    shown = ("ndcg@10", "mrr@10", "hit@1", "hit@10", "recall@100")
    lines = [
        f"{figures['dataset']}: {figures['documents']} documents, {figures['queries']} queries"
    ]
    lines.append(f"{'':28}{'nDCG@10 [95 %]':>24}" + "".join(f"{m:>12}" for m in shown[1:]))
    for name, metrics in figures["systems"].items():
        ndcg = metrics["ndcg@10"]
        span = f"{ndcg['mean']:.3f} [{ndcg['low']:.3f}, {ndcg['high']:.3f}]"
        rest = "".join(f"{metrics[m]['mean']:>12.3f}" for m in shown[1:])
        lines.append(f"{name:28}{span:>24}{rest}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; the exit status is 2 where the data cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m bench.retrieval", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder in BEIR's layout")
    parser.add_argument(
        "--corpus",
        type=Path,
        action="append",
        default=[],
        help="JSON lines (.gz too) with more documents, BEIR's form or arXiv metadata; repeatable",
    )
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    parser.add_argument("--no-rivals", action="store_true", help="measure the product alone")
    parser.add_argument("--no-files", action="store_true", help="write nothing to bench/results")
    chosen = parser.parse_args(arguments)
    try:
        dataset = read_dataset(chosen.data, chosen.corpus)
    except (OSError, ValueError) as error:
        print(f"cannot read {chosen.data}: {error}", file=sys.stderr)
        return 2
    figures = measure(
        dataset, not chosen.no_rivals, lambda what: print(what, file=sys.stderr, flush=True)
    )
    by_query = figures.pop("by_query")
    if chosen.json:  # what `finetune promote` reads
        figures["passed"] = {query: one["ndcg@10"] for query, one in by_query["default"].items()}
    print(json.dumps(figures) if chosen.json else table(figures))
    if not chosen.no_files:
        name = f"retrieval-{dataset.name}"
        path = record.write(name, figures)
        path.with_name(f"{name}-queries.json").write_text(json.dumps(by_query) + "\n")
        charts.retrieval(figures, path.with_suffix(""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
