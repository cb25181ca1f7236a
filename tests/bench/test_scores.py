import math

import pytest

pytest.importorskip("pytrec_eval", reason="needs the bench extra")

from bench.scores import evaluate, interval

JUDGED = {"q": {"a": 1, "b": 1}}


def test_metrics_of_a_ranking() -> None:
    scores = evaluate({"q": ["x", "a", "y", "b"]}, JUDGED)["q"]
    ideal = 1 + 1 / math.log2(3)
    assert scores["ndcg@10"] == pytest.approx((1 / math.log2(3) + 1 / math.log2(5)) / ideal)
    assert scores["mrr@10"] == 0.5
    assert (scores["hit@1"], scores["hit@3"], scores["recall@100"]) == (0, 1, 1)


def test_the_order_given_is_the_order_judged() -> None:
    assert evaluate({"q": ["a", "z"]}, JUDGED)["q"]["mrr@10"] == 1
    assert evaluate({"q": ["z", "a"]}, JUDGED)["q"]["mrr@10"] == 0.5


def test_beyond_ten_is_no_reciprocal_rank() -> None:
    ranking = [f"x{i}" for i in range(10)] + ["a"]
    assert evaluate({"q": ranking}, JUDGED)["q"]["mrr@10"] == 0


@pytest.mark.parametrize("rankings", [{}, {"q": []}])
def test_a_query_that_found_nothing_counts_as_zero(rankings: dict[str, list[str]]) -> None:
    assert set(evaluate(rankings, JUDGED)["q"].values()) == {0.0}


def test_the_interval_holds_the_mean_and_repeats() -> None:
    values = [0.0, 1.0] * 50
    found = interval(values)
    assert found["low"] < found["mean"] == 0.5 < found["high"]
    assert found == interval(values)
