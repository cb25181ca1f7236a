"""What is watched, how far arXiv was asked, and what was told: one SQLite file.

A paper stands in it once a watch, which is what keeps it from being told twice. What belongs together is
written in one transaction, so a killed process leaves the state before or after it.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from ingestion.machine.database import opened
from ingestion.machine.private_folder import make_private
from ingestion.watches.watch import Watch

TOO_FAR = 0
"""The digest of papers that were looked at and are too far from the topic."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS watches (
    number INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, category TEXT NOT NULL,
    first_day TEXT NOT NULL, since TEXT NOT NULL, UNIQUE (topic, category));
CREATE TABLE IF NOT EXISTS lists (
    category TEXT PRIMARY KEY, watches TEXT NOT NULL, since TEXT NOT NULL, begun TEXT NOT NULL,
    token TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS found (
    watch INTEGER NOT NULL, arxiv_id TEXT NOT NULL, digest INTEGER, place INTEGER, nearness REAL,
    beside TEXT, PRIMARY KEY (watch, arxiv_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS digests (
    number INTEGER PRIMARY KEY AUTOINCREMENT, watch INTEGER NOT NULL, at TEXT NOT NULL,
    delivered INTEGER NOT NULL DEFAULT 0);
PRAGMA user_version = 1;
"""


@dataclass(frozen=True, slots=True)
class Told:
    """A paper of a digest as the book has it; see `Item`."""

    arxiv_id: str
    nearness: float
    beside: str


@dataclass(frozen=True, slots=True)
class Noted:
    """A digest as the book has it; see `Digest`."""

    number: int
    watch: Watch
    at: datetime
    papers: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class OpenList:
    """A list that arXiv has begun to give for a category.

    Args:
        since: Its first day.
        begun: Day on which it was begun, as arXiv tells it; None before its first page.
        token: Asks for the next page; empty for the first.
    """

    since: date
    begun: date | None = None
    token: str = ""


class WatchBook:
    """The watches of a data folder. Looking makes no file.

    Args:
        home: Data folder; the file is `watches.sqlite` in it.
    """

    def __init__(self, home: Path) -> None:
        self._file = home / "watches.sqlite"

    def watches(self) -> list[Watch]:
        """All watches, the oldest first."""
        query = "SELECT number, topic, category, first_day, since FROM watches ORDER BY number"
        return [_watch(*row) for row in self._rows(query)]

    def add(self, topic: str, category: str, first_day: date) -> Watch:
        """Watch a topic; where it is watched already, in that category, nothing changes."""
        day = first_day.isoformat()
        with self._writing() as db:
            db.execute(
                "INSERT OR IGNORE INTO watches (topic, category, first_day, since) VALUES (?, ?, ?, ?)",
                (topic, category, day, day),
            )
        return next(w for w in self.watches() if (w.topic, w.category) == (topic, category))

    def remove(self, number: int) -> bool:
        """Watch a topic no longer, and forget what was told of it; whether there was such a watch."""
        with self._writing() as db:
            known = db.execute("DELETE FROM watches WHERE number = ?", (number,)).rowcount
            db.execute("DELETE FROM found WHERE watch = ?", (number,))
            db.execute("DELETE FROM digests WHERE watch = ?", (number,))
        return known > 0

    def open_list(self, category: str, watches: Sequence[Watch]) -> OpenList:
        """Where to go on with a category: in the list begun for the same watches, else in a new one."""
        since = min(watch.since for watch in watches)
        rows = self._rows(
            "SELECT since, begun, token FROM lists WHERE category = ? AND watches = ? AND since = ?",
            (category, _numbers(watches), since.isoformat()),
        )
        for day, begun, token in rows:
            return OpenList(date.fromisoformat(day), date.fromisoformat(begun), token)
        return OpenList(since)

    def note_page(
        self, category: str, reached: OpenList, found: Sequence[tuple[Watch, Sequence[str]]]
    ) -> None:
        """Keep what a page held that is new to each watch, and where the list goes on; all or nothing.

        Args:
            category: Of the list.
            reached: The list after the page; without a token it is done, and the next one begins on its day.
            found: Each watch of the list with the ids of papers that may be told.
        """
        watches = [watch for watch, _ in found]
        with self._writing() as db:
            for watch, ids in found:
                rows = [(watch.number, arxiv_id) for arxiv_id in ids]
                db.executemany("INSERT OR IGNORE INTO found (watch, arxiv_id) VALUES (?, ?)", rows)
            db.execute("DELETE FROM lists WHERE category = ?", (category,))
            if reached.token:
                day, begun = reached.since.isoformat(), (reached.begun or reached.since).isoformat()
                values = (category, _numbers(watches), day, begun, reached.token)
                db.execute("INSERT INTO lists VALUES (?, ?, ?, ?, ?)", values)
            elif reached.begun:
                done = [(reached.begun.isoformat(), watch.number) for watch in watches]
                db.executemany("UPDATE watches SET since = max(since, ?) WHERE number = ?", done)

    def untold(self, watch: Watch) -> list[str]:
        """Ids of papers that were found and neither told nor too far."""
        query = "SELECT arxiv_id FROM found WHERE watch = ? AND digest IS NULL ORDER BY arxiv_id"
        return [arxiv_id for (arxiv_id,) in self._rows(query, (watch.number,))]

    def tell(self, watch: Watch, best: Sequence[Told], too_far: Sequence[str]) -> None:
        """Make a digest of the best, the first first, if there are any, and put the others away."""
        with self._writing() as db:
            away = [(TOO_FAR, watch.number, arxiv_id) for arxiv_id in too_far]
            db.executemany("UPDATE found SET digest = ? WHERE watch = ? AND arxiv_id = ?", away)
            if not best:
                return
            at = datetime.now(UTC).isoformat(timespec="seconds")
            made = db.execute("INSERT INTO digests (watch, at) VALUES (?, ?)", (watch.number, at))
            rows = [
                (made.lastrowid, place, told.nearness, told.beside, watch.number, told.arxiv_id)
                for place, told in enumerate(best)
            ]
            db.executemany(
                "UPDATE found SET digest = ?, place = ?, nearness = ?, beside = ?"
                " WHERE watch = ? AND arxiv_id = ? AND digest IS NULL",
                rows,
            )

    def digests(self, *, delivered: bool, limit: int = -1) -> list[Noted]:
        """Digests that were delivered, or were not, the oldest first; with a limit, the latest of them."""
        rows = self._rows(
            "SELECT number, watch, at FROM digests WHERE delivered = ? ORDER BY number DESC LIMIT ?",
            (int(delivered), limit),
        )
        known = {watch.number: watch for watch in self.watches()}
        return [
            Noted(number, known[watch], datetime.fromisoformat(at), self._told(number))
            for number, watch, at in reversed(rows)
            if watch in known
        ]

    def delivered(self, number: int) -> None:
        """Note that a digest has reached its files."""
        with self._writing() as db:
            db.execute("UPDATE digests SET delivered = 1 WHERE number = ?", (number,))

    def _told(self, digest: int) -> tuple[Told, ...]:
        query = "SELECT arxiv_id, nearness, beside FROM found WHERE digest = ? ORDER BY place"
        return tuple(Told(*row) for row in self._rows(query, (digest,)))

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        if not self._file.is_file():
            return []
        with self._opened() as db:
            return db.execute(query, values).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        make_private(self._file.parent)
        with self._opened() as db:
            db.executescript(_SCHEMA)
            with db:
                yield db

    def _opened(self) -> AbstractContextManager[sqlite3.Connection]:
        return opened(
            self._file,
            kept="The library is untouched",
            next_step="Make room on the disk, or move the file away to begin anew",
        )


def _watch(number: int, topic: str, category: str, first_day: str, since: str) -> Watch:
    return Watch(number, topic, category, date.fromisoformat(first_day), date.fromisoformat(since))


def _numbers(watches: Sequence[Watch]) -> str:
    return " ".join(str(number) for number in sorted(watch.number for watch in watches))
