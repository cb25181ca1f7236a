"""What training makes smaller: the loss of answers, of answers with a pull to the base, or of preferences.

All three are TRL's trainers, fed with the tokens that `prepare` rendered, in an order that a resume repeats.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from finetune.config import Config
from finetune.data.batching import Collator, LengthGroupedSampler, PairCollator, TokenCount
from finetune.data.rendering import IGNORED, Example
from finetune.run_folder import RunFolder

if TYPE_CHECKING:
    from torch import Tensor


def columns(config: Config, folder: RunFolder, name: str) -> list[dict[str, list[int]]]:
    """The rows of a split as the trainer of this task reads them."""
    rows = folder.rows(name)
    if config.task == "dpo":
        return [
            {
                "prompt_ids": row["ids"][: row["prompt_tokens"]],
                "chosen_ids": row["ids"][row["prompt_tokens"] :],
                "rejected_ids": row["rejected_ids"],
            }
            for row in rows
        ]
    examples = (
        Example(row["ids"], row["prompt_tokens"], tuple(map(tuple, row["spans"]))) for row in rows
    )
    return [{"input_ids": example.ids, "labels": example.labels} for example in examples]


def collator_of(config: Config, pad_id: int) -> Collator | PairCollator:
    """What makes batches of those rows, and counts their tokens."""
    if config.task == "dpo":
        return PairCollator(pad_id)
    padded = config.train.batching == "padded_to_max"
    return Collator(pad_id, config.data.max_tokens if padded else None)


def trainer_class(
    config: Config, rows: Sequence[Mapping[str, Sequence[int]]], count: TokenCount
) -> Any:
    """The trainer of the config's task.

    Args:
        config: The run.
        rows: Its training rows, as `columns` gives them.
        count: Told of every batch that is trained on.
    """
    from trl import DPOTrainer, SFTTrainer

    lengths = [sum(map(len, row.values())) for row in rows]
    parent: Any = DPOTrainer
    if config.task != "dpo":
        weight = config.train.kl_weight
        parent = _near_base(SFTTrainer, weight) if weight else _of_answers(SFTTrainer)

    class Ordered(parent):  # type: ignore[misc]
        """Its order of rows is the same after a resume."""

        def _get_train_sampler(self, train_dataset: Any = None) -> Any:
            if config.train.batching == "padded_to_max":
                return super()._get_train_sampler(train_dataset)
            return LengthGroupedSampler(lengths, config.train.device_batch, config.seed)

        def training_step(self, model: Any, inputs: Any, *given: Any, **named: Any) -> Any:
            count.add(inputs)
            return super().training_step(model, inputs, *given, **named)

        def _prepare_dataset(self, dataset: Any, *given: Any, **named: Any) -> Any:
            return dataset  # rendered, measured and checked by `prepare`

    return Ordered


def _of_answers(parent: Any) -> Any:
    """A trainer of the plain cross entropy, which computes logits of answers alone and in the weights' own dtype.

    A prompt's logits are thrown away. TRL's chunked head skips them too, but computes in 32 bits, which on a processor
    without a GPU took a third of a step's time (1.5B model, rows of 400 tokens with answers of 30).
    """

    class OfAnswers(parent):  # type: ignore[misc]
        """Mean cross entropy of the tokens to learn, nats."""

        def compute_loss(
            self,
            model: Any,
            inputs: Any,
            return_outputs: bool = False,
            num_items_in_batch: Any = None,
        ) -> Any:
            import torch

            labels = inputs["labels"]
            learned = (labels != IGNORED).any(dim=0).nonzero()
            kept = labels.shape[1] - max(0, int(learned.min()) - 1)
            asked = {name: inputs[name] for name in ("input_ids", "attention_mask")}
            outputs = model(**asked, logits_to_keep=kept)
            logits, targets = outputs.logits[:, :-1], labels[:, -kept:][:, 1:]
            total = torch.nn.functional.cross_entropy(
                logits.flatten(0, 1).float(), targets.flatten(), reduction="sum"
            )
            count = num_items_in_batch or (targets != IGNORED).sum()
            return (total / count, outputs) if return_outputs else total / count

    return OfAnswers


def _near_base(parent: Any, weight: float) -> Any:
    """A trainer whose loss grows with the distance from the base."""

    class NearBase(parent):  # type: ignore[misc]
        """Cross entropy plus `weight` times KL(tuned ‖ base), in nats a trained token."""

        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, **named: Any
        ) -> Any:
            import torch

            labels = inputs["labels"]
            asked = {name: inputs[name] for name in ("input_ids", "attention_mask")}
            outputs = model(**asked)
            with torch.no_grad(), self.accelerator.unwrap_model(model).disable_adapter():
                base = model(**asked).logits
            trained = labels[:, 1:] != IGNORED
            tuned_logits, base_logits = outputs.logits[:, :-1][trained], base[:, :-1][trained]
            loss = torch.nn.functional.cross_entropy(tuned_logits.float(), labels[:, 1:][trained])
            loss = loss + weight * divergence(tuned_logits, base_logits)
            return (loss, outputs) if return_outputs else loss

    return NearBase


def divergence(tuned: "Tensor", base: "Tensor") -> "Tensor":
    """Mean KL(tuned ‖ base) over rows of logits, shape (tokens, vocabulary); nats, a scalar."""
    left, right = tuned.float().log_softmax(-1), base.float().log_softmax(-1)
    return (left.exp() * (left - right)).sum(-1).mean()
