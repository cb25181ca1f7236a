"""Query sets in BEIR's layout: corpus.jsonl[.gz], queries.jsonl[.gz], qrels/test.tsv.

BEIR: Thakur et al. 2021, https://arxiv.org/abs/2104.08663. Ids are any strings.
"""

import gzip
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingestion.paper import Paper
from ingestion.store.schema import MAX_ID_BYTES


@dataclass(frozen=True, slots=True)
class Dataset:
    """Documents, and queries with their judgements.

    Args:
        name: Name of the folder.
        papers: Distinct ids; `abstract` is BEIR's text.
        queries: Text by query id; only judged ones.
        judgements: By query id: document id to grade, 1 or more where relevant.
    """

    name: str
    papers: tuple[Paper, ...]
    queries: dict[str, str]
    judgements: dict[str, dict[str, int]]


def read_dataset(folder: Path, more: Sequence[Path] = ()) -> Dataset:
    """Read a folder, with the documents of further corpora added to its own, where it has any.

    Raises:
        FileNotFoundError: A file of the layout is missing.
        ValueError: A line that is not what the layout says, with file and line number.
    """
    judgements = _read_judgements(folder / "qrels" / "test.tsv")
    queries = {
        str(row["_id"]): str(row["text"])
        for row in _read_rows(_either(folder, "queries.jsonl"))
        if str(row["_id"]) in judgements
    }
    papers: dict[str, Paper] = {}
    own = _either(folder, "corpus.jsonl")
    for path in (*([own] if own.exists() or not more else []), *more):
        for paper in read_documents(path):
            papers.setdefault(paper.arxiv_id, paper)
    return Dataset(folder.resolve().name, tuple(papers.values()), queries, judgements)


def read_documents(path: Path) -> Iterator[Paper]:
    """Documents in BEIR's form (_id, title, text) or as arXiv metadata (id, title, abstract)."""
    for row in _read_rows(path):
        authors = row.get("authors") or []
        yield Paper(
            arxiv_id=_id(str(row["_id"] if "_id" in row else row["id"])),
            title=" ".join(str(row.get("title") or "").split()),
            abstract=" ".join(str(row.get("text") or row.get("abstract") or "").split()),
            authors=(authors,) if isinstance(authors, str) else tuple(map(str, authors)),
            categories=_categories(row),
            year=0,
        )


def _id(given: str) -> str:
    """An id as the store can keep it: one that is too long is cut and ends in its SHA-256."""
    if len(given.encode()) <= MAX_ID_BYTES:
        return given
    digest = hashlib.sha256(given.encode()).hexdigest()
    return given.encode()[: MAX_ID_BYTES - len(digest) - 1].decode(errors="ignore") + "-" + digest


def _categories(row: dict[str, Any]) -> tuple[str, ...]:
    found = row.get("categories") or ()
    return tuple(found.split()) if isinstance(found, str) else tuple(map(str, found))


def _either(folder: Path, name: str) -> Path:
    packed = folder / f"{name}.gz"
    return packed if packed.exists() else folder / name


def _read_rows(path: Path) -> Iterator[dict[str, Any]]:
    open_text = gzip.open if path.suffix == ".gz" else open
    with open_text(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            row = json.loads(line)
            if not isinstance(row, dict) or not ({"_id", "id"} & row.keys()):
                raise ValueError(f"{path}, line {number}: no object with an _id or id")
            yield row


def _read_judgements(path: Path) -> dict[str, dict[str, int]]:
    judgements: dict[str, dict[str, int]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        fields = line.split("\t")
        if number == 1 and not fields[-1].lstrip("-").isdigit():
            continue  # the header
        if len(fields) != 3:
            raise ValueError(f"{path}, line {number}: not query, document and grade")
        query, document, grade = fields
        judgements.setdefault(query, {})[_id(document)] = int(grade)
    return {query: grades for query, grades in judgements.items() if max(grades.values()) > 0}
