"""Batches of rows of like length, so that little is padding."""

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from finetune.data.rendering import IGNORED

if TYPE_CHECKING:
    from torch import Tensor

_POOL_BATCHES = 50  # sorted together: longer pools pad less, shorter ones mix better


class LengthGroupedSampler:
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


class TokenCount:
    """What went through the model in training: tokens of rows, and those with padding.

    Counted where a batch is trained on, not where it is made: the loader is a batch ahead, and evaluations use the same
    collator.
    """

    def __init__(self) -> None:
        self.useful, self.padded = 0, 0

    def add(self, batch: Mapping[str, Any]) -> None:
        """Count one batch, by its `attention_mask`."""
        mask = batch["attention_mask"]
        self.useful += int(mask.sum())
        self.padded += mask.numel()


class Collator:
    """Pads rows on the right.

    Args:
        pad_id: The tokenizer's pad token.
        length: Pad to this length; None pads to the longest row of the batch.
    """

    def __init__(self, pad_id: int, length: int | None = None) -> None:
        self._pad_id = pad_id
        self._length = length

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, "Tensor"]:
        """Batch rows that have `input_ids` and `labels`: int64 tensors of shape (rows, length)."""
        from torch import tensor

        length = self._length or max(len(row["input_ids"]) for row in rows)

        def padded(values: Sequence[int], filler: int) -> list[int]:
            return [*values, *[filler] * (length - len(values))]

        return {
            "input_ids": tensor([padded(row["input_ids"], self._pad_id) for row in rows]),
            "attention_mask": tensor([padded([1] * len(row["input_ids"]), 0) for row in rows]),
            "labels": tensor([padded(row["labels"], IGNORED) for row in rows]),
        }


class PairCollator:
    """Batches pairs as TRL's DPO trainer reads them: all chosen answers, then all rejected ones.

    Args:
        pad_id: The tokenizer's pad token.
    """

    def __init__(self, pad_id: int) -> None:
        self._pad_id = pad_id

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, "Tensor"]:
        """Batch rows of `prompt_ids`, `chosen_ids`, `rejected_ids`: int64 tensors of shape (2 × rows, length)."""
        from torch import tensor

        answers = [(row["prompt_ids"], row["chosen_ids"]) for row in rows]
        answers += [(row["prompt_ids"], row["rejected_ids"]) for row in rows]
        lengths = [len(prompt) + len(answer) for prompt, answer in answers]
        length = max(lengths)

        def padded(values: Sequence[int], filler: int) -> list[int]:
            return [*values, *[filler] * (length - len(values))]

        masks = [[0] * len(prompt) + [1] * len(answer) for prompt, answer in answers]
        return {
            "input_ids": tensor([padded([*one, *two], self._pad_id) for one, two in answers]),
            "attention_mask": tensor([padded([1] * count, 0) for count in lengths]),
            "completion_mask": tensor([padded(mask, 0) for mask in masks]),
        }
