"""Jobs in PostgreSQL, of which any process tells the state and one at a time does the work.

A job is run under a lock of the server's: when its process or machine is gone the lock is free, and the job
is seen as interrupted by all others.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from ingestion.errors import AgentError
from rag_agent.database import Databases, Schema, statements
from rag_agent.database.postgres import PostgresDatabase
from rag_agent.jobs.job import Job
from rag_agent.jobs.jobs import Jobs, none_called, now

SCHEMA = Schema(
    "jobs",
    sqlite=(),
    postgres=(
        (
            "jobs and their parts",
            statements(
                """CREATE TABLE jobs (
                    owner TEXT NOT NULL,
                    id TEXT NOT NULL,
                    status TEXT NOT NULL,
                    updated TEXT COLLATE "C" NOT NULL,
                    job TEXT NOT NULL,
                    stop BOOLEAN NOT NULL DEFAULT FALSE,
                    result TEXT NOT NULL DEFAULT '',
                    PRIMARY KEY (owner, id)
                )""",
                """CREATE TABLE job_parts (
                    owner TEXT NOT NULL,
                    id TEXT NOT NULL,
                    key TEXT NOT NULL,
                    value TEXT NOT NULL,
                    PRIMARY KEY (owner, id, key),
                    FOREIGN KEY (owner, id) REFERENCES jobs (owner, id) ON DELETE CASCADE
                )""",
            ),
        ),
    ),
)


class PostgresJobs(Jobs):
    """The jobs of one owner in PostgreSQL.

    Args:
        database: Keeps those of all owners.
        owner: A user's name; empty: whoever runs the servers.
    """

    def __init__(self, database: PostgresDatabase, owner: str = "") -> None:
        self._database = database
        self._owner = owner

    @classmethod
    def of_all(cls, databases: Databases) -> "PostgresJobs":
        """The jobs in the database of the settings."""
        return cls(databases.on_postgres(SCHEMA))

    def of(self, owner: str) -> "PostgresJobs":
        """See `Jobs`."""
        return PostgresJobs(self._database, owner)

    def read(self, id_: str) -> Job:
        """See `Jobs`."""
        rows = self._database.rows(
            "SELECT job FROM jobs WHERE owner = ? AND id = ?", self._owner, id_
        )
        if not rows:
            raise none_called(id_)
        return Job(**json.loads(rows[0][0]))

    def is_worked_on(self, job: Job) -> bool:
        """See `Jobs`."""
        return self._database.is_held(self._lock_of(job.id))

    def all(self) -> list[Job]:
        """See `Jobs`."""
        query = "SELECT job FROM jobs WHERE owner = ? ORDER BY updated DESC, id DESC"
        found = []
        for (text,) in self._database.rows(query, self._owner):
            with suppress(AgentError):  # it was removed since
                found.append(self.as_it_stands(Job(**json.loads(text))))
        return found

    def waiting(self) -> int:
        """How many of them wait for a process."""
        query = "SELECT count(*) FROM jobs WHERE owner = ? AND status = 'waiting'"
        rows = self._database.rows(query, self._owner)
        return int(rows[0][0]) if rows else 0

    def parts(self, id_: str) -> dict[str, Any]:
        """See `Jobs`."""
        query = "SELECT key, value FROM job_parts WHERE owner = ? AND id = ?"
        rows = self._database.rows(query, self._owner, id_)
        return {key: json.loads(value) for key, value in rows}

    def asked_to_stop(self, id_: str) -> bool:
        """See `Jobs`."""
        query = "SELECT 1 FROM jobs WHERE owner = ? AND id = ? AND stop"
        return bool(self._database.rows(query, self._owner, id_))

    def keep(self, job: Job) -> Job:
        """See `Jobs`."""
        job = replace(job, updated=now())
        self._write(
            "UPDATE jobs SET status = ?, updated = ?, job = ? WHERE owner = ? AND id = ?",
            job.status,
            job.updated,
            _text(job.as_json()),
            self._owner,
            job.id,
        )
        return job

    def keep_part(self, id_: str, key: str, value: Any) -> None:
        """See `Jobs`."""
        self._write(
            "INSERT INTO job_parts (owner, id, key, value) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (owner, id, key) DO UPDATE SET value = excluded.value",
            self._owner,
            id_,
            key,
            _text(value),
        )

    def make(self, job: Job) -> None:
        """See `Jobs`."""
        self._write(
            "INSERT INTO jobs (owner, id, status, updated, job) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            self._owner,
            job.id,
            job.status,
            job.updated,
            _text(job.as_json()),
        )

    def remove(self, id_: str) -> None:
        """See `Jobs`."""
        self._write("DELETE FROM jobs WHERE owner = ? AND id = ?", self._owner, id_)

    def keep_result(self, id_: str, result: dict[str, Any]) -> None:
        """See `Jobs`."""
        self._write(
            "UPDATE jobs SET result = ? WHERE owner = ? AND id = ?", _text(result), self._owner, id_
        )

    def kept_result(self, id_: str) -> dict[str, Any]:
        """See `Jobs`."""
        rows = self._database.rows(
            "SELECT result FROM jobs WHERE owner = ? AND id = ?", self._owner, id_
        )
        stored: dict[str, Any] = json.loads(rows[0][0])
        return stored

    def ask_to_stop(self, id_: str) -> None:
        """See `Jobs`."""
        self._write("UPDATE jobs SET stop = TRUE WHERE owner = ? AND id = ?", self._owner, id_)

    def forget_stop(self, id_: str) -> None:
        """See `Jobs`."""
        self._write("UPDATE jobs SET stop = FALSE WHERE owner = ? AND id = ?", self._owner, id_)

    @contextmanager
    def alone(self, id_: str) -> Iterator["PostgresJobs | None"]:
        """See `Jobs`; once the lock is lost nothing more can be written there."""
        with self._database.holding(self._lock_of(id_)) as database:
            yield PostgresJobs(database, self._owner) if database else None

    def _lock_of(self, id_: str) -> str:
        return f"job {self._owner}/{id_}"

    def _write(self, statement: str, *values: Any) -> None:
        with self._database.writing() as db:
            db.execute(statement, values)


def _text(value: Any) -> str:
    """As JSON in ASCII: what PostgreSQL's texts cannot hold, such as NUL, stands there as an escape."""
    return json.dumps(value)
