import random

from hypothesis import given
from hypothesis import strategies as st

from finetune.data.batching import Collator, LengthGroupedSampler, PairCollator, TokenCount
from finetune.data.rendering import IGNORED


@given(lengths=st.lists(st.integers(1, 500), max_size=300), batch=st.integers(1, 9))
def test_each_row_comes_once(lengths: list[int], batch: int) -> None:
    order = list(LengthGroupedSampler(lengths, batch, seed=1))
    assert sorted(order) == list(range(len(lengths)))


def test_order_depends_on_seed_and_epoch_alone() -> None:
    lengths = [random.Random(1).randrange(500) for _ in range(100)]
    one, other = (LengthGroupedSampler(lengths, 4, seed=1) for _ in range(2))
    assert list(one) == list(one) == list(other)
    other.set_epoch(1)
    assert list(one) != list(other)


def test_little_is_padding() -> None:
    shuffled = random.Random(1)
    rows = [[1] * shuffled.randrange(50, 256) for _ in range(800)]
    collate, count = Collator(pad_id=0), TokenCount()
    order = list(LengthGroupedSampler([len(row) for row in rows], 8, seed=1))
    for start in range(0, len(order), 8):
        batch = [rows[number] for number in order[start : start + 8]]
        count.add(collate([{"input_ids": row, "labels": row} for row in batch]))
    assert 1 - count.useful / count.padded < 0.03
    assert count.useful == sum(map(len, rows))


def test_padding_is_masked_and_ignored() -> None:
    rows = [
        {"input_ids": [5, 6, 7], "labels": [IGNORED, 6, 7]},
        {"input_ids": [5], "labels": [IGNORED]},
    ]
    batch = Collator(pad_id=9)(rows)
    assert batch["input_ids"].tolist() == [[5, 6, 7], [5, 9, 9]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]
    assert batch["labels"].tolist() == [[IGNORED, 6, 7], [IGNORED, IGNORED, IGNORED]]
    assert Collator(pad_id=9, length=5)(rows)["input_ids"].shape == (2, 5)


def test_pairs_come_as_chosen_then_rejected() -> None:
    rows = [
        {"prompt_ids": [1, 2], "chosen_ids": [3], "rejected_ids": [4, 5]},
        {"prompt_ids": [6], "chosen_ids": [7], "rejected_ids": [8]},
    ]
    batch = PairCollator(pad_id=9)(rows)
    assert batch["input_ids"].tolist() == [[1, 2, 3, 9], [6, 7, 9, 9], [1, 2, 4, 5], [6, 8, 9, 9]]
    assert batch["attention_mask"].tolist() == [
        [1, 1, 1, 0],
        [1, 1, 0, 0],
        [1, 1, 1, 1],
        [1, 1, 0, 0],
    ]
    assert batch["completion_mask"].tolist() == [
        [0, 0, 1, 0],
        [0, 1, 0, 0],
        [0, 0, 1, 1],
        [0, 1, 0, 0],
    ]
