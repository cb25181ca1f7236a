"""Base and tuned side by side: their answers kept, compared, reported."""

from finetune.evaluate.evaluation import generate, score

__all__ = ["generate", "score"]
