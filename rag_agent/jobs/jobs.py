"""Jobs on disk: a folder each, with the job, a line for each part that is done, and the result.

A part's result is written before the next part begins, so a job whose process was killed goes on where it
was, and nothing that was answered is asked again.
"""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingestion.errors import AgentError
from ingestion.machine.private_folder import make_private
from ingestion.machine.process import is_alive, started
from ingestion.machine.whole_lines import append_line
from rag_agent.jobs.job import Job, Status

Work = Callable[["Run"], dict[str, Any]]
OnProgress = Callable[[Job], None]


class JobStopped(Exception):
    """Someone asked the job to stop; what is done stands."""


class Jobs:
    """The jobs of a data folder. Safe to share; several programs may use it at once. Looking makes nothing.

    Args:
        home: Data folder; the jobs are in `jobs` in it.
    """

    def __init__(self, home: Path) -> None:
        self._folder = home / "jobs"

    def add(self, kind: str, arguments: Mapping[str, Any]) -> Job:
        """The job of these arguments, made where there is none yet."""
        text = json.dumps(arguments, sort_keys=True, ensure_ascii=False)
        id_ = f"{kind}-{hashlib.sha256(text.encode()).hexdigest()[:10]}"
        if not self._file(id_).exists():
            make_private(self._folder / id_)
            self.keep(Job(id_, kind, json.loads(text), created=_now()))
        return self.get(id_)

    def get(self, id_: str) -> Job:
        """A job as it stands.

        Raises:
            AgentError: There is none of this id, or its file is broken.
        """
        try:
            job = Job(**json.loads(self._file(id_).read_text(encoding="utf-8")))
        except FileNotFoundError as error:
            raise AgentError(
                f"There is no job {id_}", next_step="`arxiv-agent jobs` lists them"
            ) from error
        except (ValueError, TypeError) as error:
            raise AgentError(
                f"The job {id_} cannot be read: {error}",
                kept="Its finished parts lie beside it",
                next_step=f"Remove {self._file(id_).parent}",
            ) from error
        gone = not (is_alive(job.pid) and started(job.pid) == job.pid_started)
        return replace(job, status="interrupted") if job.status == "running" and gone else job

    def all(self) -> list[Job]:
        """Every job that can be read, the latest first."""
        found = []
        for file in self._folder.glob("*/job.json"):
            try:
                found.append(self.get(file.parent.name))
            except AgentError:
                continue  # `get` of it says why
        return sorted(found, key=lambda job: (job.updated, job.id), reverse=True)

    def result(self, id_: str) -> dict[str, Any] | None:
        """What a job came to; None while it is not done."""
        if self.get(id_).status != "done":
            return None
        stored: dict[str, Any] = json.loads(
            self._file(id_, "result.json").read_text(encoding="utf-8")
        )
        return stored

    def stop(self, id_: str) -> None:
        """Ask a running job, of whichever process, to stop after the part under way."""
        if not self.get(id_).ended:
            self._file(id_, "stop").touch()

    def delete(self, id_: str) -> None:
        """Forget a job with all its parts.

        Raises:
            AgentError: It runs, or there is none.
        """
        if self.get(id_).status == "running":
            raise AgentError(f"The job {id_} is running", next_step="Stop it first")
        shutil.rmtree(self._file(id_).parent)

    def run(self, id_: str, work: Work, on_progress: OnProgress = lambda job: None) -> Job:
        """Do a job's work in this thread, or go on with it.

        Args:
            id_: Of `add`.
            work: Given the run; what it returns is the result.
            on_progress: Told of every change.

        Returns:
            The job as it ended: done, or stopped.

        Raises:
            AgentError: The work failed, or another process runs this job.
        """
        from filelock import FileLock, Timeout

        job = self.get(id_)
        try:
            with FileLock(self._file(id_, "lock"), timeout=0):
                return self._run(job, work, on_progress)
        except Timeout as error:
            raise AgentError(
                f"The job {id_} runs already", kept="It goes on", next_step="Wait for it"
            ) from error

    def _run(self, job: Job, work: Work, on_progress: OnProgress) -> Job:
        self._file(job.id, "stop").unlink(missing_ok=True)
        pid = os.getpid()
        begun = replace(job, status="running", error="", pid=pid, pid_started=started(pid))
        run = Run(self, begun, on_progress)
        try:
            result = work(run)
            self._put(job.id, "result.json", result)
            return run.end("done")
        except JobStopped:
            return run.end("stopped")
        except AgentError as error:
            run.end("failed", str(error))
            raise
        except BaseException as error:
            run.end("failed", f"{type(error).__name__}: {error}")
            raise

    def parts(self, id_: str) -> dict[str, Any]:
        """Results of the parts that are done, by key; half a line of a killed process is none."""
        found: dict[str, Any] = {}
        try:
            lines = self._file(id_, "parts.jsonl").read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return found
        for line in lines.splitlines():
            try:
                key, value = json.loads(line)
            except ValueError:
                continue
            found[key] = value
        return found

    def keep_part(self, id_: str, key: str, value: Any) -> None:
        """Write the result of a part, so that a killed process loses none but the one under way."""
        append_line(self._file(id_, "parts.jsonl"), json.dumps([key, value], ensure_ascii=True))

    def asked_to_stop(self, id_: str) -> bool:
        """Whether `stop` was called since the job began to run."""
        return self._file(id_, "stop").exists()

    def keep(self, job: Job) -> Job:
        """Write a job as it now stands; the job with its time."""
        job = replace(job, updated=_now())
        self._put(job.id, "job.json", job.as_json())
        return job

    def _put(self, id_: str, name: str, value: Any) -> None:
        """Write a file whole or not at all."""
        file = self._file(id_, name)
        part = file.with_name(f"{name}.part")
        part.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
        part.replace(file)

    def _file(self, id_: str, name: str = "job.json") -> Path:
        if not id_ or not all(c.isalnum() or c == "-" for c in id_):
            raise AgentError(
                f"There is no job {id_[:80]!r}", next_step="`arxiv-agent jobs` lists them"
            )
        return self._folder / id_ / name


class Run:
    """One run of a job: what its work is given.

    Args:
        jobs: Where it is kept.
        job: As it begins.
        on_progress: Told of every change.
    """

    def __init__(self, jobs: Jobs, job: Job, on_progress: OnProgress) -> None:
        self._jobs = jobs
        self._on_progress = on_progress
        self._parts = jobs.parts(job.id)
        self._began, self._made = time.monotonic(), 0
        self.job = jobs.keep(job)

    @property
    def arguments(self) -> dict[str, Any]:
        """What was asked."""
        return self.job.arguments

    def part(self, key: str, make: Callable[[], Any]) -> Any:
        """The JSON result of a part: that of an earlier run, or made and kept now.

        Raises:
            JobStopped: Someone asked the job to stop.
        """
        if key not in self._parts:
            self.go_on()
            self._parts[key] = make()
            self._jobs.keep_part(self.job.id, key, self._parts[key])
            self._made += 1
        return self._parts[key]

    def tell(self, doing: str, done: int, total: int) -> None:
        """Say what is done now and how many of the parts are done.

        Raises:
            JobStopped: Someone asked the job to stop.
        """
        self.go_on()
        each = (time.monotonic() - self._began) / self._made if self._made else -1.0
        left = each * (total - done) if self._made else -1.0
        told = replace(self.job, doing=doing, done=done, total=total, seconds_left=round(left, 1))
        self.job = self._jobs.keep(told)
        self._on_progress(self.job)

    def go_on(self) -> None:
        """Return, or end the job if someone asked it to stop.

        Raises:
            JobStopped: Someone did.
        """
        if self._jobs.asked_to_stop(self.job.id):
            raise JobStopped

    def end(self, status: Status, error: str = "") -> Job:
        """The job as it ends here."""
        ended = replace(self.job, status=status, error=error, doing="", seconds_left=-1.0)
        self.job = self._jobs.keep(ended)
        self._on_progress(self.job)
        return self.job


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
