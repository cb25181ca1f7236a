"""What a training run will take, before any weights are loaded."""

import json
import math
import os
from dataclasses import dataclass
from typing import Any

from finetune.base.devices import cpu_flops, wanted_device
from finetune.base.loading import transformers_config
from finetune.config import Config
from finetune.run_folder import RunFolder

_NF4_BYTES = 4.127 / 8  # per weight with double quantization (Dettmers et al. 2023, section 3)
_TRAINED_BYTES = 16  # float32 weight, gradient, and Adam's two moments
_EXPECTED_TOKENS = 400  # assumed mean length of a rendered row, until `prepare` has counted
_A100_FLOPS = 312e12  # bf16 dense peak, NVIDIA A100 data sheet
_GPU_USE = 0.35  # of that peak: an assumption
_CPU_USE = 0.5  # of the speed of a large matrix product: an assumption
_ACTIVATION_HIDDENS = (
    34  # hidden-size values a layer keeps per token (Korthikanti et al. 2022, 34·s·b·h bytes)
)


@dataclass(frozen=True, slots=True)
class Plan:
    """The expected costs of one training run.

    Args:
        device: `cpu` or `cuda`.
        device_present: Whether this machine has it.
        base_parameters: Numbers in the base.
        trainable_parameters: Numbers in the adapter.
        adapter_mb: Adapter file, float32, megabytes.
        steps: Optimizer steps.
        rows: Rows trained on in one epoch.
        tokens: Tokens seen in all, without padding.
        memory_gb: Weights, adapter with optimizer, and activations.
        hours: Training time; evaluations come on top.
        speed_source: Where the speed behind `hours` comes from.
    """

    device: str
    device_present: bool
    base_parameters: int
    trainable_parameters: int
    adapter_mb: float
    steps: int
    rows: int
    tokens: int
    memory_gb: float
    hours: float
    speed_source: str

    def lines(self) -> list[str]:
        """The plan for a reader."""
        present = "" if self.device_present else " (not present here)"
        return [
            f"device               {self.device}{present}",
            f"base parameters      {self.base_parameters:,}",
            f"trainable parameters {self.trainable_parameters:,}",
            f"adapter file         {self.adapter_mb:.1f} MB",
            f"steps                {self.steps:,} over {self.rows:,} rows, {self.tokens:,} tokens",
            f"memory estimate      {self.memory_gb:.1f} GB",
            f"time estimate        {self.hours:.2f} h ({self.speed_source})",
        ]


def plan(config: Config) -> Plan:
    """Count parameters on shapes alone, and estimate memory and time.

    Raises:
        BaseError: The shape of the base cannot be found.
    """
    device, present = wanted_device(config.train)
    shape = transformers_config(config.base)
    total, linear, trainable = _count(config, shape)
    rows, tokens_per_row = _rows(config)
    steps = _steps(config, rows)
    tokens = steps * config.train.effective_batch * tokens_per_row
    flops, source = _speed(device, config.base.dtype)
    passes = (
        6 if config.train.gradient_checkpointing else 4
    )  # forward 2, input gradients 2, again 2
    return Plan(
        device=device,
        device_present=present,
        base_parameters=total,
        trainable_parameters=trainable,
        adapter_mb=trainable * 4 / 1e6,
        steps=steps,
        rows=rows,
        tokens=tokens,
        memory_gb=_memory_bytes(config, shape, total, linear, trainable) / 1e9,
        hours=passes * total * tokens / flops / 3600,
        speed_source=source,
    )


def _count(config: Config, shape: Any) -> tuple[int, int, int]:
    """Parameters of the base, of its linear layers but the head, and of the adapter."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(shape)
        total = sum(parameter.numel() for parameter in model.parameters())
        linear = sum(
            module.weight.numel()
            for name, module in model.named_modules()
            if isinstance(module, torch.nn.Linear) and "lm_head" not in name
        )
        lora = LoraConfig(r=config.lora.rank, target_modules=list(config.lora.targets))
        try:
            adapted = get_peft_model(model, lora)
        except ValueError:  # no such layer: training says so with its own error
            return total, linear, 0
    return total, linear, sum(p.numel() for p in adapted.parameters() if p.requires_grad)


def _rows(config: Config) -> tuple[int, int]:
    """Training rows and their mean length: as prepared, else as the config expects."""
    report = RunFolder(config.folder).data_report
    if report.is_file():
        counted = json.loads(report.read_text(encoding="utf-8"))
        rows = counted["rows"]["train"]
        return rows, math.ceil(counted["train_tokens"] / rows)
    data = config.data
    rows = max(0, data.expected_rows - data.validation_rows - data.test_rows)
    return min(rows, data.train_rows or rows), min(_EXPECTED_TOKENS, data.max_tokens)


def _steps(config: Config, rows: int) -> int:
    train = config.train
    steps = math.ceil(math.ceil(rows / train.effective_batch) * train.epochs)
    return min(steps, train.max_steps) if train.max_steps else steps


def _memory_bytes(config: Config, shape: Any, total: int, linear: int, trainable: int) -> float:
    layers, hidden = int(shape.num_hidden_layers), int(shape.hidden_size)
    width = 2 if config.base.dtype == "bfloat16" else 4
    packed = linear * (_NF4_BYTES - width) if config.base.quantization == "nf4" else 0
    tokens = config.train.device_batch * config.data.max_tokens
    per_layer = 2 if config.train.gradient_checkpointing else _ACTIVATION_HIDDENS
    activations = tokens * layers * hidden * per_layer
    return total * width + packed + trainable * _TRAINED_BYTES + activations


def _speed(device: str, dtype: str) -> tuple[float, str]:
    """Useful operations per second, and where the figure comes from."""
    if device == "cuda":
        world = int(os.environ.get("WORLD_SIZE", "1"))
        return _A100_FLOPS * _GPU_USE * world, f"{world} x A100 at {_GPU_USE:.0%} of its bf16 peak"
    flops = cpu_flops(dtype) * _CPU_USE
    return flops, f"half of this CPU's {dtype} matrix speed, measured just now"
