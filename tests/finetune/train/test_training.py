"""Real training of the tiny model: seconds each once torch and TRL are loaded."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from finetune.adapters.merging import merge
from finetune.answers.generation import answer_batch, with_transformers
from finetune.base.loading import load_model
from finetune.config import Config
from finetune.data.prepare import prepare
from finetune.errors import BaseError, TrainingError
from finetune.run_folder import RunFolder, read_json_lines
from finetune.train.training import train

pytestmark = pytest.mark.timeout(600)  # seconds alone, minutes beside other work
Make = Callable[..., Config]


@pytest.fixture
def prepared(make_config: Make, tiny_base: Path) -> Make:
    prepare(make_config())
    return make_config


def adapter_weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return load_file(folder / "adapter_model.safetensors")


@pytest.mark.long
def test_only_lora_weights_move_and_the_log_tells(prepared: Make) -> None:
    import torch

    config = prepared("train.max_steps=4", "train.learning_rate=0.01", "train.sample.rows=2")
    summary = train(config)
    folder = RunFolder(config.folder)
    weights = adapter_weights(folder.adapter)
    assert summary["finished"]
    assert summary["trainable_parameters"] == sum(tensor.numel() for tensor in weights.values())
    assert {key.split(".")[-3] for key in weights} == {"q_proj", "v_proj"}
    moved = [tensor for key, tensor in weights.items() if "lora_B" in key]
    assert all(torch.any(tensor != 0) for tensor in moved)
    log = list(read_json_lines(folder.log))
    steps = [entry for entry in log if "loss" in entry]
    assert [entry["step"] for entry in steps] == [1, 2, 3, 4]
    for key in ("grad_norm", "learning_rate", "useful_tokens_per_s", "peak_memory_gb"):
        assert all(entry[key] >= 0 for entry in steps), key
    assert any("eval_loss" in entry for entry in log)
    samples = [entry for entry in log if "samples" in entry]
    assert len(samples[0]["samples"]) == 2
    assert folder.loss_plot.stat().st_size > 1000
    assert list(folder.tensorboard.glob("events*"))
    with pytest.raises(TrainingError, match="trained already"):
        train(config)


def test_refusals_before_anything_is_loaded(
    prepared: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(BaseError, match="needs a CUDA GPU and none is present"):
        train(prepared("train.device=cuda"))
    with pytest.raises(TrainingError, match="no layer of the base"):
        train(prepared("lora.targets=[no_such_layer]"))
    with pytest.raises(TrainingError, match="holds no checkpoint"):
        train(prepared(), resume=True)


@pytest.mark.slow
def test_loss_that_is_not_finite_ends_the_run(prepared: Make) -> None:
    with pytest.raises(TrainingError, match="not finite"):
        train(
            prepared("train.learning_rate=1e38", "train.max_grad_norm=1e30", "train.max_steps=12")
        )


@pytest.mark.slow
def test_overfits_32_rows(prepared: Make) -> None:
    config = prepared(
        "data.train_rows=32",
        "train.epochs=50",
        "train.schedule=constant",
        "train.device_batch=8",
        "train.effective_batch=8",
        "train.eval_every=1000",
        "train.learning_rate=0.005",
        "lora.dropout=0",
        "lora.rank=32",
        "lora.alpha=32",
        "lora.targets=[q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj]",
    )
    prepare(config)
    train(config)
    losses = [e["loss"] for e in read_json_lines(RunFolder(config.folder).log) if "loss" in e]
    assert sum(losses[-4:]) / 4 < 0.5 * losses[0]  # 0.41 was measured after these 200 steps


@pytest.mark.slow
def test_resume_equals_uninterrupted(prepared: Make) -> None:
    import shutil

    import torch

    whole = prepared("name=whole", "train.epochs=2")
    cut = prepared("name=cut", "train.epochs=2")
    for config in (whole, cut):
        prepare(config)
    train(whole)
    train(cut)
    folder = RunFolder(cut.folder)
    last = sorted(folder.checkpoints.glob("checkpoint-*"), key=lambda path: int(path.name[11:]))
    shutil.rmtree(last[-1])
    shutil.rmtree(folder.adapter)
    train(cut, resume=True)
    for key, tensor in adapter_weights(RunFolder(whole.folder).adapter).items():
        assert torch.equal(tensor, adapter_weights(folder.adapter)[key]), key


@pytest.mark.slow
def test_a_resumed_run_counts_all_of_it(prepared: Make) -> None:
    import shutil

    config = prepared("train.max_steps=4", "train.eval_every=2")
    whole = train(config)
    folder = RunFolder(config.folder)
    shutil.rmtree(folder.checkpoints / "checkpoint-4")
    shutil.rmtree(folder.adapter)
    resumed = train(config, resume=True)
    for key in ("steps", "useful_tokens", "padding_share"):
        assert resumed[key] == whole[key], key
    assert resumed["train_loss"] == pytest.approx(whole["train_loss"])
    last = [e["total_seconds"] for e in read_json_lines(folder.log) if "total_seconds" in e][1]
    assert resumed["seconds"] >= last


@pytest.mark.slow
def test_training_stops_where_the_loss_no_longer_falls(prepared: Make) -> None:
    config = prepared(
        "train.learning_rate=1e-30", "train.eval_every=1", "train.patience=2", "train.max_steps=9"
    )
    summary = train(config)
    assert summary["steps"] == 3  # the first evaluation is the best, two more bring nothing
    assert summary["finished"]
    assert summary["best_step"] == 1


@pytest.mark.slow
def test_interrupt_keeps_a_checkpoint(prepared: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    import signal

    from finetune.train import training_log

    begin = training_log.Interrupt.on_train_begin

    def at_once(self: Any, *given: Any, **named: Any) -> None:
        begin(self, *given, **named)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(training_log.Interrupt, "on_train_begin", at_once)
    config = prepared()
    summary = train(config)
    assert (summary["finished"], summary["steps"]) == (False, 1)
    assert not RunFolder(config.folder).adapter.exists()
    monkeypatch.undo()
    assert train(config, resume=True)["finished"]


@pytest.mark.slow
def test_continue_and_stack_start_from_the_adapter(prepared: Make) -> None:
    from finetune.train.stacking import on_stacked_base, stack

    first = prepared("train.max_steps=4", "train.learning_rate=0.01")
    train(first)
    old = RunFolder(first.folder).adapter
    more = prepared("name=more", "train.max_steps=1", "train.learning_rate=1e-9")
    prepare(more)
    train(more, adapter=old)
    for key, tensor in adapter_weights(old).items():
        assert (adapter_weights(RunFolder(more.folder).adapter)[key] - tensor).abs().max() < 1e-6
    stacked = prepared("name=stacked", "train.max_steps=1")
    prepare(stacked)
    train(stack(stacked, old))
    assert on_stacked_base(stacked).base.weights.endswith("stacked/base")


@pytest.mark.slow
def test_padded_way_trains_on_more_padding(prepared: Make) -> None:
    grouped, padded = (
        prepared("name=grouped"),
        prepared("name=padded", "train.batching=padded_to_max"),
    )
    for config in (grouped, padded):
        prepare(config)
    assert train(grouped)["padding_share"] < train(padded)["padding_share"] / 2


def test_batched_answers_equal_single_ones(prepared: Make, tokenizer: Any) -> None:
    config = prepared()
    model = load_model(config.base, "cpu").eval()
    rows = RunFolder(config.folder).rows("train")[:9]
    prompts = [row["ids"][: row["prompt_tokens"] - shift] for shift, row in enumerate(rows)]
    batched = dict(with_transformers(model, tokenizer, batch_tokens=10_000)(prompts, 16))
    for number, prompt in enumerate(prompts):
        assert batched[number] == answer_batch(model, tokenizer, [prompt], 16)[0]


@pytest.mark.slow
def test_merged_equals_adapter(prepared: Make, tokenizer: Any) -> None:
    from peft import PeftModel

    config = prepared("train.max_steps=4", "train.learning_rate=0.01")
    train(config)
    folder = RunFolder(config.folder)
    merged = load_model(
        config.base.model_copy(update={"weights": str(merge(config))}), "cpu"
    ).eval()
    adapted = PeftModel.from_pretrained(load_model(config.base, "cpu"), str(folder.adapter)).eval()
    prompts = [row["ids"][: row["prompt_tokens"]] for row in folder.rows("test")]
    assert answer_batch(merged, tokenizer, prompts, 16) == answer_batch(
        adapted, tokenizer, prompts, 16
    )


@pytest.mark.slow
def test_nf4_trains_on_cpu(prepared: Make) -> None:
    pytest.importorskip("bitsandbytes")
    config = prepared("base.quantization=nf4", "train.max_steps=2")
    assert train(config)["finished"]


def test_run_folder_keeps_the_resolved_config(prepared: Make) -> None:
    import yaml

    config = prepared()
    kept = yaml.safe_load(RunFolder(config.folder).config.read_text())
    assert Config.model_validate(kept).model_dump(mode="json") == config.model_dump(mode="json")
    assert json.loads(RunFolder(config.folder).data_report.read_text())["train_tokens"] > 0
