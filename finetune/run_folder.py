"""Where the parts of a run lie: one folder a run."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from finetune.errors import DataError

SPLITS = ("train", "validation", "test")


class RunFolder:
    """Paths inside the folder of one run.

    Args:
        root: The folder; it need not exist.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.config = root / "config.yaml"
        self.fingerprint = root / "fingerprint.json"
        self.stacked_base = root / "base"
        self.data = root / "data"
        self.data_report = root / "data" / "report.json"
        self.dropped = root / "data" / "dropped.jsonl"
        self.checkpoints = root / "checkpoints"
        self.adapter = root / "adapter"
        self.retriever = root / "model"
        self.log = root / "log.jsonl"
        self.summary = root / "training.json"
        self.loss_plot = root / "loss.png"
        self.tensorboard = root / "tensorboard"
        self.predictions = root / "predictions"
        self.scores = root / "scores.json"
        self.table = root / "scores.md"
        self.scores_plot = root / "scores.png"
        self.merged = root / "merged"
        self.export = root / "export"
        self.evolve = root / "evolve"
        self.distilled = root / "distilled"
        self.promotion = root / "promotion.json"

    def split(self, name: str) -> Path:
        """Rows of `train`, `validation` or `test`."""
        return self.data / f"{name}.jsonl"

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The rendered rows of a split: id, prompt (messages), answer, ids, prompt_tokens, spans.

        Raises:
            DataError: `prepare` has not run.
        """
        path = self.split(name)
        if not path.is_file():
            raise DataError(f"{path} is missing", next_step="Run `prepare` with this config first")
        return list(read_json_lines(path))


def read_json_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSON lines file."""
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            if line.strip():
                yield json.loads(line)


def write_json_lines(path: Path, objects: Iterable[dict[str, Any]]) -> None:
    """Write objects as JSON lines, replacing the file at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(path.suffix + ".part")
    with partial.open("w", encoding="utf-8") as stream:
        for item in objects:
            stream.write(json.dumps(item, ensure_ascii=False) + "\n")
    partial.replace(path)


def write_json(path: Path, value: Any) -> None:
    """Write a value as indented JSON, replacing the file at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(path.suffix + ".part")
    partial.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(path)


def append_json_line(path: Path, item: dict[str, Any]) -> None:
    """Append one object to a JSON lines file, on disk when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(item, ensure_ascii=False) + "\n")
