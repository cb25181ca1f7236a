"""What every place that keeps jobs can do, and how a job runs wherever it is kept.

A part's result is written before the next part begins, so a job whose process was killed goes on where it
was, and nothing that was answered is asked again.
"""

import hashlib
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ingestion.errors import AgentError
from ingestion.machine.process import started
from rag_agent.jobs.job import Job
from rag_agent.jobs.run import JobStopped, OnProgress, Run
from rag_agent.telemetry import span

Work = Callable[[Run], dict[str, Any]]


class RunsElsewhere(AgentError):
    """A job that was to be run is run by another process now."""


class Jobs(ABC):
    """The jobs of one owner. Safe to share; several programs may use it at once. Looking makes nothing."""

    def add(self, kind: str, arguments: Mapping[str, Any]) -> Job:
        """The job of these arguments, made where there is none yet."""
        text = json.dumps(arguments, sort_keys=True, ensure_ascii=False)
        id_ = f"{kind}-{hashlib.sha256(text.encode()).hexdigest()[:10]}"
        self.make(Job(id_, kind, json.loads(text), created=now(), updated=now()))
        return self.get(id_)

    def run(self, id_: str, work: Work, on_progress: OnProgress = lambda job: None) -> Job:
        """Do a job's work in this thread, or go on with it.

        Args:
            id_: Of `add`.
            work: Given the run; what it returns is the result.
            on_progress: Told of every change.

        Returns:
            The job as it ended: done, or stopped.

        Raises:
            RunsElsewhere: Another process runs this job.
            AgentError: The work failed.
        """
        job = self.get(id_)
        with self.alone(id_) as kept:
            if kept is None:
                raise RunsElsewhere(
                    f"The job {id_} runs already", kept="It goes on", next_step="Wait for it"
                )
            with span("job") as figures:
                figures |= {"kind": job.kind, "status": "failed"}
                ended = kept._run(job, work, on_progress)
                figures["status"] = ended.status
            return ended

    def _run(self, job: Job, work: Work, on_progress: OnProgress) -> Job:
        self.forget_stop(job.id)
        pid = os.getpid()
        begun = replace(job, status="running", error="", pid=pid, pid_started=started(pid))
        run = Run(self, begun, on_progress)
        try:
            result = work(run)
            self.keep_result(job.id, result)
            return run.end("done")
        except JobStopped:
            return run.end("stopped")
        except AgentError as error:
            run.end("failed", str(error))
            raise
        except BaseException as error:
            run.end("failed", f"{type(error).__name__}: {error}")
            raise

    def delete(self, id_: str) -> None:
        """Forget a job with all its parts.

        Raises:
            AgentError: It runs, or there is none.
        """
        if self.get(id_).status == "running":
            raise AgentError(f"The job {id_} is running", next_step="Stop it first")
        self.remove(id_)

    def result(self, id_: str) -> dict[str, Any] | None:
        """What a job came to; None while it is not done."""
        return self.kept_result(id_) if self.get(id_).status == "done" else None

    def stop(self, id_: str) -> None:
        """Ask a running job, of whichever process, to stop after the part under way."""
        if not self.get(id_).ended:
            self.ask_to_stop(id_)

    @abstractmethod
    def of(self, owner: str) -> "Jobs":
        """The jobs of another owner."""

    def get(self, id_: str) -> Job:
        """A job as it stands.

        Raises:
            AgentError: There is none of this id, or it cannot be read.
        """
        return self.as_it_stands(self.read(id_))

    def as_it_stands(self, job: Job) -> Job:
        """A job that was read, `interrupted` where it says that it runs and nothing works on it.

        It may have ended well between the reading and the look at who works: what ends a job writes so first,
        so it is read once more.
        """
        while job.status == "running" and not self.is_worked_on(job):
            again = self.read(job.id)
            if again == job:
                return replace(job, status="interrupted")
            job = again
        return job

    @abstractmethod
    def read(self, id_: str) -> Job:
        """A job as it is written; raises as `get` does."""

    @abstractmethod
    def is_worked_on(self, job: Job) -> bool:
        """Whether some process does a job's work now."""

    @abstractmethod
    def all(self) -> list[Job]:
        """Every job that can be read, the latest first."""

    @abstractmethod
    def parts(self, id_: str) -> dict[str, Any]:
        """Results of the parts that are done, by key; half of what a killed process wrote is none."""

    @abstractmethod
    def asked_to_stop(self, id_: str) -> bool:
        """Whether `stop` was called since the job began to run."""

    @abstractmethod
    def keep(self, job: Job) -> Job:
        """Write a job as it now stands; the job with its time."""

    @abstractmethod
    def keep_part(self, id_: str, key: str, value: Any) -> None:
        """Write the result of a part, so that a killed process loses none but the one under way."""

    @abstractmethod
    def make(self, job: Job) -> None:
        """Write a new job; one of its id that is there stays."""

    @abstractmethod
    def remove(self, id_: str) -> None:
        """Remove a job with all its parts."""

    @abstractmethod
    def keep_result(self, id_: str, result: dict[str, Any]) -> None:
        """Write what a job came to."""

    @abstractmethod
    def kept_result(self, id_: str) -> dict[str, Any]:
        """What a job that is done came to."""

    @abstractmethod
    def ask_to_stop(self, id_: str) -> None:
        """Leave word that a job is to stop."""

    @abstractmethod
    def forget_stop(self, id_: str) -> None:
        """Forget that word."""

    @abstractmethod
    def alone(self, id_: str) -> "AbstractContextManager[Jobs | None]":
        """Where the one run of a job writes, while the block runs; None where it runs elsewhere."""


def none_called(id_: str) -> AgentError:
    """There is no job of this id."""
    return AgentError(f"There is no job {id_[:80]}", next_step="`arxiv-agent jobs` lists them")


def now() -> str:
    """ISO time."""
    return datetime.now(UTC).isoformat(timespec="seconds")
