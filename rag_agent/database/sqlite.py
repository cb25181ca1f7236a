"""One SQLite file in the data folder."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from ingestion.errors import AgentError, DatabaseUnavailable
from ingestion.machine.private_folder import make_private
from rag_agent.database.database import Schema

_LOCK_TIMEOUT_S = 30.0
_BROKEN = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


class SqliteDatabase:
    """A file of rows. Several programs may have it open.

    Looking makes no file. A file that is no database is moved aside, not deleted, and the call that met it
    says so; the next one begins a new file.

    Args:
        home: Data folder; the file is `NAME.sqlite` in it.
        schema: Of its tables.
    """

    def __init__(self, home: Path, schema: Schema) -> None:
        self._file = home / f"{schema.name}.sqlite"
        self._schema = schema
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None

    def rows(self, query: str, *values: Any) -> list[Any]:
        """See `Database`."""
        with self._lock:
            if not self._file.exists():
                return []
            with self._told():
                return self._open().execute(query, values).fetchall()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """See `Database`."""
        with self._lock, self._told():
            db = self._open()
            with db:
                db.execute("BEGIN IMMEDIATE")
                yield db

    def close(self) -> None:
        """See `Database`."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            from filelock import FileLock

            make_private(self._file.parent)
            # One program at a time: the change to WAL waits for no lock, it fails (sqlite.org/c3ref/busy_handler.html).
            with FileLock(f"{self._file}.lock", timeout=_LOCK_TIMEOUT_S, mode=0o600):
                self._connection = self._opened()
        return self._connection

    def _opened(self) -> sqlite3.Connection:
        self._file.touch(mode=0o600)
        db = sqlite3.connect(
            self._file, timeout=_LOCK_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute("PRAGMA foreign_keys = ON")
            self._migrate(db)
        except BaseException:
            db.close()
            raise
        return db

    def _migrate(self, db: sqlite3.Connection) -> None:
        """Bring the file to the present schema, whole or not at all; a new file gets it too."""
        migrations = self._schema.sqlite
        version = self._version(db)
        if version == len(migrations):
            return
        with db:
            db.execute("BEGIN IMMEDIATE")
            for _, change in migrations[version:]:
                change(db)
            db.execute(f"PRAGMA user_version = {len(migrations)}")
        db.execute("VACUUM")  # gives the disk back what the old form took

    def _version(self, db: sqlite3.Connection) -> int:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version > len(self._schema.sqlite):
            raise AgentError(
                f"{self._file} is of a later version of the program",
                kept="It is untouched",
                next_step="Update arxiv-agent",
            )
        return int(version)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """SQLite's errors as one sentence each; a broken file is moved aside."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _BROKEN:
                raise self._moved_aside(error) from error
            raise DatabaseUnavailable(
                f"{self._file} cannot be used: {error}",
                kept="What was kept before is still there",
                next_step="Free some space or check the file's rights, then try again",
            ) from error

    def _moved_aside(self, error: Exception) -> AgentError:
        self.close()
        aside = self._file.with_name(f"{self._file.name}.broken-{datetime.now():%Y%m%dT%H%M%S}")
        for ending in ("-wal", "-shm", ""):
            part = self._file.with_name(self._file.name + ending)
            if part.exists():
                part.replace(aside.with_name(aside.name + ending))
        return AgentError(
            f"{self._file} is broken ({error})",
            kept=f"It was moved to {aside}; nothing of it is deleted",
            next_step="Try again: a new file is begun",
        )
