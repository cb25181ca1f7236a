"""Which device a run uses."""

import os

from finetune.config import TrainConfig
from finetune.errors import BaseError


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
    import torch

    present = torch.cuda.is_available()
    if train.device == "cuda" and not present:
        raise BaseError(
            "This config needs a CUDA GPU and none is present",
            next_step="Run it on a machine with one, or take finetune/configs/codealpaca-0.5b-cpu.yaml",
        )
    if train.device == "auto":
        return "cuda" if present else "cpu"
    return train.device
