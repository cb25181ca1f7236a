"""One PostgreSQL, shared by all processes that its address is given to (psycopg 3, the extra `server`)."""

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ingestion.errors import AgentError, DatabaseUnavailable
from ingestion.machine.packages import needed
from rag_agent.database.database import Schema

_MOST_CONNECTIONS = 8
"""Of one process. PostgreSQL's own limit is 100 for all, unless it is told otherwise."""
_WAIT_S = 5.0
"""For a connection, while the server is away or all are in use."""
# A machine that vanishes without a word gives up what it holds after 30 + 3 × 10 s.
_OPTIONS = "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
_SCHEMAS = "CREATE TABLE IF NOT EXISTS schemas (name TEXT PRIMARY KEY, version INTEGER NOT NULL)"
_IS_HELD = """
SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND (classid::bigint << 32 | objid::bigint) = hashtextextended(?, 0)
"""


class PostgresServer:
    """A server with a pool of connections, opened at the first use.

    Args:
        url: `postgresql://user:password@host/database`.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._lock = threading.Lock()
        self._pool: Any = None

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """A connection that answered just now.

        Raises:
            DatabaseUnavailable: None can be had, or what was done with it failed.
        """
        pool = self._opened()
        with self._told(), pool.connection() as connection:
            yield connection

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            if self._pool is not None:
                self._pool.close()
            self._pool = None

    def _opened(self) -> Any:
        with needed("PostgreSQL"):
            from psycopg_pool import ConnectionPool

        # What it would log of a server that is away is told by `connection`, once for each call.
        logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
        with self._lock:
            if self._pool is None:
                with self._told():
                    self._pool = ConnectionPool(
                        self.url,
                        min_size=1,
                        max_size=_MOST_CONNECTIONS,
                        timeout=_WAIT_S,
                        check=ConnectionPool.check_connection,
                        kwargs={"autocommit": True, "options": _OPTIONS},
                        open=True,
                    )
            return self._pool

    @contextmanager
    def _told(self) -> Iterator[None]:
        """PostgreSQL's errors as one sentence each, which never holds the password."""
        import psycopg

        try:
            yield
        except psycopg.Error as error:
            said = " ".join(str(error).split())[:200]
            raise DatabaseUnavailable(
                f"PostgreSQL{self._place()} cannot be used: {said}",
                kept="What was kept before is still there",
                next_step="Try again; if it stays so, check ARXIV_AGENT_DATABASE__URL and the server",
            ) from error

    def _place(self) -> str:
        from psycopg import Error
        from psycopg.conninfo import conninfo_to_dict

        try:
            parts = conninfo_to_dict(self.url)
        except Error:
            return ""
        return f" at {parts.get('host', 'localhost')}:{parts.get('port', 5432)}"


class PostgresDatabase:
    """The tables of one schema on a server.

    Args:
        server: Where they are.
        schema: Theirs.
    """

    def __init__(self, server: PostgresServer, schema: Schema) -> None:
        self._server = server
        self._schema = schema
        self._is_current = False

    def rows(self, query: str, *values: Any) -> list[Any]:
        """See `Database`."""
        with self._server.connection() as connection:
            if not self._is_current:
                if not self._version(connection):
                    return []
                self._migrate(connection)
            return list(_Marked(connection).execute(query, values).fetchall())

    @contextmanager
    def writing(self) -> Iterator["_Marked"]:
        """See `Database`."""
        with self._server.connection() as connection:
            if not self._is_current:
                self._migrate(connection)
            with connection.transaction():
                yield _Marked(connection)

    def close(self) -> None:
        """See `Database`."""
        self._server.close()

    @contextmanager
    def holding(self, name: str) -> Iterator["PostgresDatabase | None"]:
        """Hold a lock of all processes while the block runs; None where another one holds it.

        The lock is its connection's: it is free once this process, or the server, is gone. What is given to the
        block writes over that connection alone, so nothing is written by who has lost the lock.
        """
        with self._server.connection() as connection:
            if not self._is_current:
                self._migrate(connection)
            held = _Marked(connection)
            (got,) = held.execute(
                "SELECT pg_try_advisory_lock(hashtextextended(?, 0))", (name,)
            ).fetchone()
            if not got:
                yield None
                return
            try:
                yield PostgresDatabase(_OneConnection(self._server, connection), self._schema)
            finally:
                if not connection.closed:
                    held.execute("SELECT pg_advisory_unlock(hashtextextended(?, 0))", (name,))

    def is_held(self, name: str) -> bool:
        """Whether some process holds the lock of this name now."""
        return bool(self.rows(_IS_HELD, name))

    def _version(self, connection: Any) -> int:
        """How many migrations the tables have had; 0 where there are none yet."""
        from psycopg.errors import UndefinedTable

        try:
            row = connection.execute(
                "SELECT version FROM schemas WHERE name = %s", (self._schema.name,)
            ).fetchone()
        except UndefinedTable:
            return 0
        version = int(row[0]) if row else 0
        if version > len(self._schema.postgres):
            raise AgentError(
                f"The {self._schema.name} in PostgreSQL are of a later version of the program",
                kept="They are untouched",
                next_step="Update arxiv-agent",
            )
        return version

    def _migrate(self, connection: Any) -> None:
        """Bring the tables to the present schema, whole or not at all, by one process at a time."""
        migrations = self._schema.postgres
        if self._version(connection) < len(migrations):
            with connection.transaction():
                connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('schemas', 0))")
                connection.execute(_SCHEMAS)
                for _, change in migrations[self._version(connection) :]:
                    change(_Marked(connection))
                connection.execute(
                    "INSERT INTO schemas VALUES (%s, %s)"
                    " ON CONFLICT (name) DO UPDATE SET version = excluded.version",
                    (self._schema.name, len(migrations)),
                )
        self._is_current = True


class _Marked:
    """A connection that takes `?` for a value, as SQLite does."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def execute(self, query: str, values: Sequence[Any] = ()) -> Any:
        """See `Connection`. A text of PostgreSQL holds no NUL character, so it loses those."""
        if not values:
            return self._connection.execute(query)
        bare = [each.replace("\0", "") if isinstance(each, str) else each for each in values]
        return self._connection.execute(query.replace("?", "%s"), bare)


class _OneConnection(PostgresServer):
    """A server of which one connection alone is used."""

    def __init__(self, server: PostgresServer, connection: Any) -> None:
        super().__init__(server.url)
        self._one, self._in_use = connection, threading.RLock()

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """That connection, by one thread at a time."""
        with self._in_use, self._told():
            yield self._one
