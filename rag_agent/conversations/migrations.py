"""The tables of conversations, and how they came from those before: by named migrations, in order."""

import json
from collections.abc import Iterator
from typing import Any

from ingestion.errors import AgentError
from rag_agent.database import Connection, Schema, statements

# The answer stands last: listing reads what comes before it and never its pages.
_ROWS = (
    """CREATE TABLE sessions (
        name TEXT PRIMARY KEY,
        title TEXT NOT NULL DEFAULT '',
        summary TEXT NOT NULL DEFAULT '',
        summarised INTEGER NOT NULL DEFAULT 0
    )""",
    """CREATE TABLE turns (
        session TEXT NOT NULL REFERENCES sessions (name) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        at TEXT NOT NULL,
        rating TEXT NOT NULL DEFAULT '',
        question TEXT NOT NULL,
        schema INTEGER NOT NULL,
        answer TEXT NOT NULL,
        PRIMARY KEY (session, number)
    )""",
    "CREATE INDEX turns_by_time ON turns (session, at)",
)


def _take_over_checkpoints(db: Connection) -> None:
    """The latest of LangGraph's checkpoints of each session, which held all of its turns, as rows."""
    has = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'checkpoints'").fetchone()
    if not has:
        return
    for name, values in list(_latest_checkpoints(db)):
        if turns := values.get("turns"):
            _write(db, name, values, turns)
    db.execute("DROP TABLE checkpoints")
    db.execute("DROP TABLE IF EXISTS writes")


def _latest_checkpoints(db: Connection) -> Iterator[tuple[str, dict[str, Any]]]:
    import ormsgpack

    rows = db.execute(
        "SELECT thread_id, checkpoint, max(checkpoint_id) FROM checkpoints"
        " WHERE checkpoint_ns = '' GROUP BY thread_id"
    )
    for name, blob, _ in rows:
        try:
            checkpoint = ormsgpack.unpackb(blob, option=ormsgpack.OPT_NON_STR_KEYS)
        except ormsgpack.MsgpackDecodeError as error:
            raise AgentError(
                f"The conversation {name!r} of an earlier version cannot be read: {error}",
                kept="The file is untouched",
                next_step="Move sessions.sqlite away to begin a new one",
            ) from error
        yield name, checkpoint["channel_values"]


def _write(db: Connection, name: str, values: dict[str, Any], turns: list[dict[str, Any]]) -> None:
    db.execute(
        "INSERT INTO sessions VALUES (?, ?, ?, ?)",
        (
            name,
            values.get("title") or "",
            values.get("summary") or "",
            values.get("summarised") or 0,
        ),
    )
    for number, turn in enumerate(turns):
        answer = json.dumps(turn["answer"], ensure_ascii=False)
        db.execute(
            "INSERT INTO turns VALUES (?, ?, ?, ?, ?, 0, ?)",
            (name, number, turn["at"], turn["rating"], turn["question"], answer),
        )


# The tables of before give way to those whose key has an owner; of the old ones all are this data folder's own.
_OWNED = (
    "DROP INDEX turns_by_time",
    "ALTER TABLE turns RENAME TO turns_of_all",
    "ALTER TABLE sessions RENAME TO sessions_of_all",
    """CREATE TABLE sessions (
        owner TEXT NOT NULL,
        name TEXT NOT NULL,
        title TEXT NOT NULL DEFAULT '',
        summary TEXT NOT NULL DEFAULT '',
        summarised INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (owner, name)
    )""",
    """CREATE TABLE turns (
        owner TEXT NOT NULL,
        session TEXT NOT NULL,
        number INTEGER NOT NULL,
        at TEXT NOT NULL,
        rating TEXT NOT NULL DEFAULT '',
        question TEXT NOT NULL,
        schema INTEGER NOT NULL,
        answer TEXT NOT NULL,
        PRIMARY KEY (owner, session, number),
        FOREIGN KEY (owner, session) REFERENCES sessions (owner, name) ON DELETE CASCADE
    )""",
    "CREATE INDEX turns_by_time ON turns (owner, session, at)",
    """INSERT INTO sessions SELECT '', name, title, summary, summarised FROM sessions_of_all ORDER BY rowid""",
    """INSERT INTO turns SELECT '', session, number, at, rating, question, schema, answer FROM turns_of_all""",
    "DROP TABLE turns_of_all",
    "DROP TABLE sessions_of_all",
)
# `rowid` is SQLite's own count of what was made; here it has to be asked for. Times are compared as bytes.
_ON_POSTGRES = (
    """CREATE TABLE sessions (
        owner TEXT NOT NULL,
        name TEXT NOT NULL,
        title TEXT NOT NULL DEFAULT '',
        summary TEXT NOT NULL DEFAULT '',
        summarised INTEGER NOT NULL DEFAULT 0,
        rowid BIGINT GENERATED ALWAYS AS IDENTITY,
        PRIMARY KEY (owner, name)
    )""",
    """CREATE TABLE turns (
        owner TEXT NOT NULL,
        session TEXT NOT NULL,
        number INTEGER NOT NULL,
        at TEXT COLLATE "C" NOT NULL,
        rating TEXT NOT NULL DEFAULT '',
        question TEXT NOT NULL,
        schema INTEGER NOT NULL,
        answer TEXT NOT NULL,
        PRIMARY KEY (owner, session, number),
        FOREIGN KEY (owner, session) REFERENCES sessions (owner, name) ON DELETE CASCADE
    )""",
    "CREATE INDEX turns_by_time ON turns (owner, session, at)",
)

SCHEMA = Schema(
    "sessions",
    sqlite=(
        ("a row a turn", statements(*_ROWS)),
        ("turns out of LangGraph's checkpoints", _take_over_checkpoints),
        ("conversations have an owner", statements(*_OWNED)),
    ),
    postgres=(("a row a turn, with its owner", statements(*_ON_POSTGRES)),),
)
