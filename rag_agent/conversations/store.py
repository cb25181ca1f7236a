"""Conversations on disk: one SQLite file, a row a turn, written once and listed without reading answers."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingestion.bibliography import exported
from ingestion.errors import AgentError
from ingestion.machine.private_folder import make_private
from rag_agent.code.result import CodeResult
from rag_agent.conversations.export import References, as_markdown
from rag_agent.conversations.memory import MOST_TURNS, Remembered
from rag_agent.conversations.migrations import migrate
from rag_agent.conversations.turn import SCHEMA, Rating, Turn

_LOCK_TIMEOUT_S = 30.0
_BROKEN = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
_LIST = """
SELECT name, coalesce(nullif(title, ''), first.question), counted.turns, counted.updated
FROM (SELECT session, count(*) AS turns, max(at) AS updated FROM turns GROUP BY session) AS counted
JOIN sessions ON sessions.name = counted.session
JOIN turns AS first ON first.session = counted.session AND first.number = 0
ORDER BY counted.updated DESC, sessions.rowid DESC
"""


@dataclass(frozen=True, slots=True)
class Session:
    """One conversation: its name (the key), title, number of turns, and when it was last used (ISO)."""

    name: str
    title: str
    turns: int
    updated: str


class Conversations:
    """The conversations of a data folder. Safe to share between threads; several programs may have it open.

    Looking makes no file. A file that is no database is moved aside, not deleted, and the call that met it
    says so; the next one begins a new file.

    Args:
        home: Data folder; the file is `sessions.sqlite` in it.
    """

    def __init__(self, home: Path) -> None:
        self._file = home / "sessions.sqlite"
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None

    def sessions(self) -> list[Session]:
        """All conversations, the latest first."""
        return [Session(*row) for row in self._rows(_LIST)]

    def title(self, name: str) -> str:
        """The title of a conversation: the one given, or its first question; empty where there is none."""
        rows = self._rows(
            "SELECT coalesce(nullif(title, ''), turns.question) FROM sessions"
            " JOIN turns ON session = name WHERE name = ? AND number = 0",
            name,
        )
        return str(rows[0][0]) if rows else ""

    def turns(self, name: str) -> tuple[Turn, ...]:
        """The turns of a conversation, oldest first; none where there is no such conversation."""
        rows = self._rows(
            "SELECT question, answer, at, rating, schema FROM turns WHERE session = ? ORDER BY number",
            checked_name(name),
        )
        return tuple(_turn(*row) for row in rows)

    def markdown(self, name: str, references: References = exported) -> str:
        """A conversation as Markdown with BibTeX, which `references` writes."""
        return as_markdown(self.title(name) or name, self.turns(name), references)

    def remember(self, name: str) -> Remembered:
        """The latest turns, at most `MOST_TURNS`, and the summary of those before."""
        name = checked_name(name)
        known = self._rows("SELECT summary, summarised FROM sessions WHERE name = ?", name)
        rows = self._rows(
            "SELECT question, answer, at, rating, schema, number FROM turns WHERE session = ?"
            " ORDER BY number DESC LIMIT ?",
            name,
            MOST_TURNS,
        )[::-1]
        turns = tuple(_turn(*row[:5]) for row in rows)
        return Remembered(turns, rows[0][5] if rows else 0, *(known[0] if known else ()))

    def append(self, name: str, turn: Turn, memory: Remembered = Remembered()) -> int:  # noqa: B008  # frozen
        """Write a turn at the end of a conversation, with the summary as it now is; the turn's number."""
        name, at = checked_name(name), turn.at or datetime.now(UTC).isoformat(timespec="seconds")
        with self._writing() as db:
            db.execute("INSERT OR IGNORE INTO sessions (name) VALUES (?)", (name,))
            db.execute(
                "UPDATE sessions SET summary = ?, summarised = ? WHERE name = ? AND summarised < ?",
                (memory.summary, memory.summarised, name, memory.summarised),
            )
            (number,) = db.execute(
                "SELECT coalesce(max(number) + 1, 0) FROM turns WHERE session = ?", (name,)
            ).fetchone()
            values = (name, number, at, turn.rating, turn.question, SCHEMA, _answer(turn))
            db.execute("INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?, ?)", values)
        return int(number)

    def rename(self, name: str, title: str) -> None:
        """Give a conversation another title."""
        title = checked_name(title)
        with self._writing() as db:
            db.execute("UPDATE sessions SET title = ? WHERE name = ?", (title, name))

    def delete(self, name: str) -> None:
        """Forget a conversation for good."""
        with self._writing() as db:
            db.execute("DELETE FROM sessions WHERE name = ?", (name,))

    def rate(self, name: str, number: int, rating: Rating) -> None:
        """Keep what the user thought of a turn (from 0)."""
        with self._writing() as db:
            db.execute(
                "UPDATE turns SET rating = ? WHERE session = ? AND number = ?",
                (rating, name, number),
            )

    def keep_code(self, name: str, number: int, code: CodeResult) -> None:
        """Keep a program that was run or written again in the place of the one a turn (from 0) has."""
        place = (name, number)
        with self._writing() as db:
            row = db.execute(
                "SELECT question, answer, at, rating, schema FROM turns"
                " WHERE session = ? AND number = ?",
                place,
            ).fetchone()
            if row is None:
                return  # the conversation was deleted meanwhile
            turn = _turn(*row)
            turn = replace(turn, answer=replace(turn.answer, code=code))
            db.execute(
                "UPDATE turns SET answer = ?, schema = ? WHERE session = ? AND number = ?",
                (_answer(turn), SCHEMA, *place),
            )

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def _rows(self, query: str, *values: Any) -> list[Any]:
        with self._lock:
            if not self._file.exists():
                return []
            with self._told():
                return self._open().execute(query, values).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._told():
            db = self._open()
            with db:
                db.execute("BEGIN IMMEDIATE")
                yield db

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            make_private(self._file.parent)
            self._file.touch(mode=0o600)
            db = sqlite3.connect(
                self._file, timeout=_LOCK_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            try:
                db.execute("PRAGMA journal_mode = WAL")
                db.execute("PRAGMA synchronous = NORMAL")
                db.execute("PRAGMA foreign_keys = ON")
                migrate(db)
            except BaseException:
                db.close()
                raise
            self._connection = db
        return self._connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        """SQLite's errors as one sentence each; a broken file is moved aside."""
        try:
            yield
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _BROKEN:
                raise self._moved_aside(error) from error
            raise AgentError(
                f"The conversations in {self._file} cannot be used: {error}",
                kept="What was kept before is still there",
                next_step="Free some space or check the file's rights, then try again",
            ) from error

    def _moved_aside(self, error: sqlite3.Error) -> AgentError:
        self.close()
        aside = self._file.with_name(f"{self._file.name}.broken-{datetime.now():%Y%m%dT%H%M%S}")
        for ending in ("-wal", "-shm", ""):
            part = self._file.with_name(self._file.name + ending)
            if part.exists():
                part.replace(aside.with_name(aside.name + ending))
        return AgentError(
            f"The file of conversations is broken ({error})",
            kept=f"It was moved to {aside}; nothing of it is deleted",
            next_step="Try again: a new file is begun",
        )


def checked_name(name: str) -> str:
    """A session name that is safe as a key: 1 to 80 characters without control characters.

    Raises:
        AgentError: It is not.
    """
    name = name.strip()
    if not 0 < len(name) <= 80 or any(ord(character) < 32 for character in name):
        raise AgentError(
            "A session name has 1 to 80 printable characters", next_step="Choose another"
        )
    return name


def _turn(question: str, answer: str, at: str, rating: Rating, schema: int) -> Turn:
    stored = {"schema": schema, "question": question, "answer": json.loads(answer)}
    return Turn.from_json({**stored, "at": at, "rating": rating})


def _answer(turn: Turn) -> str:
    return json.dumps(turn.as_json()["answer"], ensure_ascii=False)
