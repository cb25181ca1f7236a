"""Ranking metrics by pytrec_eval, with bootstrap intervals over queries."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

METRICS = ("ndcg@10", "mrr@10", "hit@1", "hit@3", "hit@5", "hit@10", "recall@100")
_NAMES = {
    "ndcg@10": "ndcg_cut_10",
    "hit@1": "success_1",
    "hit@3": "success_3",
    "hit@5": "success_5",
    "hit@10": "success_10",
    "recall@100": "recall_100",
}
_RESAMPLES = 2000


def evaluate(
    rankings: Mapping[str, Sequence[str]], judgements: Mapping[str, Mapping[str, int]]
) -> dict[str, dict[str, float]]:
    """Each metric of each judged query; a query with no ranking gets 0.

    Args:
        rankings: Document ids by query id, best first.
        judgements: Grades by query id and document id.
    """
    found = _trec(rankings, judgements, {"ndcg_cut.10", "success.1,3,5,10", "recall.100"})
    top = {query: ranking[:10] for query, ranking in rankings.items()}
    reciprocal = _trec(top, judgements, {"recip_rank"})
    return {
        query: {
            metric: reciprocal.get(query, {}).get("recip_rank", 0.0)
            if metric == "mrr@10"
            else found.get(query, {}).get(_NAMES[metric], 0.0)
            for metric in METRICS
        }
        for query in judgements
    }


def interval(values: Sequence[float]) -> dict[str, float]:
    """Mean over queries with the 95 % percentile bootstrap interval: mean, low, high."""
    sample = np.asarray(values, np.float64)
    low, high = np.percentile(_resampled_means(sample), (2.5, 97.5))
    return {
        name: round(float(v), 4)
        for name, v in zip(("mean", "low", "high"), (sample.mean(), low, high), strict=True)
    }


def _resampled_means(sample: NDArray[np.float64]) -> NDArray[np.float64]:
    random = np.random.default_rng(0)
    drawn = random.integers(0, len(sample), (_RESAMPLES, len(sample)))
    return np.asarray(sample[drawn].mean(axis=1))


def _trec(
    rankings: Mapping[str, Sequence[str]],
    judgements: Mapping[str, Mapping[str, int]],
    measures: set[str],
) -> dict[str, dict[str, float]]:
    import pytrec_eval

    # It sorts by score, and ties by id: a score that falls with the rank keeps the order.
    run = {
        query: {document: float(-rank) for rank, document in enumerate(ranking)}
        for query, ranking in rankings.items()
        if ranking
    }
    evaluator: Any = pytrec_eval.RelevanceEvaluator(
        {query: dict(grades) for query, grades in judgements.items()}, measures
    )
    return dict(evaluator.evaluate(run))
