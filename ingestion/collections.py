"""Papers as their reader keeps them: collections (named sets), tags, notes of one's own, read or unread."""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ingestion.errors import AgentError
from ingestion.machine.private_folder import make_private

MOST_NAME_CHARACTERS = 80
MOST_NOTE_CHARACTERS = 20_000

_LOCK_TIMEOUT_S = 30.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS collections (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS members (
    collection TEXT NOT NULL REFERENCES collections (name) ON UPDATE CASCADE ON DELETE CASCADE,
    paper TEXT NOT NULL, PRIMARY KEY (collection, paper));
CREATE TABLE IF NOT EXISTS marks (
    paper TEXT PRIMARY KEY, tags TEXT NOT NULL, note TEXT NOT NULL, is_read INT NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a reader noted on a paper.

    Args:
        tags: Words of one's own, each once, in order.
        note: Free text, empty for none.
        is_read: Whether it was read.
    """

    tags: tuple[str, ...] = ()
    note: str = ""
    is_read: bool = False


class Collections:
    """The collections and marks of a data folder. Safe to share; several programs may have it open.

    Looking makes no file.

    Args:
        home: Data folder; the file is `collections.sqlite` in it.
    """

    def __init__(self, home: Path) -> None:
        self._file = home / "collections.sqlite"
        self._lock = threading.RLock()

    def sizes(self) -> dict[str, int]:
        """Number of papers of each collection, by its name, in order of the names."""
        rows = self._rows(
            "SELECT name, count(paper) FROM collections LEFT JOIN members ON collection = name"
            " GROUP BY name ORDER BY name"
        )
        return {str(name): int(count) for name, count in rows}

    def papers(self, name: str) -> tuple[str, ...]:
        """Ids of a collection's papers, in the order in which they came; none where there is no such one."""
        found = self._rows("SELECT paper FROM members WHERE collection = ? ORDER BY rowid", name)
        return tuple(str(paper) for (paper,) in found)

    def of(self, paper: str) -> tuple[str, ...]:
        """Names of the collections that hold a paper."""
        found = self._rows(
            "SELECT collection FROM members WHERE paper = ? ORDER BY collection", paper
        )
        return tuple(str(name) for (name,) in found)

    def add(self, name: str, papers: Iterable[str]) -> None:
        """Put papers into a collection, which is made where there is none.

        Raises:
            AgentError: The name is empty or too long.
        """
        name = _checked(name)
        with self._writing() as db:
            db.execute("INSERT OR IGNORE INTO collections VALUES (?)", (name,))
            rows = [(name, paper) for paper in papers]
            db.executemany("INSERT OR IGNORE INTO members VALUES (?, ?)", rows)

    def remove(self, name: str, papers: Iterable[str]) -> None:
        """Take papers out of a collection; they stay in the library."""
        with self._writing() as db:
            rows = [(name, paper) for paper in papers]
            db.executemany("DELETE FROM members WHERE collection = ? AND paper = ?", rows)

    def rename(self, name: str, new: str) -> None:
        """Give a collection another name.

        Raises:
            AgentError: The name is empty, too long, or taken.
        """
        with self._writing() as db:
            db.execute("UPDATE collections SET name = ? WHERE name = ?", (_checked(new), name))

    def delete(self, name: str) -> None:
        """Forget a collection; its papers stay in the library."""
        with self._writing() as db:
            db.execute("DELETE FROM collections WHERE name = ?", (name,))

    def marks(self, papers: Sequence[str]) -> dict[str, Mark]:
        """Marks by id of those of the papers that have one."""
        wanted = json.dumps(list(papers))
        rows = self._rows(
            "SELECT paper, tags, note, is_read FROM marks"
            " WHERE paper IN (SELECT value FROM json_each(?))",
            wanted,
        )
        return {
            str(paper): Mark(tuple(json.loads(tags)), note, bool(is_read))
            for paper, tags, note, is_read in rows
        }

    def mark(self, paper: str, mark: Mark) -> None:
        """Keep a mark in the place of the one that a paper has."""
        tags = list(dict.fromkeys(tag.strip() for tag in mark.tags if tag.strip()))
        kept = json.dumps([tag[:MOST_NAME_CHARACTERS] for tag in tags], ensure_ascii=False)
        values = (paper, kept, mark.note[:MOST_NOTE_CHARACTERS], mark.is_read)
        with self._writing() as db:
            db.execute("INSERT OR REPLACE INTO marks VALUES (?, ?, ?, ?)", values)

    def tagged(self, tag: str) -> tuple[str, ...]:
        """Ids of the papers with a tag."""
        found = self._rows(
            "SELECT DISTINCT paper FROM marks, json_each(marks.tags) WHERE json_each.value = ?", tag
        )
        return tuple(str(paper) for (paper,) in found)

    def tags(self) -> tuple[str, ...]:
        """Every tag in use, in order."""
        found = self._rows(
            "SELECT DISTINCT json_each.value AS tag FROM marks, json_each(marks.tags) ORDER BY tag"
        )
        return tuple(str(tag) for (tag,) in found)

    def read(self) -> tuple[str, ...]:
        """Ids of the papers that were read."""
        return tuple(str(p) for (p,) in self._rows("SELECT paper FROM marks WHERE is_read"))

    def _rows(self, query: str, *values: str) -> list[tuple[str, ...]]:
        with self._lock, self._told():
            if not self._file.exists():
                return []
            with closing(self._open()) as db:
                return list(db.execute(query, values))

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._told():
            make_private(self._file.parent)
            self._file.touch(mode=0o600)
            with closing(self._open()) as db, db:
                yield db

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._file, timeout=_LOCK_TIMEOUT_S)
        db.execute("PRAGMA foreign_keys = ON")
        db.executescript(_SCHEMA)
        return db

    @contextmanager
    def _told(self) -> Iterator[None]:
        """SQLite's errors as one sentence each."""
        try:
            yield
        except sqlite3.IntegrityError as error:
            raise AgentError(
                "There is a collection of that name already", next_step="Choose another name"
            ) from error
        except sqlite3.Error as error:
            raise AgentError(
                f"The collections in {self._file} cannot be used: {error}",
                kept="The papers themselves are untouched",
                next_step="Free some space, or move the file aside and begin a new one",
            ) from error


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= MOST_NAME_CHARACTERS:
        raise AgentError(
            f"The name of a collection has 1 to {MOST_NAME_CHARACTERS} characters",
            next_step="Choose another name",
        )
    return name
