"""Rows that a person reads and marks: written anew they keep the marks that were set, and the share is counted."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.scores import interval

MARK = "right"
"""Field of a row that its reader sets to true or false; null until then."""


def keep(path: Path, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Write rows as JSON lines; one that says the same as before keeps its mark. The rows as written."""
    before = {_key(row): row[MARK] for row in read(path)}
    marked = [{**row, MARK: before.get(_key(row))} for row in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in marked)
    path.write_text("".join(lines), encoding="utf-8")
    return marked


def read(path: Path) -> list[dict[str, Any]]:
    """The rows of a file; none where there is no file."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def share(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """How many were marked, and the share of these that is right, with its 95 % interval once any is marked."""
    marked = [float(row[MARK]) for row in rows if row[MARK] is not None]
    figures: dict[str, Any] = {"read": len(marked), "of": len(rows)}
    if marked:
        figures |= {MARK: round(sum(marked) / len(marked), 3), **interval(marked)}
    return figures


def _key(row: Mapping[str, Any]) -> str:
    said = {name: value for name, value in row.items() if name != MARK}
    return json.dumps(said, sort_keys=True, ensure_ascii=False)
