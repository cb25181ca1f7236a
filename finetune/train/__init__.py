"""A run that tunes an adapter for the base model: planned, trained, resumed, stacked."""

from finetune.train.planning import plan
from finetune.train.stacking import stack
from finetune.train.training import train

__all__ = ["plan", "stack", "train"]
