"""Training an adapter with TRL and PEFT: afresh, resumed, continued or stacked."""

import math
import os
import shutil
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune.adapters.merging import require_base_of
from finetune.base.devices import device_of
from finetune.config import Config
from finetune.data.batching import TokenCount
from finetune.data.prepare import renderer_of, save_config
from finetune.data.rendering import Renderer
from finetune.errors import TrainingError
from finetune.run_folder import RunFolder, write_json
from finetune.train.adapting import require_recipe_of, trainable_parameters, with_adapter
from finetune.train.objectives import collator_of, columns, trainer_class

if TYPE_CHECKING:
    from finetune.train.training_log import Interrupt, JsonLog


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
    from finetune.train.training_log import peak_memory_bytes, plot_loss

    folder = RunFolder(config.folder)
    checkpoint = last_checkpoint(folder) if resume else None
    if not resume:
        _refuse_overwrite(folder)
    renderer = renderer_of(config)
    if adapter:
        require_base_of(adapter, config.base, renderer.tokenizer)
        require_recipe_of(adapter, config.lora)
    model = with_adapter(config, adapter)
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
    if config.task == "pretraining" and trainer.state.best_metric is not None:
        summary["perplexity"] = round(math.exp(trainer.state.best_metric), 3)
    if trainer.is_world_process_zero():
        plot_loss(folder.log, folder.loss_plot, config.task)
        write_json(folder.summary, summary)
    if summary["finished"]:
        trainer.save_model(str(folder.adapter))  # on every process: sharded weights are gathered
        shutil.copy(folder.fingerprint, folder.adapter / "fingerprint.json")
    return summary


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


def _trainer(
    config: Config, folder: RunFolder, renderer: Renderer, model: Any
) -> tuple[Any, "Interrupt", "JsonLog"]:
    from datasets import Dataset
    from transformers import EarlyStoppingCallback

    from finetune.train.training_log import FinalEvaluation, Interrupt, JsonLog, Samples

    train = config.train
    rows = {name: columns(config, folder, name) for name in ("train", "validation")}
    collator = collator_of(config, renderer.tokenizer.pad_token_id)
    count = TokenCount()
    interrupt, log = Interrupt(), JsonLog(folder.log, count)
    callbacks = [log, FinalEvaluation(), interrupt]
    if train.patience:
        callbacks.append(EarlyStoppingCallback(early_stopping_patience=train.patience))
    if train.sample.rows:
        callbacks.append(Samples(folder.log, _sampler(config, folder, renderer)))
    trainer = trainer_class(config, rows["train"], count)(
        model=model,
        args=_arguments(config, folder),
        data_collator=collator,
        train_dataset=Dataset.from_list(rows["train"]),
        eval_dataset=Dataset.from_list(rows["validation"]),
        processing_class=renderer.tokenizer,
        callbacks=callbacks,
    )
    return trainer, interrupt, log


def _arguments(config: Config, folder: RunFolder) -> Any:
    from trl import DPOConfig, SFTConfig

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
    own: Any = SFTConfig
    if config.task == "dpo":
        own = partial(DPOConfig, beta=train.beta)
    return own(
        output_dir=str(folder.checkpoints),
        use_cpu=cpu,
        # On CPU the frozen weights compute in their own dtype; autocast would only add casts.
        bf16=not cpu and config.base.dtype == "bfloat16",
        seed=config.seed,
        max_length=None,  # rows are dropped when too long, never cut
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


def _sampler(config: Config, folder: RunFolder, renderer: Renderer) -> Any:
    from finetune.answers.generation import answer_batch
    from finetune.answers.scoring import bleu4

    sample = config.train.sample
    rows = folder.rows("validation")[: sample.rows]
    prompts = [row["ids"][: row["prompt_tokens"]] for row in rows]

    def answer(model: Any) -> tuple[list[str], float]:
        answers = answer_batch(model, renderer.tokenizer, prompts, sample.max_new_tokens)
        predictions = [item.text for item in answers]
        return predictions, bleu4(predictions, [row["answer"] for row in rows])

    return answer
