"""A small SQLite file of this user's, opened for one use; its faults are told as the program's own."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingestion.errors import AgentError

_LOCK_TIMEOUT_S = 30.0


@contextmanager
def opened(file: Path, *, kept: str, next_step: str) -> Iterator[sqlite3.Connection]:
    """A connection that is closed at the end.

    Args:
        file: The database.
        kept: What is safe where it cannot be used.
        next_step: What to do then.

    Raises:
        AgentError: It cannot be used.
    """
    try:
        db = sqlite3.connect(file, timeout=_LOCK_TIMEOUT_S)
        try:
            yield db
        finally:
            db.close()
    except sqlite3.Error as error:
        raise AgentError(
            f"{file} cannot be used: {error}", kept=kept, next_step=next_step
        ) from error
