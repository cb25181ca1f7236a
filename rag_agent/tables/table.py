"""A comparison table as a value: what is in each cell, and the quotes that carry it."""

from dataclasses import dataclass
from typing import Any, Self

from ingestion.paper import Paper
from rag_agent.citation import Citation, Hit

SCHEMA = 1
NOT_STATED = "not stated"


@dataclass(frozen=True, slots=True)
class Cell:
    """One value.

    Args:
        value: As stated, English; empty: the paper does not state it.
        citations: The quotes that carry it; none where it is not stated.
        read: What was read for it, `full text` or `abstract`.
    """

    value: str = ""
    citations: tuple[Citation, ...] = ()
    read: str = "abstract"

    @property
    def text(self) -> str:
        """The value, or `not stated`."""
        return self.value or NOT_STATED

    def as_json(self) -> dict[str, Any]:
        """The fields that `table --json` prints."""
        return {
            "value": self.value,
            "read": self.read,
            "citations": [citation.as_json() for citation in self.citations],
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """The cell that `as_json` wrote."""
        citations = tuple(map(Citation.from_json, stored["citations"]))
        return cls(stored["value"], citations, stored["read"])


@dataclass(frozen=True, slots=True)
class Row:
    """A paper with a cell for each column."""

    paper: Paper
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Args:
        question: As typed.
        columns: Headings.
        rows: Papers in order.
        notices: What went another way than planned.
    """

    question: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    notices: tuple[str, ...] = ()

    @property
    def papers(self) -> tuple[Paper, ...]:
        """The papers of its rows."""
        return tuple(row.paper for row in self.rows)

    def as_json(self) -> dict[str, Any]:
        """The object that `table --json` prints, and that is kept."""
        return {
            "schema": SCHEMA,
            "question": self.question,
            "columns": list(self.columns),
            "rows": [
                {
                    "paper": Hit(row.paper, 0.0, 0.0, passes=True).as_json(),
                    "cells": [cell.as_json() for cell in row.cells],
                }
                for row in self.rows
            ],
            "notices": list(self.notices),
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """The table that `as_json` wrote."""
        rows = tuple(
            Row(Hit.from_json(row["paper"]).paper, tuple(map(Cell.from_json, row["cells"])))
            for row in stored["rows"]
        )
        return cls(
            stored["question"], tuple(stored["columns"]), rows, tuple(stored.get("notices", ()))
        )
