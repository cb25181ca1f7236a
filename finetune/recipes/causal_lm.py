"""A causal language model from scratch: new weights learn to say what comes next.

The rows are `{"text": …}`. The texts are joined, each ended by the end token, and cut into blocks of one length, so
that nothing is padding. The perplexity of the test file is exp of its mean loss a token: a model that knows nothing
has as much as its vocabulary has words.
"""

import math
from itertools import chain
from typing import Any

from finetune.recipes.recipe import Recipe, arguments, finish, rows


def run(recipe: Recipe) -> dict[str, float]:
    """Train and measure; the perplexity of the test file, and of the model before it learned."""
    from transformers import (
        AutoTokenizer,
        Qwen2Config,
        Qwen2ForCausalLM,
        Trainer,
        TrainingArguments,
        set_seed,
    )

    set_seed(recipe.seed)
    tokenizer = AutoTokenizer.from_pretrained(recipe.model)
    shape = Qwen2Config(
        vocab_size=len(tokenizer), eos_token_id=tokenizer.eos_token_id, **recipe.shape
    )
    model = Qwen2ForCausalLM(shape)
    trainer = Trainer(
        model=model,
        args=TrainingArguments(**arguments(recipe)),
        train_dataset=blocks(recipe.train, tokenizer, recipe.max_tokens),
    )
    test = blocks(recipe.test, tokenizer, recipe.max_tokens)
    before = math.exp(trainer.evaluate(test)["eval_loss"])
    finish(trainer, tokenizer, recipe)
    return {
        "perplexity": math.exp(trainer.evaluate(test)["eval_loss"]),
        "perplexity_before": before,
    }


def blocks(path: str, tokenizer: Any, length: int) -> Any:
    """All texts of a file as blocks of `length` tokens; the rest, shorter than one, is left out."""
    from datasets import Dataset

    texts = tokenizer([row["text"] for row in rows(path)], add_special_tokens=False)["input_ids"]
    joined = list(chain.from_iterable([*ids, tokenizer.eos_token_id] for ids in texts))
    cut = [joined[start : start + length] for start in range(0, len(joined) - length + 1, length)]
    return Dataset.from_list([{"input_ids": ids, "labels": ids} for ids in cut])


def continued(model: Any, tokenizer: Any, prompt: str, max_new_tokens: int) -> str:
    """What the model writes after a prompt, greedily; the prompt, which it repeats, is cut off by its length."""
    given = tokenizer(
        prompt, return_tensors="pt", add_special_tokens=False, return_token_type_ids=False
    )
    whole = model.generate(**given, max_new_tokens=max_new_tokens, do_sample=False)
    return str(tokenizer.decode(whole[0, given["input_ids"].shape[1] :], skip_special_tokens=True))
