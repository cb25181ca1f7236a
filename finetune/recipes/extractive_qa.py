"""Extractive question answering: an answer is a span of its text (Rajpurkar et al. 2016, arXiv:1606.05250).

The rows are SQuAD's: `{"question", "context", "answers": {"text": […], "answer_start": […]}}`. A text longer than the
model is cut into chunks that overlap by `stride` tokens; a chunk without the answer points to its first token. In the
test every chunk proposes its best spans, and the surest of all chunks is cut out of the text by its characters.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from finetune.recipes.recipe import Recipe, arguments, finish, rows

_LONGEST_ANSWER = 30  # tokens, as in the reference script of SQuAD
_PROPOSALS = 10


def run(recipe: Recipe) -> dict[str, float]:
    """Train and measure; exact match and token F1, means over questions of the best over their answers."""
    from datasets import Dataset
    from transformers import (
        AutoModelForQuestionAnswering,
        AutoTokenizer,
        DefaultDataCollator,
        Trainer,
        TrainingArguments,
        set_seed,
    )

    set_seed(recipe.seed)
    tokenizer = AutoTokenizer.from_pretrained(recipe.model)
    test = rows(recipe.test)
    trainer = Trainer(
        model=AutoModelForQuestionAnswering.from_pretrained(recipe.model),
        args=TrainingArguments(**arguments(recipe)),
        train_dataset=Dataset.from_list(
            [c["features"] for c in chunks(rows(recipe.train), tokenizer, recipe)]
        ),
        data_collator=DefaultDataCollator(),
    )
    finish(trainer, tokenizer, recipe)
    parts = chunks(test, tokenizer, recipe)
    starts, ends, *_ = trainer.predict(
        Dataset.from_list([part["features"] for part in parts])
    ).predictions
    found = answers(test, parts, starts, ends)
    best = [
        [_scored(text, right) for right in row["answers"]["text"]]
        for row, text in zip(test, found, strict=True)
    ]
    exact, overlap = (
        sum(max(pair[n] for pair in pairs) for pairs in best) / len(best) for n in (0, 1)
    )
    return {"exact_match": exact, "f1": overlap}


def chunks(part: Sequence[dict[str, Any]], tokenizer: Any, recipe: Recipe) -> list[dict[str, Any]]:
    """Chunks of the rows' texts: the features, the row's number, and the text's characters of each token or None."""
    encoded = tokenizer(
        [row["question"] for row in part],
        [row["context"] for row in part],
        truncation="only_second",
        max_length=recipe.max_tokens,
        stride=recipe.stride,
        padding="max_length",
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
    )
    found = []
    for number, owner in enumerate(encoded["overflow_to_sample_mapping"]):
        sides = encoded.sequence_ids(number)
        places = [
            place if side == 1 else None
            for place, side in zip(encoded["offset_mapping"][number], sides, strict=True)
        ]
        start, end = span_in(places, part[owner]["answers"])
        features = {name: encoded[name][number] for name in ("input_ids", "attention_mask")}
        if "token_type_ids" in encoded:
            features["token_type_ids"] = encoded["token_type_ids"][number]
        found.append({
            "features": {**features, "start_positions": start, "end_positions": end},
            "row": owner,
            "places": places,
        })  # fmt: skip
    return found


def span_in(places: Sequence[tuple[int, int] | None], right: dict[str, Any]) -> tuple[int, int]:
    """First and last token of the answer in a chunk; (0, 0) where the chunk has not all of it."""
    if not right["text"]:
        return 0, 0
    first = right["answer_start"][0]
    behind = first + len(right["text"][0])
    inside = [
        n for n, place in enumerate(places) if place and first < place[1] and place[0] < behind
    ]
    whole = inside and places[inside[0]][0] <= first and places[inside[-1]][1] >= behind  # type: ignore[index]
    return (inside[0], inside[-1]) if whole else (0, 0)


def answers(
    part: Sequence[dict[str, Any]], found: Sequence[dict[str, Any]], starts: Any, ends: Any
) -> list[str]:
    """Of each row the text of the surest span in any of its chunks; empty where no chunk has one."""
    best: dict[int, tuple[float, str]] = {}
    for chunk, start_logits, end_logits in zip(found, starts, ends, strict=True):
        context, places = part[chunk["row"]]["context"], chunk["places"]
        for first in start_logits.argsort()[::-1][:_PROPOSALS]:
            for last in end_logits.argsort()[::-1][:_PROPOSALS]:
                if not (places[first] and places[last] and 0 <= last - first < _LONGEST_ANSWER):
                    continue
                score = float(start_logits[first] + end_logits[last])
                text = context[places[first][0] : places[last][1]]
                best[chunk["row"]] = max(best.get(chunk["row"], (float("-inf"), "")), (score, text))
    return [best.get(number, (0.0, ""))[1] for number in range(len(part))]


def _scored(text: str, right: str) -> tuple[float, float]:
    """Exact match and F1 of words, articles and punctuation aside, as SQuAD's own script has it."""
    left, other = (
        re.sub(r"\b(a|an|the)\b|[^\w\s]", " ", side.lower()).split() for side in (text, right)
    )
    shared = sum((Counter(left) & Counter(other)).values())
    return float(left == other), 2 * shared / max(1, len(left) + len(other))
