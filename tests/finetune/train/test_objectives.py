"""Each way to train, on the tiny model: that what it is for really happens."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from finetune.base.loading import load_model
from finetune.config import Config
from finetune.data.prepare import prepare
from finetune.errors import ConfigError, GenerationError
from finetune.evaluate.evaluation import generate
from finetune.run_folder import RunFolder, read_json_lines
from finetune.train.objectives import divergence
from finetune.train.training import train
from tests.finetune.conftest import questions

pytestmark = pytest.mark.timeout(600)  # seconds alone, minutes beside other work
Make = Callable[..., Config]
QUICK = ("train.learning_rate=0.01", "train.schedule=constant", "lora.dropout=0", "lora.rank=16")


def source(path: Path, rows: list[dict[str, Any]], kind: str) -> str:
    path.write_text(json.dumps(rows), encoding="utf-8")
    return f"data.sources=[{{path: {path}, format: {kind}, licence: CC0-1.0}}]"


def log_of(config: Config) -> list[dict[str, Any]]:
    return list(read_json_lines(RunFolder(config.folder).log))


@pytest.mark.slow
def test_dpo_learns_which_answer_is_better(
    make_config: Make, tiny_base: Path, tmp_path: Path
) -> None:
    pairs = [
        {"prompt": row["instruction"], "chosen": row["output"], "rejected": row["output"][::-1]}
        for row in questions()
    ]
    config = make_config(
        "task=dpo", source(tmp_path / "pairs.json", pairs, "pairs"), "train.max_steps=8", *QUICK
    )
    prepare(config)
    summary = train(config)
    evaluations = [entry for entry in log_of(config) if "eval_rewards/accuracies" in entry]
    assert evaluations[-1]["eval_rewards/accuracies"] > 0.9
    assert evaluations[-1]["eval_rewards/margins"] > 0.5
    assert summary["best_eval_loss"] < 0.6  # it begins at log 2 = 0.69
    assert summary["useful_tokens"] > 0


@pytest.mark.slow
def test_a_pull_to_the_base_keeps_near_it(make_config: Make, tiny_base: Path) -> None:
    from peft import PeftModel

    distances = {}
    for weight in (0, 20):
        config = make_config(
            f"name=kl-{weight}", f"train.kl_weight={weight}", "train.max_steps=6", *QUICK
        )
        prepare(config)
        train(config)
        base = load_model(config.base, "cpu").eval()
        batch = {"input_ids": _ids(config)}
        before = base(**batch).logits[0].detach()
        tuned = PeftModel.from_pretrained(base, str(RunFolder(config.folder).adapter)).eval()
        distances[weight] = float(divergence(tuned(**batch).logits[0].detach(), before))
    assert 0 < distances[20] < distances[0] / 2


def _ids(config: Config) -> Any:
    import torch

    return torch.tensor([RunFolder(config.folder).rows("train")[0]["ids"]])


@pytest.mark.slow
def test_pretraining_lowers_perplexity_on_packed_text(
    make_config: Make, tiny_base: Path, tmp_path: Path
) -> None:
    texts = [{"text": f"{row['output']} # {row['instruction']}"} for row in questions()]
    config = make_config(
        "task=pretraining", source(tmp_path / "texts.json", texts, "text"), "train.max_steps=20",
        "data.max_tokens=64", *QUICK,
    )  # fmt: skip
    prepare(config)
    lengths = [len(row["ids"]) for row in RunFolder(config.folder).rows("train")]
    assert set(lengths[:-1]) == {64}
    summary = train(config)
    losses = [entry["loss"] for entry in log_of(config) if "loss" in entry]
    assert losses[-1] < 0.85 * losses[0]
    assert summary["perplexity"] > 1
    with pytest.raises(GenerationError, match="perplexity"):
        generate(config, "base")


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["task=dpo"], "needs data.sources of format pairs"),
        (["data.sources=[{path: x, format: text, licence: x}]"], "alpaca or messages"),
        (["task=dpo", "data.sources=[{path: x, format: pairs, licence: x}]", "train.kl_weight=1"], "beta"),
    ],
)  # fmt: skip
def test_a_task_needs_its_data(make_config: Make, overrides: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make_config(*overrides)


@pytest.mark.long
def test_only_the_last_layers_are_adapted_and_their_loss_is_that_of_the_answers(
    make_config: Make, tiny_base: Path
) -> None:
    from safetensors import safe_open

    config = make_config("lora.last_layers=1", "train.max_steps=1", "train.device_batch=2", *QUICK)
    prepare(config)
    train(config)
    folder = RunFolder(config.folder)
    with safe_open(folder.adapter / "adapter_model.safetensors", framework="pt") as stored:
        layers = {name.split(".layers.")[1].split(".")[0] for name in stored.keys()}  # noqa: SIM118
    base = load_model(config.base, "cpu").eval()
    assert layers == {str(base.config.num_hidden_layers - 1)}
    lengths = [len(row["ids"]) for row in folder.rows("validation")]
    learned = [row["ids"][row["prompt_tokens"] :] for row in folder.rows("validation")]
    assert min(map(len, learned)) < min(lengths)  # the prompt is not learned
    evaluated = [entry["eval_loss"] for entry in log_of(config) if "eval_loss" in entry]
    assert evaluated[-1] == pytest.approx(_answer_loss(config), rel=0.05)


def _answer_loss(config: Config) -> float:
    """Mean cross entropy of the validation rows' answers, computed row by row from whole logits."""
    import torch
    from peft import PeftModel

    folder = RunFolder(config.folder)
    model = PeftModel.from_pretrained(load_model(config.base, "cpu"), str(folder.adapter)).eval()
    total, count = 0.0, 0
    for row in folder.rows("validation"):
        ids, first = torch.tensor([row["ids"]]), row["prompt_tokens"]
        logits = model(input_ids=ids).logits[0, first - 1 : -1].float()
        total += float(torch.nn.functional.cross_entropy(logits, ids[0, first:], reduction="sum"))
        count += ids.shape[1] - first
    return total / count
