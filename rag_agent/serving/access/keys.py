"""Keys of users, by which a server knows whose conversations and jobs a request may see."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from ingestion.errors import AgentError
from rag_agent.database import Database, Schema, statements

_TABLES = statements(
    """CREATE TABLE keys (
        id TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        hash TEXT NOT NULL UNIQUE,
        created TEXT NOT NULL,
        revoked TEXT NOT NULL DEFAULT ''
    )"""
)
SCHEMA = Schema("keys", sqlite=(("keys", _TABLES),), postgres=(("keys", _TABLES),))
_RANDOM_BYTES = 32
_USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")  # it is the name of a folder too


@dataclass(frozen=True, slots=True)
class Key:
    """What is kept of a key: its number, whose it is, and when it was made and revoked (ISO; empty: in force)."""

    id: str
    user: str
    created: str
    revoked: str = ""


class Keys:
    """The keys of all users. What is kept of a key is its hash: who reads the database can use none.

    Args:
        database: Keeps them.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, user: str) -> tuple[Key, str]:
        """Make a key for a user; it, and its text, which is told here and never again.

        Raises:
            AgentError: The name is none.
        """
        if not _USER.fullmatch(user):
            raise AgentError(
                "A user's name has 1 to 40 letters, digits, points, hyphens and underscores",
                next_step="Choose another",
            )
        text = f"ak-{secrets.token_urlsafe(_RANDOM_BYTES)}"
        key = Key(secrets.token_hex(4), user, _now())
        with self._database.writing() as db:
            db.execute(
                "INSERT INTO keys (id, owner, hash, created) VALUES (?, ?, ?, ?)",
                (key.id, key.user, _hash(text), key.created),
            )
        return key, text

    def all(self) -> list[Key]:
        """Every key there was, the oldest first."""
        query = "SELECT id, owner, created, revoked FROM keys ORDER BY created, id"
        return [Key(*row) for row in self._database.rows(query)]

    def revoke(self, id_: str) -> None:
        """Let a key be valid no longer, from the next request on; what its user kept stays.

        Raises:
            AgentError: There is none of this number.
        """
        with self._database.writing() as db:
            done = db.execute(
                "UPDATE keys SET revoked = ? WHERE id = ? AND revoked = ''", (_now(), id_)
            )
            if not done.rowcount:
                raise AgentError(
                    f"There is no key {id_[:40]!r} in force",
                    next_step="`arxiv-agent keys list` shows them",
                )

    def user_of(self, text: str) -> str | None:
        """Whose key this is; None where it is none, or was revoked."""
        query = "SELECT owner FROM keys WHERE hash = ? AND revoked = ''"
        rows = self._database.rows(query, _hash(text))
        return str(rows[0][0]) if rows else None


def _hash(text: str) -> str:
    """One round is enough: a key holds 256 random bits, which nobody can go through."""
    return hashlib.sha256(text.encode()).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
