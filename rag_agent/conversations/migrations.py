"""The schema of the file of conversations, and how it came from those before: by named migrations, in order."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

from ingestion.errors import AgentError

Migration = tuple[str, Callable[[sqlite3.Connection], None]]

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


def migrate(db: sqlite3.Connection) -> None:
    """Bring a file to the present schema, whole or not at all; a new file gets it too.

    Raises:
        AgentError: A later version of the program wrote the file.
    """
    if _version(db) == len(MIGRATIONS):
        return
    with db:
        db.execute("BEGIN IMMEDIATE")  # of several programs that open an old file one migrates it
        for _, change in MIGRATIONS[_version(db) :]:
            change(db)
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    db.execute("VACUUM")  # gives the disk back what the old form took


def _version(db: sqlite3.Connection) -> int:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise AgentError(
            "The file of conversations is of a later version of the program",
            kept="It is untouched",
            next_step="Update arxiv-agent",
        )
    return int(version)


def _make_rows(db: sqlite3.Connection) -> None:
    for statement in _ROWS:
        db.execute(statement)


def _take_over_checkpoints(db: sqlite3.Connection) -> None:
    """The latest of LangGraph's checkpoints of each session, which held all of its turns, as rows."""
    has = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'checkpoints'").fetchone()
    if not has:
        return
    for name, values in list(_latest_checkpoints(db)):
        if turns := values.get("turns"):
            _write(db, name, values, turns)
    db.execute("DROP TABLE checkpoints")
    db.execute("DROP TABLE IF EXISTS writes")


def _latest_checkpoints(db: sqlite3.Connection) -> Iterator[tuple[str, dict[str, Any]]]:
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


def _write(
    db: sqlite3.Connection, name: str, values: dict[str, Any], turns: list[dict[str, Any]]
) -> None:
    db.execute(
        "INSERT INTO sessions VALUES (?, ?, ?, ?)",
        (
            name,
            values.get("title") or "",
            values.get("summary") or "",
            values.get("summarised") or 0,
        ),
    )
    db.executemany(
        "INSERT INTO turns VALUES (?, ?, ?, ?, ?, 0, ?)",
        [
            (
                name,
                n,
                t["at"],
                t["rating"],
                t["question"],
                json.dumps(t["answer"], ensure_ascii=False),
            )
            for n, t in enumerate(turns)
        ],
    )


MIGRATIONS: tuple[Migration, ...] = (
    ("a row a turn", _make_rows),
    ("turns out of LangGraph's checkpoints", _take_over_checkpoints),
)
"""Each is run once; a file's `user_version` says how many it has had. Never change one: add another."""
