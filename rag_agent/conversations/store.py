"""Conversations in a database: a row a turn, written once and listed without reading answers."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ingestion.bibliography import exported
from ingestion.errors import AgentError
from rag_agent.code.result import CodeResult
from rag_agent.conversations.export import References, as_markdown
from rag_agent.conversations.memory import MOST_TURNS, Remembered
from rag_agent.conversations.turn import SCHEMA, Rating, Turn
from rag_agent.database import Database

_LIST = """
SELECT name, coalesce(nullif(title, ''), first.question), counted.turns, counted.updated
FROM (SELECT owner, session, count(*) AS turns, max(at) AS updated FROM turns WHERE owner = ?
      GROUP BY owner, session) AS counted
JOIN sessions ON sessions.owner = counted.owner AND sessions.name = counted.session
JOIN turns AS first ON first.owner = counted.owner AND first.session = counted.session AND first.number = 0
ORDER BY counted.updated DESC, sessions.rowid DESC
"""
# Also where nothing changes: the row stays locked until the turn is written, so that no two get one number.
_REMEMBER = """
UPDATE sessions SET summary = CASE WHEN summarised < ? THEN ? ELSE summary END,
                    summarised = CASE WHEN summarised < ? THEN ? ELSE summarised END
WHERE owner = ? AND name = ?
"""
_TURNS = """
SELECT question, answer, at, rating, schema, number FROM turns
WHERE owner = ? AND session = ? ORDER BY number
"""
_LATEST_TURNS = """
SELECT question, answer, at, rating, schema, number FROM turns
WHERE owner = ? AND session = ? ORDER BY number DESC LIMIT ?
"""
_ONE_TURN = """
SELECT question, answer, at, rating, schema, number FROM turns
WHERE owner = ? AND session = ? AND number = ?
"""


@dataclass(frozen=True, slots=True)
class Session:
    """One conversation: its name (the key), title, number of turns, and when it was last used (ISO)."""

    name: str
    title: str
    turns: int
    updated: str


class Conversations:
    """The conversations of one owner. Safe to share between threads and processes. Looking makes nothing.

    Args:
        database: Keeps those of all owners.
        owner: A user's name; empty: whose data folder it is.
    """

    def __init__(self, database: Database, owner: str = "") -> None:
        self._database = database
        self._owner = owner

    def of(self, owner: str) -> "Conversations":
        """Those of another owner."""
        return Conversations(self._database, owner)

    def sessions(self) -> list[Session]:
        """All conversations, the latest first."""
        return [Session(*row) for row in self._database.rows(_LIST, self._owner)]

    def title(self, name: str) -> str:
        """The title of a conversation: the one given, or its first question; empty where there is none."""
        rows = self._database.rows(
            "SELECT coalesce(nullif(title, ''), turns.question) FROM sessions"
            " JOIN turns ON turns.owner = sessions.owner AND session = name"
            " WHERE sessions.owner = ? AND name = ? AND number = 0",
            self._owner,
            name,
        )
        return str(rows[0][0]) if rows else ""

    def turns(self, name: str) -> tuple[Turn, ...]:
        """The turns of a conversation, oldest first; none where there is no such conversation."""
        rows = self._database.rows(_TURNS, self._owner, checked_name(name))
        return tuple(_turn(*row) for row in rows)

    def markdown(self, name: str, references: References = exported) -> str:
        """A conversation as Markdown with BibTeX, which `references` writes."""
        return as_markdown(self.title(name) or name, self.turns(name), references)

    def remember(self, name: str) -> Remembered:
        """The latest turns, at most `MOST_TURNS`, and the summary of those before."""
        name = checked_name(name)
        known = self._database.rows(
            "SELECT summary, summarised FROM sessions WHERE owner = ? AND name = ?",
            self._owner,
            name,
        )
        rows = self._database.rows(_LATEST_TURNS, self._owner, name, MOST_TURNS)[::-1]
        turns = tuple(_turn(*row) for row in rows)
        return Remembered(turns, rows[0][5] if rows else 0, *(known[0] if known else ()))

    def append(self, name: str, turn: Turn, memory: Remembered = Remembered()) -> int:  # noqa: B008  # frozen
        """Write a turn at the end of a conversation, with the summary as it now is; the turn's number."""
        name, at = checked_name(name), turn.at or datetime.now(UTC).isoformat(timespec="seconds")
        place, covered = (self._owner, name), memory.summarised
        with self._database.writing() as db:
            db.execute(
                "INSERT INTO sessions (owner, name) VALUES (?, ?) ON CONFLICT DO NOTHING", place
            )
            db.execute(_REMEMBER, (covered, memory.summary, covered, covered, *place))
            (number,) = db.execute(
                "SELECT coalesce(max(number) + 1, 0) FROM turns WHERE owner = ? AND session = ?",
                place,
            ).fetchone()
            values = (*place, number, at, turn.rating, turn.question, SCHEMA, _answer(turn))
            db.execute(
                "INSERT INTO turns (owner, session, number, at, rating, question, schema, answer)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            )
        return int(number)

    def rename(self, name: str, title: str) -> None:
        """Give a conversation another title."""
        title = checked_name(title)
        with self._database.writing() as db:
            db.execute(
                "UPDATE sessions SET title = ? WHERE owner = ? AND name = ?",
                (title, self._owner, name),
            )

    def delete(self, name: str) -> None:
        """Forget a conversation for good."""
        with self._database.writing() as db:
            db.execute("DELETE FROM sessions WHERE owner = ? AND name = ?", (self._owner, name))

    def rate(self, name: str, number: int, rating: Rating) -> None:
        """Keep what the user thought of a turn (from 0)."""
        with self._database.writing() as db:
            db.execute(
                "UPDATE turns SET rating = ? WHERE owner = ? AND session = ? AND number = ?",
                (rating, self._owner, name, number),
            )

    def keep_code(self, name: str, number: int, code: CodeResult) -> None:
        """Keep a program that was run or written again in the place of the one a turn (from 0) has."""
        place = (self._owner, name, number)
        with self._database.writing() as db:
            row = db.execute(_ONE_TURN, place).fetchone()
            if row is None:
                return  # the conversation was deleted meanwhile
            turn = _turn(*row)
            turn = replace(turn, answer=replace(turn.answer, code=code))
            db.execute(
                "UPDATE turns SET answer = ?, schema = ?"
                " WHERE owner = ? AND session = ? AND number = ?",
                (_answer(turn), SCHEMA, *place),
            )

    def close(self) -> None:
        """Let go of the database; the next call opens it again."""
        self._database.close()


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


def _turn(question: str, answer: str, at: str, rating: Rating, schema: int, _number: int) -> Turn:
    stored = {"schema": schema, "question": question, "answer": json.loads(answer)}
    return Turn.from_json({**stored, "at": at, "rating": rating})


def _answer(turn: Turn) -> str:
    return json.dumps(turn.as_json()["answer"], ensure_ascii=False)
