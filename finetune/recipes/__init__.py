"""The study shelf: five classic ways to train, one module and one YAML each, on transformers' own trainers."""

from finetune.recipes.recipe import Recipe, load_recipe, run

__all__ = ["Recipe", "load_recipe", "run"]
