"""The line of jobs of all servers on one PostgreSQL, kept by procrastinate.

Procrastinate hands each job to one server, and takes it back from one that no longer gives a sign of life. What a job
is and how far it came is kept in `PostgresJobs`, and its lock there sees to it that it never runs twice at a time.
"""

import asyncio
import logging
import threading
import time
from dataclasses import replace
from functools import cached_property
from importlib import resources
from typing import TYPE_CHECKING, Any

from ingestion.errors import AgentError, DatabaseUnavailable
from rag_agent.assistant import Assistant
from rag_agent.database import Connection, Schema
from rag_agent.jobs import Job, PostgresJobs
from rag_agent.jobs.jobs import RunsElsewhere
from rag_agent.serving.works.queue import MOST_WAITING, line_is_full

if TYPE_CHECKING:
    import procrastinate

_QUEUE = _TASK = "arxiv-agent"
_HEARTBEAT_S = 10.0
_GONE_S = 30.0
"""A server that gave no sign for so long has lost its jobs."""
_AGAIN_S = 5.0
_TRIES = 100  # 100 × 5 s is longer than a vanished machine keeps its lock

_log = logging.getLogger(__name__)


def _make_tables(db: Connection) -> None:
    db.execute((resources.files("procrastinate.sql") / "schema.sql").read_text("utf-8"))


SCHEMA = Schema("queue", sqlite=(), postgres=(("procrastinate 3.10", _make_tables),))
"""A later version of procrastinate brings its own steps between versions: they become further migrations."""


class SharedQueue:
    """The line of all servers.

    Args:
        assistant: Does the work; its jobs are in PostgreSQL.
    """

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._url = assistant.databases.url
        # Of a server that is away it logs tracebacks; what comes of it is told to who asks.
        logging.getLogger("procrastinate").setLevel(logging.CRITICAL)
        threading.Thread(target=self._work, daemon=True).start()

    def add(self, user: str, kind: str, arguments: dict[str, Any]) -> Job:
        """See `JobQueue`."""
        jobs = self._jobs(user)
        if jobs.waiting() >= MOST_WAITING:
            raise line_is_full()
        job = jobs.add(kind, arguments)
        if job.status not in ("done", "running"):
            job = jobs.keep(replace(job, status="waiting", error=""))
            self._put_in_line(user, job.id)
        return job

    def cancel(self, user: str, id_: str) -> Job:
        """See `JobQueue`."""
        jobs = self._jobs(user)
        job = jobs.get(id_)
        if job.status == "waiting":
            return jobs.keep(replace(job, status="stopped"))
        jobs.stop(id_)
        return jobs.get(id_)

    def as_it_stands(self, user: str, job: Job) -> Job:
        """What the job itself says: all servers keep it in one place."""
        return job

    def _jobs(self, user: str) -> PostgresJobs:
        jobs = self._assistant.of(user).jobs
        assert isinstance(jobs, PostgresJobs)
        return jobs

    def _put_in_line(self, user: str, id_: str) -> None:
        from procrastinate.exceptions import AlreadyEnqueued, ConnectorException

        task = self._asking.configure_task(_TASK, queue=_QUEUE, queueing_lock=f"{user}/{id_}")
        try:
            task.defer(user=user, id=id_)
        except AlreadyEnqueued:
            pass
        except ConnectorException as error:
            raise DatabaseUnavailable(
                f"The job {id_} could not be put in line: {error}",
                kept="What it had done is kept",
                next_step="Ask for it again",
            ) from error

    @cached_property
    def _asking(self) -> "procrastinate.App":
        """What puts jobs in line, from any thread."""
        import procrastinate

        with self._assistant.databases.on_postgres(SCHEMA).writing():
            pass  # its tables are there from now on
        connector = procrastinate.SyncPsycopgConnector(
            conninfo=self._url, min_size=1, max_size=2, timeout=_AGAIN_S
        )
        app = procrastinate.App(connector=connector)
        app.open()
        return app

    def _work(self) -> None:
        """Work on the line until the process ends; when PostgreSQL was away, anew."""
        import psycopg
        from procrastinate.exceptions import ProcrastinateException

        while True:
            try:
                with self._assistant.databases.on_postgres(SCHEMA).writing():
                    pass
                asyncio.run(self._work_on_line())
            except (ProcrastinateException, psycopg.Error, OSError, AgentError) as error:
                _log.info("the line of jobs is begun again: %s", error)
            time.sleep(_AGAIN_S)

    async def _work_on_line(self) -> None:
        import procrastinate

        connector = procrastinate.PsycopgConnector(
            conninfo=self._url, min_size=1, max_size=4, timeout=_AGAIN_S
        )
        app = procrastinate.App(connector=connector)
        again = procrastinate.RetryStrategy(
            max_attempts=_TRIES,
            wait=int(_AGAIN_S),
            retry_exceptions={DatabaseUnavailable, RunsElsewhere},
        )
        app.task(name=_TASK, queue=_QUEUE, retry=again)(self._do)
        async with app.open_async():
            taking_over = asyncio.create_task(_take_over(app))
            try:
                await app.run_worker_async(
                    queues=[_QUEUE],
                    install_signal_handlers=False,
                    delete_jobs="always",
                    update_heartbeat_interval=_HEARTBEAT_S,
                    stalled_worker_timeout=_GONE_S,
                )
            finally:
                taking_over.cancel()

    def _do(self, user: str, id: str) -> None:
        """One job; called by procrastinate in a thread of its own."""
        try:
            if self._jobs(user).get(id).status not in ("stopped", "done"):
                self._assistant.of(user).work(id)
        except (DatabaseUnavailable, RunsElsewhere):
            raise  # it stays in line
        except AgentError as error:  # the job keeps it, and shows it to who asks
            _log.info("job %s ended: %s", id, error)


async def _take_over(app: "procrastinate.App") -> None:
    """Put the jobs of servers that are gone back in line, for ever."""
    from procrastinate.exceptions import ConnectorException

    while True:
        await asyncio.sleep(_HEARTBEAT_S)
        try:
            for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=_GONE_S):
                await app.job_manager.retry_job(job)
        except ConnectorException as error:
            _log.info("jobs of servers that are gone could not be looked for: %s", error)
