"""Sequence to sequence: translations scored by BLEU, summaries by ROUGE.

The rows are `{"source": …, "target": …}`. Labels are padded with −100, not with the pad token, so that no loss counts
padding; the model shifts them itself into what its decoder reads. Scores are those of generated texts, since the loss,
which is shown the right beginning, says little of them.
"""

import re
from collections.abc import Sequence
from typing import Any

from finetune.recipes.recipe import Recipe, arguments, finish, rows


def run(recipe: Recipe) -> dict[str, float]:
    """Train and measure on greedy outputs: `bleu`, or `rouge1` and `rougeL`, from 0 to 1."""
    from datasets import Dataset
    from transformers import (
        AutoModelForSeq2SeqLM,
        AutoTokenizer,
        DataCollatorForSeq2Seq,
        Seq2SeqTrainer,
        Seq2SeqTrainingArguments,
        set_seed,
    )

    set_seed(recipe.seed)
    tokenizer = AutoTokenizer.from_pretrained(recipe.model)
    model = AutoModelForSeq2SeqLM.from_pretrained(recipe.model)
    test = rows(recipe.test)

    def encoded(part: Sequence[dict[str, Any]]) -> Any:
        sources, targets = ([row[side] for row in part] for side in ("source", "target"))
        limits = {"truncation": True, "max_length": recipe.max_tokens}
        return Dataset.from_dict(dict(tokenizer(sources, text_target=targets, **limits)))

    trainer = Seq2SeqTrainer(
        model=model,
        args=Seq2SeqTrainingArguments(
            **arguments(recipe, predict_with_generate=True, generation_max_length=recipe.max_tokens)
        ),
        train_dataset=encoded(rows(recipe.train)),
        data_collator=DataCollatorForSeq2Seq(tokenizer, model=model, label_pad_token_id=-100),
        processing_class=tokenizer,
    )
    finish(trainer, tokenizer, recipe)
    ids = trainer.predict(encoded(test)).predictions
    ids[ids == -100] = (
        tokenizer.pad_token_id
    )  # the trainer pads answers of different length with it
    texts = [text.strip() for text in tokenizer.batch_decode(ids, skip_special_tokens=True)]
    return scores(texts, [row["target"] for row in test], recipe.metric)


def scores(texts: Sequence[str], targets: Sequence[str], metric: str) -> dict[str, float]:
    """BLEU by sacrebleu's defaults, or ROUGE-1 and ROUGE-L as means over rows; 0 to 1."""
    if metric == "bleu":
        from sacrebleu import corpus_bleu

        return {"bleu": corpus_bleu(list(texts), [list(targets)]).score / 100}
    pairs = [(_words(text), _words(target)) for text, target in zip(texts, targets, strict=True)]
    return {
        "rouge1": sum(_f1(_shared(*pair), *pair) for pair in pairs) / len(pairs),
        "rougeL": sum(_f1(_longest(*pair), *pair) for pair in pairs) / len(pairs),
    }


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _f1(right: int, left: Sequence[str], other: Sequence[str]) -> float:
    return 2 * right / max(1, len(left) + len(other))


def _shared(left: Sequence[str], right: Sequence[str]) -> int:
    """Words in common, each as often as both have it (Lin 2004)."""
    return sum(min(left.count(word), right.count(word)) for word in set(left))


def _longest(left: Sequence[str], right: Sequence[str]) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(right) + 1)
    for word in left:
        before = row
        row = [0]
        for number, other in enumerate(right):
            row.append(
                before[number] + 1 if word == other else max(before[number + 1], row[number])
            )
    return row[-1]
