import pytest
import sacrebleu

from finetune.answers.scoring import (
    bleu4,
    difference,
    interval,
    parses_as_python,
    point,
    share,
    text_metrics,
)

REFERENCES = [
    "def add(a, b):\n    return a + b",
    "print(sorted(xs))",
    "x = [i for i in range(10)]",
] * 4
PREDICTIONS = ["def add(x, y):\n    return x + y", "print(sorted(ys))", "x = list(range(10))"] * 4


def test_corpus_bleu_is_sacrebleus() -> None:
    expected = sacrebleu.corpus_bleu(PREDICTIONS, [REFERENCES]).score / 100
    assert bleu4(PREDICTIONS, REFERENCES) == pytest.approx(expected)


def test_sentence_bleu_is_sacrebleus() -> None:
    expected = [
        sacrebleu.sentence_bleu(one, [other]).score / 100
        for one, other in zip(PREDICTIONS, REFERENCES, strict=True)
    ]
    metric = text_metrics(PREDICTIONS, REFERENCES, [True] * 12)["bleu4_sentence"]
    assert point(metric) == pytest.approx(sum(expected) / 12)


def test_equal_texts_score_one() -> None:
    metrics = text_metrics(REFERENCES, REFERENCES, [True] * 12)
    for key in ("bleu4", "bleu4_code", "bleu4_sentence", "exact_match", "ended"):
        assert point(metrics[key]) == pytest.approx(1), key


def test_every_metric_has_its_own_signature() -> None:
    signatures = [m.signature for m in text_metrics(PREDICTIONS, REFERENCES, [True] * 12).values()]
    assert len(set(signatures)) == len(signatures)
    assert all(signatures)


def test_interval_holds_the_score_and_is_repeatable() -> None:
    metric = text_metrics(PREDICTIONS, REFERENCES, [True] * 12)["bleu4"]
    score = interval(metric, seed=1)
    assert score.low <= score.value <= score.high
    assert score == interval(metric, seed=1)


def test_paired_difference_is_tighter_than_the_scores() -> None:
    base = share("x", "s", [True, False] * 50)
    tuned = share("x", "s", [True, False] * 49 + [True, True])
    gain = difference(base, tuned, seed=1)
    assert gain.value == pytest.approx(0.01)
    single = interval(base, seed=1)
    assert gain.high - gain.low < (single.high - single.low) / 2


@pytest.mark.parametrize(
    ("text", "parses"),
    [
        ("x = 1", True),
        ("```python\nx = 1\n```\nSets x.", True),
        ("Sure:\n```\nx = \n```", False),
        ("SELECT * FROM t;", False),
        ("x\0", False),
    ],
)
def test_parses_as_python(text: str, parses: bool) -> None:
    assert parses_as_python(text) is parses
