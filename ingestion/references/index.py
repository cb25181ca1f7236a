"""The lists of references of papers, as read from their full texts: one SQLite file, safe to delete."""

import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ingestion.document import Document, Form, Reference
from ingestion.machine.database import opened
from ingestion.machine.private_folder import make_private
from ingestion.paper import Paper
from ingestion.references.entries import Entry, entries_of
from ingestion.references.marks import marks_in

SCHEMA = 1
"""Of the file; one of another number is made anew, since it can be read again."""

_TABLES = """
CREATE TABLE IF NOT EXISTS lists (
    citing TEXT PRIMARY KEY, source TEXT NOT NULL, form TEXT NOT NULL, title TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entries (
    citing TEXT NOT NULL, place INTEGER NOT NULL, text TEXT NOT NULL, reference TEXT NOT NULL,
    arxiv_id TEXT NOT NULL, doi TEXT NOT NULL, title_key TEXT NOT NULL, PRIMARY KEY (citing, place)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS marks (
    citing TEXT NOT NULL, mark TEXT NOT NULL, keys TEXT NOT NULL, PRIMARY KEY (citing, mark)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_arxiv_id ON entries (arxiv_id);
CREATE INDEX IF NOT EXISTS by_doi ON entries (doi);
CREATE INDEX IF NOT EXISTS by_title ON entries (title_key);
"""
_NO_LETTER = re.compile(r"[\W_]+")
_MIN_TITLE_CHARACTERS = 12  # shorter keys name no one work: `Introduction`


@dataclass(frozen=True, slots=True)
class ReferenceList:
    """What a paper cites.

    Args:
        citing: Id of the paper.
        title: Its title.
        form: What it was read from; entries of a PDF are parted by their numbers or years, and may be wrong.
        entries: In the order of the list.
        marks: Text of each mark of the paper, as in `[12]`, with the keys of what it cites.
    """

    citing: str
    title: str
    form: Form
    entries: tuple[Entry, ...]
    marks: dict[str, tuple[str, ...]]

    def named_by(self, key: str) -> Entry | None:
        """The entry of this key."""
        return next((entry for entry in self.entries if entry.reference.key == key), None)


class ReferenceIndex:
    """The lists of references that were read. Safe to share between threads and programs.

    Args:
        home: Data folder; the file is `references.sqlite` in it.
    """

    def __init__(self, home: Path) -> None:
        self._file = home / "references.sqlite"

    def has(self, citing: str, source: str) -> bool:
        """Whether the list of a paper was read from this very source."""
        query = "SELECT 1 FROM lists WHERE citing = ? AND source = ?"
        return bool(self._rows(query, (citing, source)))

    def keep(self, paper: Paper, source: str, document: Document) -> None:
        """Keep what a paper cites, in place of what was kept before.

        Args:
            paper: The citing one.
            source: Names the file and its reader, so that a changed one is read again.
            document: Its full text.
        """
        citing = paper.arxiv_id
        entries = entries_of(document)
        rows = [_row(citing, place, entry) for place, entry in enumerate(entries)]
        marks = [
            (citing, mark, json.dumps(keys)) for mark, keys in marks_in(document, entries).items()
        ]
        with self._writing() as db:
            for table in ("lists", "entries", "marks"):
                db.execute(f"DELETE FROM {table} WHERE citing = ?", (citing,))  # noqa: S608  # own names
            db.execute(
                "INSERT INTO lists VALUES (?, ?, ?, ?)",
                (citing, source, document.form, paper.title),
            )
            db.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            db.executemany("INSERT INTO marks VALUES (?, ?, ?)", marks)

    def list_of(self, citing: str) -> ReferenceList | None:
        """What a paper cites; None where its list was not read."""
        found = self._rows("SELECT title, form FROM lists WHERE citing = ?", (citing,))
        if not found:
            return None
        query = "SELECT text, reference FROM entries WHERE citing = ? ORDER BY place"
        entries = tuple(_entry(*row) for row in self._rows(query, (citing,)))
        marks = self._rows("SELECT mark, keys FROM marks WHERE citing = ?", (citing,))
        (title, form), *_ = found
        return ReferenceList(
            citing, title, form, entries, {mark: tuple(json.loads(keys)) for mark, keys in marks}
        )

    def citing(self, cited: Paper) -> list[str]:
        """Ids of the papers whose lists name this one, by arXiv id, DOI or title."""
        names = {
            "arxiv_id": cited.arxiv_id,
            "doi": cited.doi.lower(),
            "title_key": title_key(cited.title),
        }
        found: dict[str, None] = {}
        for column, value in names.items():
            if value:
                query = f"SELECT DISTINCT citing FROM entries WHERE {column} = ? ORDER BY citing"  # noqa: S608
                found |= dict.fromkeys(row[0] for row in self._rows(query, (value,)))
        return [citing for citing in found if citing != cited.arxiv_id]

    def forget(self, citing: str) -> None:
        """Forget the list of a paper."""
        if self._file.is_file():
            with self._writing() as db:
                for table in ("lists", "entries", "marks"):
                    db.execute(f"DELETE FROM {table} WHERE citing = ?", (citing,))  # noqa: S608

    def _rows(self, query: str, values: Sequence[Any]) -> list[Any]:
        if not self._file.is_file():
            return []
        with self._opened() as db:
            current = db.execute("PRAGMA user_version").fetchone()[0] == SCHEMA
            return db.execute(query, values).fetchall() if current else []

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        make_private(self._file.parent)
        with self._opened() as db:
            if db.execute("PRAGMA user_version").fetchone()[0] != SCHEMA:
                for table in ("lists", "entries", "marks"):
                    db.execute(f"DROP TABLE IF EXISTS {table}")
                db.executescript(f"{_TABLES} PRAGMA user_version = {SCHEMA};")
            with db:
                yield db

    def _opened(self) -> AbstractContextManager[sqlite3.Connection]:
        return opened(
            self._file,
            kept="It holds only what can be read from the papers again",
            next_step="Remove it, or make room on the disk",
        )


def title_key(title: str) -> str:
    """A title's letters and digits in lower case, by which two spellings meet; empty for one too short."""
    key = _NO_LETTER.sub("", title).lower()
    return key if len(key) >= _MIN_TITLE_CHARACTERS else ""


def _row(citing: str, place: int, entry: Entry) -> tuple[str | int, ...]:
    reference = entry.reference
    names = (reference.arxiv_id, reference.doi, title_key(reference.title))
    return (citing, place, entry.text, json.dumps(asdict(reference)), *names)


def _entry(text: str, stored: str) -> Entry:
    values = json.loads(stored)
    return Entry(text, Reference(**{**values, "authors": tuple(values["authors"])}))
