"""Which database a schema is kept in: that of the settings."""

from functools import cached_property
from pathlib import Path

from rag_agent.database.database import Database, Schema
from rag_agent.database.postgres import PostgresDatabase, PostgresServer
from rag_agent.database.sqlite import SqliteDatabase


class Databases:
    """The databases of one program; none is opened before its first use.

    Args:
        home: Data folder, for SQLite files.
        url: Of PostgreSQL; empty: SQLite.
    """

    def __init__(self, home: Path, url: str) -> None:
        self._home = home
        self.url = url

    def of(self, schema: Schema) -> Database:
        """The database that keeps these tables."""
        return self.on_postgres(schema) if self.url else SqliteDatabase(self._home, schema)

    def on_postgres(self, schema: Schema) -> PostgresDatabase:
        """The same, with the locks that only PostgreSQL has."""
        return PostgresDatabase(self._server, schema)

    @cached_property
    def _server(self) -> PostgresServer:
        return PostgresServer(self.url)
