import numpy as np

from bench.threshold import best_cosines, best_threshold, curve, trade_off


def test_a_threshold_between_the_groups_is_found() -> None:
    inside, outside = curve([0.62, 0.58, 0.71]), curve([0.31, 0.44, 0.28])
    assert best_threshold(inside, outside) in (0.45, 0.5, 0.55)
    assert trade_off(inside, outside)["0.5"] == {
        "false fetches": 0.0,
        "foreign passes": 0.0,
        "precision": 1.0,
    }
    assert trade_off(inside, outside)["0.65"]["false fetches"] > 0.6


def test_the_best_cosine_of_each_query() -> None:
    documents = np.eye(3, dtype=np.float32)
    queries = np.array([[1, 0, 0], [0.6, 0.8, 0]], np.float32)
    assert best_cosines(queries, documents).tolist() == np.array([1, 0.8], np.float32).tolist()
