"""`python -m bench.tables --pdfs DIR`: a table of papers by the model in force, each cell to be read by a person.

The papers are added to the library of the data folder in force (ARXIV_AGENT_HOME), then one table is made. Stopped or
killed, the same command goes on with it. bench/results/table-cells.jsonl holds a row for each cell; its reader sets
`right` to true or false, and the command run once more prints the share.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench import marks, record
from bench.works import finished
from ingestion.errors import AgentError
from ingestion.fulltext.forms import readable_as
from rag_agent.assistant import Assistant
from rag_agent.grounding.checks.names import numbers, value_of
from rag_agent.settings import load_settings
from rag_agent.tables import Table, columns_of, making

COLUMNS = "data set; metric; main result; model size; code available"


def made(assistant: Assistant, ids: Sequence[str], columns: str) -> Table:
    """The table, begun or gone on with.

    Raises:
        AgentError: There is no reader model, or the job was stopped.
    """
    return Table.from_json(finished(assistant, making.KIND, making.arguments(columns, list(ids))))


def cells(table: Table) -> Iterator[dict[str, Any]]:
    """A row for each cell, with what its column asked and whether its quotes hold all of its numbers."""
    questions = [column.question for column in columns_of("; ".join(table.columns))]
    for row in table.rows:
        for name, question, cell in zip(table.columns, questions, row.cells, strict=True):
            said = " ".join(citation.quote for citation in cell.citations)
            held = {value_of(number) for number in numbers(said)}
            yield {
                "paper": row.paper.arxiv_id,
                "title": row.paper.title,
                "column": name,
                "question": question,
                "value": cell.text,
                "quotes": [{"page": c.page, "quote": c.quote} for c in cell.citations],
                "numbers held": {value_of(n) for n in numbers(cell.value)} <= held,
            }


def add_papers(assistant: Assistant, folder: Path) -> list[str]:
    """Ids of the papers in a folder, PDFs or other forms, each added to the library.

    Raises:
        AgentError: One cannot be read.
    """
    ids = []
    for file in filter(readable_as, sorted(folder.iterdir())):
        added = assistant.add(str(file))
        if added.paper is None:
            raise AgentError(f"{file.name}: {added.detail}", kept="The others were added")
        ids.append(added.paper.arxiv_id)
    return ids


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; the exit status is 2 where no table could be made."""
    parser = argparse.ArgumentParser(prog="python -m bench.tables", description=__doc__)
    parser.add_argument(
        "--pdfs", type=Path, required=True, help="a folder of papers in any form, the rows"
    )
    parser.add_argument("--columns", default=COLUMNS)
    parser.add_argument("--name", default="table", help="of the files in bench/results")
    chosen = parser.parse_args(arguments)
    assistant = Assistant(load_settings(agent={"fetch": False}))
    try:
        table = made(assistant, add_papers(assistant, chosen.pdfs), chosen.columns)
    except AgentError as error:
        print(error, file=sys.stderr)
        return 2
    rows = marks.keep(record.RESULTS / f"{chosen.name}-cells.jsonl", list(cells(table)))
    figures = {
        "cells": len(rows),
        "stated": sum(bool(row["quotes"]) for row in rows),
        "with a number that no quote holds": sum(not row["numbers held"] for row in rows),
        "read": marks.share(rows),
    }
    record.write(chosen.name, figures)
    print(json.dumps(figures, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
