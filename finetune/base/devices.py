"""Which device a run uses, and in which dtype the frozen weights compute there."""

import os
import time
from functools import cache

from finetune.config import Config, TrainConfig
from finetune.errors import BaseError

_MEASURED_S = 0.1


def loading_device(train: TrainConfig) -> str:
    """Where this process puts the weights: its own GPU, or memory from which they are sharded.

    Raises:
        BaseError: The config wants a GPU and there is none.
    """
    device = device_of(train)
    if device == "cpu" or train.fsdp:
        return "cpu"
    return f"cuda:{os.environ.get('LOCAL_RANK', '0')}"


def device_of(train: TrainConfig) -> str:
    """`cpu` or `cuda`.

    Raises:
        BaseError: The config wants a GPU and there is none.
    """
    device, present = wanted_device(train)
    if not present:
        raise BaseError(
            "This config needs a CUDA GPU and none is present",
            next_step="Run it on a machine with one, or take finetune/configs/codealpaca-0.5b-cpu.yaml",
        )
    return device


def wanted_device(train: TrainConfig) -> tuple[str, bool]:
    """`cpu` or `cuda`, whichever the config names or `auto` finds, and whether this machine has it."""
    import torch

    cuda = torch.cuda.is_available()
    device = train.device if train.device != "auto" else "cuda" if cuda else "cpu"
    return device, device == "cpu" or cuda


def with_dtype(config: Config) -> Config:
    """The config with `base.dtype` decided where it is `auto`.

    bfloat16 on a GPU. On a CPU what multiplies faster: bfloat16 where the processor has instructions for it (4.4
    times float32, 22 November 2026), else float32 (41 times bfloat16 on a processor with AVX2 alone, 30 November).
    """
    if config.base.dtype != "auto":
        return config
    device, _ = wanted_device(config.train)
    faster = device == "cuda" or cpu_flops("bfloat16") > cpu_flops("float32")
    base = config.base.model_copy(update={"dtype": "bfloat16" if faster else "float32"})
    return config.model_copy(update={"base": base})


@cache
def cpu_flops(dtype: str) -> float:
    """Operations a second of this CPU in matrix products, measured at the first call; up to half a second."""
    import torch

    left, right = (torch.ones(512, 512, dtype=getattr(torch, dtype)) for _ in range(2))
    torch.mm(left, right)  # the first product also sets up threads and kernels
    runs, started = 0, time.perf_counter()
    while time.perf_counter() - started < _MEASURED_S:
        torch.mm(left, right)
        runs += 1
    return runs * 2 * 512**3 / (time.perf_counter() - started)
