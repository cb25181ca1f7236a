from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finetune.data.clusters import LeakFilter, clusters, split_by_cluster
from finetune.data.rows import Row


def row(number: int, question: str, answer: str = "") -> Row:
    return Row(
        f"rows:{number}", ({"role": "user", "content": question},), answer or f"answer {number}"
    )


SEED = (
    "Write a Python function that returns the sum of all even numbers in a given list of integers"
)


@pytest.mark.long
def test_look_alikes_share_a_cluster() -> None:
    rows = [
        row(0, SEED),
        row(1, "Explain what a hash table is and why its look-ups take constant time on average"),
        row(2, SEED + " quickly"),
    ]
    assert clusters(rows, 0.6) == [[0, 2], [1]]


def test_equal_texts_are_alike_at_the_highest_bound() -> None:
    assert clusters([row(0, SEED), row(1, SEED), row(2, SEED + " quickly")], 1.0) == [[0, 1], [2]]


def test_equal_answers_share_a_cluster_too() -> None:
    answer = "def total(xs): return sum(x for x in xs if x % 2 == 0)"
    rows = [row(0, "Sum evens please", answer), row(1, "Something entirely different", answer)]
    assert clusters(rows, 0.6) == [[0, 1]]


def test_short_texts_are_not_thrown_together() -> None:
    assert clusters([row(0, "Sort it", "ok"), row(1, "Sort it", "fine")], 0.6) == [[0], [1]]


@given(
    sizes=st.lists(st.integers(1, 9), max_size=40),
    wanted=st.tuples(st.integers(0, 30), st.integers(0, 30)),
    seed=st.integers(0, 5),
)
def test_split_keeps_clusters_whole(sizes: list[int], wanted: tuple[int, int], seed: int) -> None:
    groups = [[group * 10 + n for n in range(size)] for group, size in enumerate(sizes)]
    parts = split_by_cluster(groups, wanted, seed)
    assert Counter(n for part in parts for n in part) == Counter(
        n for group in groups for n in group
    )
    assert all(len(part) <= size for part, size in zip(parts, wanted, strict=False))
    where = {n: index for index, part in enumerate(parts) for n in part}
    assert all(len({where[n] for n in group}) == 1 for group in groups)


def test_split_depends_on_the_seed_alone() -> None:
    groups = [[n] for n in range(50)]
    assert split_by_cluster(groups, (10, 10), 3) == split_by_cluster(groups, (10, 10), 3)
    assert split_by_cluster(groups, (10, 10), 3) != split_by_cluster(groups, (10, 10), 4)


def test_benchmark_copies_are_found() -> None:
    benchmark = (
        "Check if in given list of numbers, are any two numbers closer to each other than threshold"
    )
    leak = LeakFilter([benchmark])
    assert leak.leaks(row(0, f"Please: {benchmark.lower()}!"))
    assert leak.leaks(row(1, "Hard one", benchmark))
    assert not leak.leaks(row(2, SEED))


def test_counting_is_no_copy() -> None:
    digits = " ".join(map(str, range(30)))
    assert not LeakFilter([f"data = [{digits}]"]).leaks(row(0, f"Print {digits}"))
