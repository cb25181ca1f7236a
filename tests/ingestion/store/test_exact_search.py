from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ingestion.store.exact_search import Collection, Part

K1, B = 1.2, 0.6
Rows = list[list[int]]


def sparse(terms: list[int]) -> bytes:
    """A row's terms as Milvus stores them."""
    counts = sorted(Counter(terms).items())
    return np.array(counts, dtype=[("term", "<u4"), ("count", "<f4")]).tobytes()


def part(rows: Rows, first_id: int = 0, vectors: NDArray[np.float32] | None = None) -> Part:
    ids = [str(first_id + i) for i in range(len(rows))]
    if vectors is None:
        vectors = np.ones((len(rows), 2), np.float32)
    return Part(ids, vectors, [sparse(row) for row in rows])


def bm25_by_the_book(rows: Rows, query: Counter[int]) -> list[float]:
    mean = max(1.0, sum(map(len, rows)) / max(1, len(rows)))
    scores = []
    for row in rows:
        score = 0.0
        for term, weight in query.items():
            have = sum(term in other for other in rows)
            rarity = np.log(1 + (len(rows) - have + 0.5) / (have + 0.5))
            often = row.count(term)
            score += (
                weight * rarity * often * (K1 + 1) / (often + K1 * (1 - B + B * len(row) / mean))
            )
        scores.append(score)
    return scores


terms = st.lists(st.integers(0, 5), max_size=8)
rows = st.lists(st.tuples(terms, st.booleans()), max_size=12)


@given(rows, rows, terms)
def test_bm25_over_the_valid_rows_of_all_parts(
    one: list[tuple[list[int], bool]], two: list[tuple[list[int], bool]], asked: list[int]
) -> None:
    parts = [part([row for row, _ in one]), part([row for row, _ in two], first_id=len(one))]
    valid = [np.array([v for _, v in one], bool), np.array([v for _, v in two], bool)]
    kept = {str(i): row for i, (row, v) in enumerate([*one, *two]) if v}
    query = Counter(asked)
    found = Collection(parts, valid).matching(dict(query), 100, K1, B, valid)
    expected = dict(zip(kept, bm25_by_the_book(list(kept.values()), query), strict=True))
    assert dict(found) == {i: pytest.approx(s, rel=1e-4) for i, s in expected.items() if s > 0}
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


def test_the_nearest_are_by_cosine_whatever_the_norms() -> None:
    vectors = np.array([[3, 0], [1, 1], [0, 0.1]], np.float32)
    rows = part([[], [], []], vectors=vectors)
    everything = [np.ones(3, bool)]
    found = Collection([rows], everything).nearest(np.array([5, 0], np.float32), 2, everything)
    assert [id_ for id_, _ in found] == ["0", "1"]
    assert [score for _, score in found] == pytest.approx([1, 2**-0.5])


def test_a_filter_narrows_what_is_returned_not_what_is_counted() -> None:
    rows = part([[1], [1], [2]])
    valid = [np.ones(3, bool)]
    collection = Collection([rows], valid)
    every = dict(collection.matching({1: 1}, 3, K1, B, valid))
    one = collection.matching({1: 1}, 3, K1, B, [np.array([False, True, True])])
    assert one == [("1", every["1"])]


def test_nothing_is_found_in_nothing() -> None:
    empty = Collection([], [])
    assert empty.nearest(np.ones(2, np.float32), 3, []) == []
    assert empty.matching({1: 1}, 3, K1, B, []) == []


def test_searches_at_the_same_time_find_what_each_finds_alone() -> None:
    random = np.random.default_rng(5)
    parts = [
        part([[]] * count, first, random.standard_normal((count, 8), np.float32))
        for first, count in ((0, 300), (300, 200))
    ]
    valid = [np.ones(300, bool), np.ones(200, bool)]
    queries = random.standard_normal((40, 8), np.float32)
    alone = [Collection(parts, valid).nearest(query, 5, valid) for query in queries]
    shared = Collection(parts, valid)
    with ThreadPoolExecutor(20) as pool:
        together = list(pool.map(lambda query: shared.nearest(query, 5, valid), queries))
    assert [[id_ for id_, _ in hits] for hits in together] == [
        [id_ for id_, _ in hits] for hits in alone
    ]
    for one, other in zip(together, alone, strict=True):
        assert [score for _, score in one] == pytest.approx([score for _, score in other])


def test_a_vector_of_another_model_is_refused_and_the_next_search_works() -> None:
    rows = Collection([part([[1]])], [np.ones(1, bool)])
    with pytest.raises(ValueError, match="another model"):
        rows.nearest(np.ones(3, np.float32), 5, rows.valid)
    assert rows.nearest(np.ones(2, np.float32), 5, rows.valid)


def test_a_library_without_rows_finds_nothing() -> None:
    assert Collection([], []).nearest(np.ones(2, np.float32), 5, []) == []
