"""Answers of a model, base or tuned: made in process or by a server, and scored."""

from finetune.answers.generation import Answer, Generate, with_server, with_transformers

__all__ = ["Answer", "Generate", "with_server", "with_transformers"]
