"""Training an adapter with TRL and PEFT: afresh, resumed, continued or stacked."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

from finetune.config import Config, LoraSection
from finetune.data.batching import Collator, LengthGroupedSampler
from finetune.data.prepare import renderer_of, save_config
from finetune.data.rendering import Example, Renderer
from finetune.errors import TrainingError
from finetune.run_folder import RunFolder, write_json
from finetune.ship.merging import require_base_of
from finetune.train.base import load_model
from finetune.train.devices import device_of, loading_device
from finetune.train.training_log import (
    FinalEvaluation,
    Interrupt,
    JsonLog,
    Samples,
    peak_memory_bytes,
    plot_loss,
)


def train(config: Config, *, adapter: Path | None = None, resume: bool = False) -> dict[str, Any]:
    """Train the run's adapter and keep its best checkpoint.

    Args:
        config: The run; `prepare` has been run with it.
        adapter: Go on training this adapter instead of a new one.
        resume: Go on from the run's last checkpoint.

    Returns:
        The summary that also lies in the run folder: steps, losses, speed, memory.

    Raises:
        FingerprintError: The base differs from the one the rows were rendered for.
        TrainingError: Nothing to train, nothing to resume, or a loss that is not finite.
    """
    folder = RunFolder(config.folder)
    checkpoint = last_checkpoint(folder) if resume else None
    if not resume:
        _refuse_overwrite(folder)
    renderer = renderer_of(config)
    if adapter:
        require_base_of(adapter, config.base, renderer.tokenizer)
        _require_recipe_of(adapter, config.lora)
    model = _with_adapter(config, adapter)
    save_config(config, folder)
    trainer, interrupt, log = _trainer(config, folder, renderer, model)
    outcome = trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    summary = {
        "finished": not interrupt.asked,
        "steps": outcome.global_step,
        "train_loss": log.mean_loss(),
        "best_eval_loss": trainer.state.best_metric,
        "best_step": trainer.state.best_global_step,
        "seconds": round(log.seconds, 1),
        "useful_tokens": log.useful_tokens,
        "useful_tokens_per_s": round(log.useful_tokens / max(log.seconds, 1e-9), 1),
        "padding_share": round(1 - log.useful_tokens / max(1, log.tokens), 4),
        "peak_memory_gb": round(peak_memory_bytes() / 1e9, 2),
        "trainable_parameters": trainable_parameters(model),
    }
    if trainer.is_world_process_zero():
        plot_loss(folder.log, folder.loss_plot)
        write_json(folder.summary, summary)
    if summary["finished"]:
        trainer.save_model(str(folder.adapter))  # on every process: sharded weights are gathered
        shutil.copy(folder.fingerprint, folder.adapter / "fingerprint.json")
    return summary


def trainable_parameters(model: Any) -> int:
    """How many numbers training may move."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def last_checkpoint(folder: RunFolder) -> Path:
    """The checkpoint to resume from.

    Raises:
        TrainingError: There is none.
    """
    found = sorted(folder.checkpoints.glob("checkpoint-*"), key=lambda path: int(path.name[11:]))
    if not found:
        raise TrainingError(
            f"{folder.checkpoints} holds no checkpoint", next_step="Start the run with `train`"
        )
    return found[-1]


def _refuse_overwrite(folder: RunFolder) -> None:
    if folder.adapter.exists() or any(folder.checkpoints.glob("checkpoint-*")):
        raise TrainingError(
            f"{folder.root} has been trained already",
            next_step="Use `resume`, or give the config another name",
        )


def _require_recipe_of(adapter: Path, lora: LoraSection) -> None:
    """Refuse to go on with an adapter of another shape than the config says."""
    stored = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    present = (stored["r"], stored["lora_alpha"], sorted(stored["target_modules"]))
    if present != (lora.rank, lora.alpha, sorted(lora.targets)):
        raise TrainingError(
            f"{adapter} has rank {present[0]}, alpha {present[1]} on {', '.join(present[2])}",
            next_step="Set lora.rank, lora.alpha and lora.targets to that",
        )


def _with_adapter(config: Config, adapter: Path | None) -> Any:
    from peft import LoraConfig, PeftModel, get_peft_model, prepare_model_for_kbit_training
    from transformers import set_seed

    set_seed(config.seed)  # before the adapter's first weights are drawn, not only before training
    train = config.train
    base = load_model(config.base, loading_device(train), quantize=True)
    if config.base.quantization == "nf4":
        base = prepare_model_for_kbit_training(
            base, use_gradient_checkpointing=train.gradient_checkpointing
        )
    if adapter:
        model = PeftModel.from_pretrained(base, str(adapter), is_trainable=True)
    else:
        lora = LoraConfig(
            r=config.lora.rank,
            lora_alpha=config.lora.alpha,
            lora_dropout=config.lora.dropout,
            target_modules=list(config.lora.targets),
            task_type="CAUSAL_LM",
        )
        try:
            model = get_peft_model(base, lora)
        except ValueError as error:
            raise TrainingError(
                f"lora.targets {', '.join(config.lora.targets)} match no layer of the base",
                next_step="Name layers it has, such as q_proj and v_proj",
            ) from error
    if not trainable_parameters(model):
        raise TrainingError("No parameter is trainable", next_step="Check lora.targets")
    return model


def _trainer(
    config: Config, folder: RunFolder, renderer: Renderer, model: Any
) -> tuple[Any, Interrupt, JsonLog]:
    from datasets import Dataset
    from transformers import EarlyStoppingCallback
    from trl import SFTTrainer

    train = config.train
    padded = train.batching == "padded_to_max"
    collator = Collator(renderer.tokenizer.pad_token_id, config.data.max_tokens if padded else None)
    splits = {name: Dataset.from_list(_columns(folder, name)) for name in ("train", "validation")}

    class GroupedTrainer(SFTTrainer):  # type: ignore[misc]
        """SFTTrainer whose order of rows is the same after a resume."""

        def _get_train_sampler(self, train_dataset: Any = None) -> Any:
            if padded:
                return super()._get_train_sampler(train_dataset)
            lengths = [len(ids) for ids in splits["train"]["input_ids"]]
            return LengthGroupedSampler(lengths, train.device_batch, config.seed)

    interrupt, log = Interrupt(), JsonLog(folder.log, collator)
    callbacks = [log, FinalEvaluation(), interrupt]
    if train.patience:
        callbacks.append(EarlyStoppingCallback(early_stopping_patience=train.patience))
    if train.sample.rows:
        callbacks.append(Samples(folder.log, _sampler(config, folder, renderer)))
    trainer = GroupedTrainer(
        model=model,
        args=_arguments(config, folder),
        data_collator=collator,
        train_dataset=splits["train"],
        eval_dataset=splits["validation"],
        processing_class=renderer.tokenizer,
        callbacks=callbacks,
    )
    return trainer, interrupt, log


def _arguments(config: Config, folder: RunFolder) -> Any:
    from trl import SFTConfig

    train = config.train
    world = int(os.environ.get("WORLD_SIZE", "1"))
    accumulation, left = divmod(train.effective_batch, train.device_batch * world)
    if left or not accumulation:
        raise TrainingError(
            f"train.effective_batch {train.effective_batch} is no multiple of "
            f"train.device_batch {train.device_batch} times {world} processes"
        )
    cpu = device_of(train) == "cpu"
    os.environ["TENSORBOARD_LOGGING_DIR"] = str(folder.tensorboard)
    return SFTConfig(
        output_dir=str(folder.checkpoints),
        use_cpu=cpu,
        # On CPU the frozen weights compute in their own dtype; autocast would only add casts.
        bf16=not cpu and config.base.dtype == "bfloat16",
        seed=config.seed,
        max_length=None,  # rows are dropped when too long, never cut
        dataset_kwargs={"skip_prepare_dataset": True},
        per_device_train_batch_size=train.device_batch,
        per_device_eval_batch_size=train.device_batch,
        gradient_accumulation_steps=accumulation,
        gradient_checkpointing=train.gradient_checkpointing,
        learning_rate=train.learning_rate,
        lr_scheduler_type=train.schedule,
        warmup_steps=train.warmup_steps,
        weight_decay=train.weight_decay,
        max_grad_norm=train.max_grad_norm,
        num_train_epochs=train.epochs,
        max_steps=train.max_steps or -1,
        eval_strategy="steps",
        eval_steps=train.eval_every,
        save_strategy="steps",
        save_steps=train.eval_every,
        save_total_limit=2,
        load_best_model_at_end=True,
        metric_for_best_model="eval_loss",
        logging_steps=train.log_every,
        logging_first_step=True,
        logging_nan_inf_filter=False,  # a loss that is not finite must be seen
        report_to=["tensorboard"],
        dataloader_pin_memory=not cpu,
        fsdp=train.fsdp or None,
    )


def _columns(folder: RunFolder, name: str) -> list[dict[str, list[int]]]:
    examples = (
        Example(row["ids"], row["prompt_tokens"], tuple(map(tuple, row["spans"])))
        for row in folder.rows(name)
    )
    return [{"input_ids": example.ids, "labels": example.labels} for example in examples]


def _sampler(config: Config, folder: RunFolder, renderer: Renderer) -> Any:
    from finetune.evaluate.generation import answer_batch
    from finetune.evaluate.scoring import bleu4

    sample = config.train.sample
    rows = folder.rows("validation")[: sample.rows]
    prompts = [row["ids"][: row["prompt_tokens"]] for row in rows]

    def answer(model: Any) -> tuple[list[str], float]:
        answers = answer_batch(model, renderer.tokenizer, prompts, sample.max_new_tokens)
        predictions = [item.text for item in answers]
        return predictions, bleu4(predictions, [row["answer"] for row in rows])

    return answer
