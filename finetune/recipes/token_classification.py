"""Named entities: a label for every token, scored by whole entities.

The rows are CLUENER's: `{"text": …, "label": {"name": {"Ada": [[0, 2]]}}}`, first and last character of each mention.
Words fall into several tokens, so labels are put on tokens by their characters: B- on the first of an entity, I- on the
others, O outside, and −100, which no loss counts, on what the tokenizer adds.
"""

from collections.abc import Sequence
from typing import Any

from finetune.recipes.recipe import Recipe, arguments, finish, rows

IGNORED = -100
Entity = tuple[int, int, str]
"""First character, the one behind the last, and the kind."""


def run(recipe: Recipe) -> dict[str, float]:
    """Train and measure; precision, recall and F1 over entities that agree in kind and both ends."""
    from datasets import Dataset
    from transformers import (
        AutoModelForTokenClassification,
        AutoTokenizer,
        DataCollatorForTokenClassification,
        Trainer,
        TrainingArguments,
        set_seed,
    )

    set_seed(recipe.seed)
    train, test = rows(recipe.train), rows(recipe.test)
    names = label_names(train)
    tokenizer = AutoTokenizer.from_pretrained(recipe.model)
    encoded = [
        [encode(row, tokenizer, names, recipe.max_tokens) for row in part] for part in (train, test)
    ]
    trainer = Trainer(
        model=AutoModelForTokenClassification.from_pretrained(recipe.model, num_labels=len(names)),
        args=TrainingArguments(**arguments(recipe)),
        train_dataset=Dataset.from_list([row["features"] for row in encoded[0]]),
        data_collator=DataCollatorForTokenClassification(tokenizer),
    )
    finish(trainer, tokenizer, recipe)
    predicted = trainer.predict(Dataset.from_list([row["features"] for row in encoded[1]]))
    choices = predicted.predictions.argmax(-1)
    found = [
        entities_in(choice, row["offsets"], names)
        for choice, row in zip(choices, encoded[1], strict=True)
    ]
    return entity_f1(found, [entities_of(row) for row in test])


def label_names(train: Sequence[dict[str, Any]]) -> list[str]:
    """`O`, and B- and I- of every kind of entity."""
    kinds = sorted({kind for row in train for kind in row["label"]})
    return ["O", *(f"{mark}-{kind}" for kind in kinds for mark in "BI")]


def entities_of(row: dict[str, Any]) -> set[Entity]:
    """The entities that a row is labelled with."""
    return {
        (first, last + 1, kind)
        for kind, mentions in row["label"].items()
        for places in mentions.values()
        for first, last in places
    }


def encode(
    row: dict[str, Any], tokenizer: Any, names: Sequence[str], max_tokens: int
) -> dict[str, Any]:
    """A row's features with a label for every token, and the characters of each token; (0, 0) is none."""
    encoded = tokenizer(
        row["text"], truncation=True, max_length=max_tokens, return_offsets_mapping=True
    )
    offsets = encoded.pop("offset_mapping")
    entities = entities_of(row)
    labels = [
        IGNORED if start == end else names.index(_label(start, end, entities))
        for start, end in offsets
    ]
    return {"features": {**encoded, "labels": labels}, "offsets": offsets}


def _label(start: int, end: int, entities: set[Entity]) -> str:
    for first, behind, kind in entities:
        if first <= start and end <= behind:
            return f"{'B' if start == first else 'I'}-{kind}"
    return "O"


def entities_in(
    choices: Sequence[int], offsets: Sequence[tuple[int, int]], names: Sequence[str]
) -> set[Entity]:
    """The entities that predicted labels spell; an I- that nothing begins is read as a beginning."""
    found: list[Entity] = []
    kind_before = ""
    for choice, (start, end) in zip(choices, offsets, strict=False):
        if start == end:
            continue
        mark, _, kind = names[choice].partition("-")
        if mark == "I" and kind == kind_before:
            found[-1] = (found[-1][0], end, kind)
        elif mark != "O":
            found.append((start, end, kind))
        kind_before = kind
    return set(found)


def entity_f1(found: Sequence[set[Entity]], wanted: Sequence[set[Entity]]) -> dict[str, float]:
    """Precision, recall and F1 over the entities of all rows."""
    right = sum(len(one & other) for one, other in zip(found, wanted, strict=True))
    precision = right / max(1, sum(map(len, found)))
    recall = right / max(1, sum(map(len, wanted)))
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / max(1e-9, precision + recall),
    }
