"""Data that runs: tasks from seeds, solved by the model itself, kept where tests pass."""

from finetune.evolve.distilling import distill
from finetune.evolve.evolving import evolve

__all__ = ["distill", "evolve"]
