"""The starter library: landmark papers with summaries in this project's own words, for a first question offline."""

import json
from collections.abc import Iterator
from pathlib import Path

from ingestion.paper import Paper, parse_arxiv_id

_FILE = Path(__file__).with_name("starter.jsonl")


def starter_papers() -> Iterator[Paper]:
    """About 150 papers of origin `starter`; a real record of the same id replaces each."""
    with _FILE.open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            arxiv_id = parse_arxiv_id(record["id"])
            others = ("and others",) if record["authors_truncated"] else ()
            yield Paper(
                arxiv_id=arxiv_id.id,
                title=record["title"],
                abstract=record["summary"],
                authors=(*record["authors"], *others),
                categories=tuple(record["categories"]),
                year=arxiv_id.year,
                month=arxiv_id.month,
                origin="starter",
            )
