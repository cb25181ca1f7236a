"""What every recipe shares: its strict YAML, its rows, and the arguments of its trainer."""

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError

from finetune.config import Location, Section
from finetune.errors import ConfigError, DataError
from finetune.run_folder import read_json_lines

Name = Literal["token_classification", "masked_lm", "seq2seq", "extractive_qa", "causal_lm"]


class Recipe(Section):
    """One recipe on one model and one pair of files."""

    recipe: Name = Field(description="Which module of this folder")
    model: Location = Field(
        description="Local folder or name on the hub; causal_lm makes its own weights"
    )
    train: Location = Field(description="JSON lines to learn from")
    test: Location = Field(description="JSON lines to measure on")
    output: Location = Field(description="Folder of the trained model")
    metric: Literal["bleu", "rouge"] = Field(
        "bleu", description="seq2seq: of translations or summaries"
    )
    max_tokens: int = Field(128, ge=8, description="Longest input, tokens")
    stride: int = Field(
        32, ge=0, description="extractive_qa: tokens that neighbouring chunks share"
    )
    mask_share: float = Field(
        0.15, gt=0, lt=1, description="masked_lm: share of tokens hidden (Devlin et al. 2019)"
    )
    shape: dict[str, int] = Field(
        default_factory=dict, description="causal_lm: sizes of the new model"
    )
    learning_rate: float = Field(5e-5, gt=0)
    epochs: float = Field(3.0, gt=0)
    batch: int = Field(16, ge=1, description="Rows in one step")
    seed: int = Field(17, ge=0)


def load_recipe(path: Path, **changes: Any) -> Recipe:
    """Read a recipe's YAML; `changes` win over it.

    Raises:
        ConfigError: No such file, not YAML, or a key that cannot be.
    """
    try:
        return Recipe.model_validate(
            {**yaml.safe_load(path.read_text(encoding="utf-8")), **changes}
        )
    except (OSError, yaml.YAMLError, TypeError, ValidationError) as error:
        raise ConfigError(f"{path} is no recipe: {error}") from error


def run(recipe: Recipe) -> dict[str, float]:
    """Train, measure on the test file, keep the model; gives the scores by name."""
    from importlib import import_module

    module = import_module(f"finetune.recipes.{recipe.recipe}")
    scores: dict[str, float] = module.run(recipe)
    return scores


def rows(path: str) -> list[dict[str, Any]]:
    """The rows of a JSON lines file.

    Raises:
        DataError: It is missing, empty, or not JSON.
    """
    try:
        found = list(read_json_lines(Path(path)))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    if not found:
        raise DataError(f"{path} holds no row")
    return found


def arguments(recipe: Recipe, **further: Any) -> dict[str, Any]:
    """Arguments that every trainer of transformers takes."""
    return {
        "output_dir": recipe.output,
        "learning_rate": recipe.learning_rate,
        "num_train_epochs": recipe.epochs,
        "per_device_train_batch_size": recipe.batch,
        "per_device_eval_batch_size": recipe.batch,
        "seed": recipe.seed,
        "save_strategy": "no",
        "report_to": [],
        "disable_tqdm": True,
        **further,
    }


def finish(trainer: Any, tokenizer: Any, recipe: Recipe) -> None:
    """Train, and keep model and tokenizer in the output folder."""
    trainer.train()
    trainer.save_model(recipe.output)
    tokenizer.save_pretrained(recipe.output)
