"""From files of instructions to rendered rows, split so that no look-alike leaks."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import yaml

from finetune.base.loading import fingerprint, load_fingerprint, load_tokenizer, require_same
from finetune.config import Config
from finetune.data.clusters import LeakFilter, clusters, split_by_cluster
from finetune.data.packing import packed
from finetune.data.problems import load_problems
from finetune.data.rendering import Example, Renderer
from finetune.data.rows import Flaw, Row, read_rows
from finetune.errors import DataError
from finetune.run_folder import RunFolder, write_json, write_json_lines


def prepare(config: Config) -> dict[str, Any]:
    """Read, clean, render, split and write the rows of a run.

    Returns:
        The report that also lies in the run folder: counts, reasons, percentiles of lengths.

    Raises:
        DataError: Unreadable files, too many invalid rows, or too few rows for the splits.
        BaseError: No usable tokenizer.
    """
    folder = RunFolder(config.folder)
    tokenizer = load_tokenizer(config.base)
    renderer = Renderer(tokenizer, config.system)
    rows, dropped = _read(config)
    kept = list(_renderable(config, renderer, rows, dropped))
    groups = clusters([row for row, _ in kept], config.data.similarity)
    test, validation, train = split_by_cluster(
        groups, (config.data.test_rows, config.data.validation_rows), config.seed
    )
    if not (train and validation and test):
        raise DataError(
            f"{len(kept)} usable rows do not fill three splits",
            next_step="Lower data.test_rows and data.validation_rows",
        )
    if config.data.train_rows:
        dropped += [
            _drop(kept[n][0].id, "beyond train_rows") for n in train[config.data.train_rows :]
        ]
        train = train[: config.data.train_rows]
    splits = {"train": train, "validation": validation, "test": test}
    rendered = {name: [kept[n] for n in numbers] for name, numbers in splits.items()}
    if config.task == "pretraining":
        rendered = {
            name: list(packed(part, config.data.max_tokens)) for name, part in rendered.items()
        }
    for name, part in rendered.items():
        write_json_lines(folder.split(name), (_record(*pair) for pair in part))
    write_json_lines(folder.dropped, dropped)
    report = {
        "rows": {name: len(part) for name, part in rendered.items()},
        "clusters": len(groups),
        "largest_cluster": max(map(len, groups)),
        "dropped": dict(Counter(item["reason"] for item in dropped)),
        "tokens": percentiles(
            [len(example.ids) for part in rendered.values() for _, example in part]
        ),
        "train_tokens": sum(len(example.ids) for _, example in rendered["train"]),
    }
    write_json(folder.data_report, report)
    fingerprint(config.base, tokenizer, config.system).save(folder.fingerprint)
    save_config(config, folder)
    return report


def save_config(config: Config, folder: RunFolder) -> None:
    """Write the resolved config into the run folder."""
    folder.root.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    folder.config.write_text(text, encoding="utf-8")


def renderer_of(config: Config) -> Renderer:
    """The run's renderer, once its base has been seen to be the one that `prepare` saw.

    Raises:
        FingerprintError: Template, tokenizer or base differ.
    """
    recorded = load_fingerprint(RunFolder(config.folder).fingerprint)
    tokenizer = load_tokenizer(config.base)
    require_same(recorded, fingerprint(config.base, tokenizer, config.system))
    return Renderer(tokenizer, config.system)


def percentiles(values: Sequence[int]) -> dict[str, int]:
    """Nearest-rank percentiles 5, 25, 50, 75, 95, 99 and 100."""
    ordered = sorted(values)
    return {
        f"p{share}": ordered[min(len(ordered) - 1, share * len(ordered) // 100)]
        for share in (5, 25, 50, 75, 95, 99, 100)
    }


def _read(config: Config) -> tuple[list[Row], list[dict[str, Any]]]:
    rows: list[Row] = []
    flaws: list[Flaw] = []
    for source in config.data.sources:
        for item in read_rows(source):
            if isinstance(item, Row):
                rows.append(item)
            else:
                flaws.append(item)
    if len(flaws) > config.data.max_invalid * (len(rows) + len(flaws)):
        shown = "; ".join(f"{flaw.id}, field {flaw.field}: {flaw.fix}" for flaw in flaws[:3])
        raise DataError(
            f"{len(flaws)} of {len(rows) + len(flaws)} rows are invalid: {shown}",
            next_step="Mend them, or raise data.max_invalid to leave them out",
        )
    return rows, [_drop(flaw.id, "invalid", **asdict(flaw)) for flaw in flaws]


def _renderable(
    config: Config, renderer: Renderer, rows: Sequence[Row], dropped: list[dict[str, Any]]
) -> Iterator[tuple[Row, Example]]:
    """Rows worth keeping with their tokens; the others are added to `dropped`."""
    problems = load_problems(config.data.humaneval) if config.data.humaneval else []
    leak = LeakFilter([problem.prompt + problem.solution for problem in problems])
    seen: set[tuple[str, str]] = set()
    for row in rows:
        text = (row.question, row.answer)
        if text in seen:
            dropped.append(_drop(row.id, "exact duplicate"))
        elif leak.leaks(row):
            dropped.append(_drop(row.id, "resembles HumanEval"))
        else:
            seen.add(text)
            try:
                example = renderer.render(row)
            except DataError as error:
                dropped.append(_drop(row.id, "cannot be rendered", fix=error.what))
                continue
            if example.longest > config.data.max_tokens and config.task != "pretraining":
                dropped.append(_drop(row.id, "too long", tokens=example.longest))
            else:
                yield row, example


def _drop(row_id: str, reason: str, **details: Any) -> dict[str, Any]:
    return {**details, "id": row_id, "reason": reason}


def _record(row: Row, example: Example) -> dict[str, Any]:
    return {
        "id": row.id,
        "prompt": list(row.prompt),
        "answer": row.answer,
        "ids": example.ids,
        "prompt_tokens": example.prompt_tokens,
        "spans": list(example.spans),
        **({"rejected_ids": example.rejected} if example.rejected else {}),
    }
