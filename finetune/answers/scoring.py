"""Scores of predictions against references, each with its signature and a bootstrap interval."""

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

_RESAMPLES = 1000
_ORDER = 4
_FENCE = re.compile(r"```[\w+#-]*[ \t]*\n(.*?)(?:\n```|\Z)", re.DOTALL)

Statistics = NDArray[np.float64]
"""(rows, k): what each row adds to a score."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One definition of BLEU-4.

    Args:
        title: As shown in the table.
        tokenize: sacrebleu's tokenizer, or `code` for words and single signs.
        smooth: sacrebleu's smoothing of missing n-grams.
        smooth_value: Its value, where it has one.
        sentences: Mean of sentence scores instead of one score over the corpus.
    """

    title: str
    tokenize: str
    smooth: str
    smooth_value: float | None
    sentences: bool


# The definitions in use for code: sacrebleu's own; its sentence scores; NLTK's sentence_bleu with
# SmoothingFunction().method1 on white space (epsilon 0.1); and words and signs apart.
VARIANTS: dict[str, Variant] = {
    "bleu4": Variant("BLEU-4, corpus", "13a", "exp", None, sentences=False),
    "bleu4_code": Variant("BLEU-4, corpus, code tokens", "code", "exp", None, sentences=False),
    "bleu4_sentence": Variant("BLEU-4, mean of sentences", "13a", "exp", None, sentences=True),
    "bleu4_nltk": Variant(
        "BLEU-4, mean of sentences, white space (NLTK method1)",
        "none",
        "floor",
        0.1,
        sentences=True,
    ),
}


@dataclass(frozen=True, slots=True)
class Score:
    """A score from 0 to 1 with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Metric:
    """What is needed to score any sample of the rows.

    Args:
        title: As shown in the table.
        signature: The exact definition.
        statistics: Of each row, shape (rows, k).
        score: From a sum over rows (k,) and a number of rows to a value from 0 to 1.
    """

    title: str
    signature: str
    statistics: Statistics
    score: Callable[[Statistics, int], float]


def bleu4(predictions: Sequence[str], references: Sequence[str]) -> float:
    """Corpus BLEU-4 by sacrebleu's defaults, 0 to 1."""
    return point(_bleu("bleu4", predictions, references))


def text_metrics(
    predictions: Sequence[str], references: Sequence[str], ended: Sequence[bool]
) -> dict[str, Metric]:
    """Every metric of free answers, by its key."""
    pairs = list(zip(predictions, references, strict=True))
    metrics = {key: _bleu(key, predictions, references) for key in VARIANTS}
    metrics["exact_match"] = share(
        "Exact match",
        "stripped texts equal",
        [left.strip() == right.strip() for left, right in pairs],
    )
    metrics["parses"] = share(
        "Parses as Python",
        "ast.parse of the first fenced block, else of the whole answer",
        [parses_as_python(text) for text in predictions],
    )
    metrics["ended"] = share("Ended by itself", "end token before the limit", ended)
    return metrics


def share(title: str, signature: str, hits: Sequence[float]) -> Metric:
    """A metric that is a share of the rows, each from 0 to 1."""
    return Metric(title, signature, np.array(hits, float)[:, None], _mean)


def point(metric: Metric) -> float:
    """The score over all rows."""
    return metric.score(metric.statistics.sum(axis=0), len(metric.statistics))


def interval(metric: Metric, seed: int) -> Score:
    """The score over all rows with its percentile bootstrap interval (1,000 samples of rows)."""
    low, high = np.percentile(_resampled(metric, seed), [2.5, 97.5])
    return Score(point(metric), float(low), float(high))


def difference(base: Metric, tuned: Metric, seed: int) -> Score:
    """Tuned minus base on the same rows, resampled together (paired bootstrap)."""
    samples = _resampled(tuned, seed) - _resampled(base, seed)
    low, high = np.percentile(samples, [2.5, 97.5])
    return Score(point(tuned) - point(base), float(low), float(high))


def parses_as_python(text: str) -> bool:
    """Whether the answer's code is Python by its grammar; nothing is run."""
    fenced = _FENCE.search(text)
    try:
        ast.parse(fenced.group(1) if fenced else text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _resampled(metric: Metric, seed: int) -> NDArray[np.float64]:
    rows = len(metric.statistics)
    counts = np.random.default_rng(seed).multinomial(rows, [1 / rows] * rows, size=_RESAMPLES)
    sums = counts @ metric.statistics  # (samples, rows) @ (rows, k)
    return np.array([metric.score(total, rows) for total in sums])


def _mean(total: Statistics, rows: int) -> float:
    return float(total[0]) / rows


def _bleu(key: str, predictions: Sequence[str], references: Sequence[str]) -> Metric:
    variant = VARIANTS[key]
    scorer = _scorer(key)
    tokenize = _code_tokens if variant.tokenize == "code" else str
    scores = [
        scorer.corpus_score([tokenize(prediction)], [[tokenize(reference)]])
        for prediction, reference in zip(predictions, references, strict=True)
    ]
    signature = str(scorer.get_signature())
    if variant.tokenize == "code":
        signature += r"|pre:\w+|[^\w\s]"
    if variant.sentences:
        values = np.array([[score.score / 100] for score in scores])
        return Metric(variant.title, f"mean of sentences|{signature}", values, _mean)
    rows = [[score.sys_len, score.ref_len, *score.counts, *score.totals] for score in scores]
    return Metric(variant.title, signature, np.array(rows, float), _corpus_score(variant))


def _corpus_score(variant: Variant) -> Callable[[Statistics, int], float]:
    from sacrebleu.metrics.bleu import BLEU

    def score(total: Statistics, rows: int) -> float:
        whole = [int(value) for value in total]
        result = BLEU.compute_bleu(
            correct=whole[2 : 2 + _ORDER],
            total=whole[2 + _ORDER :],
            sys_len=whole[0],
            ref_len=whole[1],
            smooth_method=variant.smooth,
            smooth_value=variant.smooth_value,
        )
        return float(result.score) / 100

    return score


@cache
def _scorer(key: str) -> Any:
    from sacrebleu.metrics.bleu import BLEU

    variant = VARIANTS[key]
    return BLEU(
        tokenize="none" if variant.tokenize == "code" else variant.tokenize,
        smooth_method=variant.smooth,
        smooth_value=variant.smooth_value,
        max_ngram_order=_ORDER,
        effective_order=variant.sentences and variant.smooth == "exp",
        force=True,
    )


def _code_tokens(text: str) -> str:
    return " ".join(re.findall(r"\w+|[^\w\s]", text))
