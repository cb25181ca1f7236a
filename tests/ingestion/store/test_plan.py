"""The index that a library of some size and memory gets."""

import pytest

from ingestion.store.plan import FREE_SHARE, plan


@pytest.mark.parametrize(
    ("papers", "memory_gb", "index"),
    [
        (20_000, 8, "FLAT"),
        (100_000, 8, "FLAT"),
        (3_000_000, 32, "HNSW"),
        (3_000_000, 4, "IVF_RABITQ"),
        (3_000_000, 1.6, "DISKANN"),
        (3_000_000, 0.5, None),
        (10, 1e-6, None),
    ],
)
def test_the_index_follows_size_and_memory(
    papers: int, memory_gb: float, index: str | None
) -> None:
    assert plan(papers, memory_gb).index == index


def test_memory_and_disk_are_those_of_the_formulas() -> None:
    flat, hnsw, rabitq, diskann = plan(1_000_000, 32, dim=384).choices
    assert flat.memory_gb == pytest.approx(1.536)
    assert hnsw.memory_gb == pytest.approx(1.792)
    assert rabitq.memory_gb == pytest.approx(0.432)
    assert (diskann.memory_gb, diskann.disk_gb) == pytest.approx((0.384, 1.760))


@pytest.mark.parametrize("memory_gb", [0.5, 2.0, 4.0, 32.0])
def test_what_is_taken_leaves_memory_free(memory_gb: float) -> None:
    made = plan(3_000_000, memory_gb)
    taken = [choice for choice in made.choices if choice.index == made.index]
    assert all(choice.memory_gb <= memory_gb * (1 - FREE_SHARE) for choice in taken)


def test_each_figure_has_a_source_and_what_is_not_known_is_not_told() -> None:
    for choice in plan(3_000_000, 32).choices:
        assert choice.size_source
        assert choice.recall_source
        if choice.recall is None:
            assert "not measured" in choice.recall_source


@pytest.mark.parametrize("wrong", [(0, 8), (10, 0), (10, -1)])
def test_numbers_out_of_range_are_refused(wrong: tuple[int, float]) -> None:
    with pytest.raises(ValueError, match="1 or more"):
        plan(*wrong)
