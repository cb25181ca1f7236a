"""Batches of rows of like length, so that little is padding."""

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from torch import Tensor, tensor
from torch.utils.data import Sampler

from finetune.data.rendering import IGNORED

_POOL_BATCHES = 50  # sorted together: longer pools pad less, shorter ones mix better


class LengthGroupedSampler(Sampler[int]):
    """Row numbers, in batches of like length that come in random order.

    The order depends on seed and epoch alone, so a resumed run sees the rows it would have seen.

    Args:
        lengths: Tokens of each row.
        batch: Rows in one forward pass.
        seed: Of the shuffles.
    """

    def __init__(self, lengths: Sequence[int], batch: int, seed: int) -> None:
        self._lengths = lengths
        self._batch = batch
        self._seed = seed
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch's own order."""
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        shuffle = random.Random(f"{self._seed}:{self._epoch}")
        order = list(range(len(self._lengths)))
        shuffle.shuffle(order)
        size = self._batch * _POOL_BATCHES
        for start in range(0, len(order), size):
            pool = sorted(order[start : start + size], key=self._lengths.__getitem__)
            full, rest = divmod(len(pool), self._batch)
            batches = [pool[n * self._batch : (n + 1) * self._batch] for n in range(full)]
            shuffle.shuffle(batches)
            # A short batch comes last: in front it would shift every batch behind it.
            for batch in (*batches, pool[len(pool) - rest :]):
                yield from batch


class Collator:
    """Pads rows on the right and counts what is padding.

    Args:
        pad_id: The tokenizer's pad token.
        length: Pad to this length; None pads to the longest row of the batch.
    """

    def __init__(self, pad_id: int, length: int | None = None) -> None:
        self._pad_id = pad_id
        self._length = length
        self.useful_tokens = 0
        self.tokens = 0

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Tensor]:
        """Batch rows that have `input_ids` and `labels`: int64 tensors of shape (rows, length)."""
        length = self._length or max(len(row["input_ids"]) for row in rows)
        self.useful_tokens += sum(len(row["input_ids"]) for row in rows)
        self.tokens += length * len(rows)

        def padded(values: Sequence[int], filler: int) -> list[int]:
            return [*values, *[filler] * (length - len(values))]

        return {
            "input_ids": tensor([padded(row["input_ids"], self._pad_id) for row in rows]),
            "attention_mask": tensor([padded([1] * len(row["input_ids"]), 0) for row in rows]),
            "labels": tensor([padded(row["labels"], IGNORED) for row in rows]),
        }
