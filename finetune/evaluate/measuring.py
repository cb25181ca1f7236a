"""Two comparisons with the plain way, each within one run so that the ratio can be trusted."""

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from finetune.answers.generation import with_transformers
from finetune.base.devices import device_of
from finetune.base.loading import load_model
from finetune.config import Config
from finetune.data.prepare import renderer_of
from finetune.run_folder import RunFolder
from finetune.train.training import train


@dataclass(frozen=True, slots=True)
class Comparison:
    """The plain way against this package's.

    Args:
        plain: Seconds (generation) or useful tokens a second (training).
        ours: The same unit.
        ratio: How many times faster ours is.
        note: What else must be equal, or differs by intent.
    """

    plain: float
    ours: float
    ratio: float
    note: str


def measure_generation(config: Config, rows: int, max_new_tokens: int) -> Comparison:
    """Batches against a loop of `generate` over single rows, same weights, float32, base model.

    Args:
        config: A prepared run.
        rows: Test rows to answer.
        max_new_tokens: Limit of each answer.
    """
    renderer = renderer_of(config)
    base = config.base.model_copy(update={"dtype": "float32"})
    model = load_model(base, device_of(config.train)).eval()
    tested = RunFolder(config.folder).rows("test")[:rows]
    prompts = [row["ids"][: row["prompt_tokens"]] for row in tested]
    _one_by_one(model, renderer.tokenizer, prompts[:1], 2)  # kernels and threads are set up here
    started = time.perf_counter()
    generator = with_transformers(model, renderer.tokenizer, config.evaluate.batch_tokens)
    batched = dict(generator(prompts, max_new_tokens))
    between = time.perf_counter()
    single = _one_by_one(model, renderer.tokenizer, prompts, max_new_tokens)
    ended = time.perf_counter()
    equal = sum(batched[number].text == text for number, text in enumerate(single))
    plain, ours = ended - between, between - started
    return Comparison(plain, ours, plain / ours, f"{equal} of {len(prompts)} answers equal")


def measure_training(config: Config, steps: int) -> Comparison:
    """Useful tokens a second of length-grouped batches against rows padded to `data.max_tokens`.

    Args:
        config: A prepared run; both ways train a new adapter on its rows for a few steps.
        steps: Optimizer steps of each.
    """
    found = {}
    for batching in ("padded_to_max", "length_grouped"):
        changed = config.train.model_copy(
            update={"batching": batching, "max_steps": steps, "eval_every": steps, "patience": 0}
        )
        run = config.model_copy(update={"name": f"{config.name}-{batching}", "train": changed})
        _copy_data(config, run)
        found[batching] = train(run)
    rates = {name: float(summary["useful_tokens_per_s"]) for name, summary in found.items()}
    wastes = {name: f"{summary['padding_share']:.1%}" for name, summary in found.items()}
    plain, ours = rates["padded_to_max"], rates["length_grouped"]
    return Comparison(plain, ours, ours / plain, f"padding: {wastes}")


def _copy_data(config: Config, run: Config) -> None:
    source, target = RunFolder(config.folder), RunFolder(run.folder)
    shutil.rmtree(target.root, ignore_errors=True)
    shutil.copytree(source.data, target.data)
    shutil.copy(source.fingerprint, target.fingerprint)


def _one_by_one(
    model: Any, tokenizer: Any, prompts: Sequence[Sequence[int]], max_new_tokens: int
) -> list[str]:
    """The plain way: one row, one call of `generate`, prompt cut off by length."""
    import torch

    answers = []
    for ids in prompts:
        output = model.generate(
            input_ids=torch.tensor([list(ids)], device=model.device),
            max_new_tokens=max_new_tokens,
            do_sample=False,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.eos_token_id,
        )
        answers.append(tokenizer.decode(output[0, len(ids) :], skip_special_tokens=True))
    return answers
