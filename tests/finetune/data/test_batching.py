import random

from hypothesis import given
from hypothesis import strategies as st

from finetune.data.batching import Collator, LengthGroupedSampler
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
    collate = Collator(pad_id=0)
    order = list(LengthGroupedSampler([len(row) for row in rows], 8, seed=1))
    for start in range(0, len(order), 8):
        batch = [rows[number] for number in order[start : start + 8]]
        collate([{"input_ids": row, "labels": row} for row in batch])
    assert 1 - collate.useful_tokens / collate.tokens < 0.03


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
