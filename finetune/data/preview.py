"""Prepared rows as the model sees them, what is trained in colour."""

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from finetune.config import Config
from finetune.data.prepare import percentiles, renderer_of
from finetune.data.rendering import IGNORED, Example
from finetune.run_folder import RunFolder


def preview(config: Config, rows: int) -> Iterator[RenderableType]:
    """Some training rows with the trained tokens in green, then lengths, then reasons for drops.

    Raises:
        DataError: `prepare` has not run.
        FingerprintError: The base is not the one that `prepare` saw.
    """
    folder = RunFolder(config.folder)
    prepared = folder.rows("train")
    tokenizer = renderer_of(config).tokenizer
    for row in prepared[:rows]:
        example = Example(row["ids"], row["prompt_tokens"], tuple(map(tuple, row["spans"])))
        yield Text(f"{row['id']}: {_counts(example)}", style="bold")
        yield _coloured(example, tokenizer)
    yield _lengths(folder)
    yield _drops(folder)


def _counts(example: Example) -> str:
    trained = sum(label != IGNORED for label in example.labels)
    return f"{len(example.ids) - trained} tokens read, {trained} trained"


def _coloured(example: Example, tokenizer: Any) -> Text:
    """The row's text, what is trained in green."""
    text = Text()
    pairs = zip(example.ids, example.labels, strict=True)
    for ignored, group in groupby(pairs, key=lambda pair: pair[1] == IGNORED):
        decoded = tokenizer.decode([token for token, _ in group])
        text += Text(decoded, style="dim" if ignored else "green")
    return text


def _lengths(folder: RunFolder) -> Table:
    table = Table("split", "rows", title="Rendered length, tokens")
    for index, name in enumerate(("train", "validation", "test")):
        found = folder.rows(name)
        shares = percentiles([len(row["ids"]) for row in found])
        if index == 0:
            for share in shares:
                table.add_column(share, justify="right")
        table.add_row(name, f"{len(found):,}", *map(str, shares.values()))
    return table


def _drops(folder: RunFolder) -> Table:
    report = json.loads(folder.data_report.read_text(encoding="utf-8"))
    table = Table("reason", "rows", title=f"Dropped; the rows are listed in {folder.dropped}")
    for reason, count in report["dropped"].items():
        table.add_row(reason, f"{count:,}")
    return table
