"""The model that is trained: the frozen base with an adapter on it, a new one or an earlier one."""

import json
from pathlib import Path
from typing import Any

from finetune.base.devices import loading_device
from finetune.base.loading import load_model
from finetune.config import Config, LoraSection
from finetune.errors import TrainingError


def with_adapter(config: Config, adapter: Path | None) -> Any:
    """The base in its frozen dtype, with trainable LoRA weights.

    Args:
        config: The run.
        adapter: PEFT folder to go on with; None draws new weights by the run's seed.

    Raises:
        TrainingError: `lora.targets` match no layer.
    """
    from peft import prepare_model_for_kbit_training
    from transformers import set_seed

    set_seed(config.seed)  # before the adapter's first weights are drawn, not only before training
    train = config.train
    base = load_model(config.base, loading_device(train), quantize=True)
    if config.base.quantization == "nf4":
        base = prepare_model_for_kbit_training(
            base, use_gradient_checkpointing=train.gradient_checkpointing
        )
    model = _earlier(base, adapter) if adapter else _new(base, config.lora)
    if not trainable_parameters(model):
        raise TrainingError("No parameter is trainable", next_step="Check lora.targets")
    return model


def trainable_parameters(model: Any) -> int:
    """How many numbers training may move."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def require_recipe_of(adapter: Path, lora: LoraSection) -> None:
    """Refuse to go on with an adapter of another shape than the config says.

    Raises:
        TrainingError: Names the adapter's shape.
    """
    stored = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    present = (stored["r"], stored["lora_alpha"], sorted(stored["target_modules"]))
    if present != (lora.rank, lora.alpha, sorted(lora.targets)):
        raise TrainingError(
            f"{adapter} has rank {present[0]}, alpha {present[1]} on {', '.join(present[2])}",
            next_step="Set lora.rank, lora.alpha and lora.targets to that",
        )


def _earlier(base: Any, adapter: Path) -> Any:
    from peft import PeftModel

    return PeftModel.from_pretrained(base, str(adapter), is_trainable=True)


def _last(layers: int, adapted: int) -> list[int] | None:
    """Numbers of the layers that are adapted; None: all."""
    return list(range(max(0, layers - adapted), layers)) if adapted else None


def _new(base: Any, lora: LoraSection) -> Any:
    from peft import LoraConfig, get_peft_model

    shape = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=list(lora.targets),
        layers_to_transform=_last(base.config.num_hidden_layers, lora.last_layers),
        task_type="CAUSAL_LM",
    )
    try:
        return get_peft_model(base, shape)
    except ValueError as error:
        raise TrainingError(
            f"lora.targets {', '.join(lora.targets)} match no layer of the base",
            next_step="Name layers it has, such as q_proj and v_proj",
        ) from error
