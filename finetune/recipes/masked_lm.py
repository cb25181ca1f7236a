"""Masked language model: hidden tokens are guessed from both sides (Devlin et al. 2019, arXiv:1810.04805).

The rows are `{"text": …}`. Which tokens are hidden is drawn anew in every epoch, and in the test once, by the seed, so
that two models are asked the same.
"""

import math
from typing import Any

from finetune.recipes.recipe import Recipe, arguments, finish, rows


def run(recipe: Recipe) -> dict[str, float]:
    """Train and measure; perplexity and share of right guesses over the hidden tokens."""
    from datasets import Dataset
    from transformers import (
        AutoModelForMaskedLM,
        AutoTokenizer,
        DataCollatorForLanguageModeling,
        Trainer,
        TrainingArguments,
        set_seed,
    )

    set_seed(recipe.seed)
    tokenizer = AutoTokenizer.from_pretrained(recipe.model)

    def encoded(path: str) -> Any:
        texts = [row["text"] for row in rows(path)]
        features = tokenizer(
            texts, truncation=True, max_length=recipe.max_tokens, return_special_tokens_mask=True
        )
        return Dataset.from_dict(dict(features))

    trainer = Trainer(
        model=AutoModelForMaskedLM.from_pretrained(recipe.model),
        args=TrainingArguments(**arguments(recipe, remove_unused_columns=False)),
        train_dataset=encoded(recipe.train),
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm_probability=recipe.mask_share),
        compute_metrics=_right_guesses,
        preprocess_logits_for_metrics=lambda logits, labels: logits.argmax(-1),
    )
    finish(trainer, tokenizer, recipe)
    set_seed(recipe.seed)
    scores = trainer.evaluate(encoded(recipe.test))
    return {"perplexity": math.exp(scores["eval_loss"]), "accuracy": scores["eval_accuracy"]}


def _right_guesses(outcome: Any) -> dict[str, float]:
    hidden = outcome.label_ids != -100
    return {"accuracy": float((outcome.predictions == outcome.label_ids)[hidden].mean())}
