"""Jobs on disk: a folder each, with the job, a line for each part that is done, and the result."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from ingestion.errors import AgentError, DatabaseUnavailable
from ingestion.machine.private_folder import make_private
from ingestion.machine.process import is_alive, started
from ingestion.machine.whole_lines import append_line
from rag_agent.jobs.job import Job
from rag_agent.jobs.jobs import Jobs, none_called, now

_UNDER_WAY: set[Path] = set()
"""The jobs that this process works on."""


class FolderJobs(Jobs):
    """The jobs of a data folder.

    Args:
        home: Data folder; the jobs are in `jobs` in it, those of users in `users/NAME/jobs`.
        owner: A user's name; empty: whose data folder it is.
    """

    def __init__(self, home: Path, owner: str = "") -> None:
        self._home = home
        self._folder = (home / "users" / owner if owner else home) / "jobs"

    def of(self, owner: str) -> "FolderJobs":
        """See `Jobs`."""
        return FolderJobs(self._home, owner)

    def read(self, id_: str) -> Job:
        """See `Jobs`."""
        try:
            return Job(**json.loads(self._file(id_).read_text(encoding="utf-8")))
        except FileNotFoundError as error:
            raise none_called(id_) from error
        except (ValueError, TypeError) as error:
            raise AgentError(
                f"The job {id_} cannot be read: {error}",
                kept="Its finished parts lie beside it",
                next_step=f"Remove {self._file(id_).parent}",
            ) from error

    def is_worked_on(self, job: Job) -> bool:
        """See `Jobs`."""
        if job.pid == os.getpid():  # it may have ended without room for a word of it
            return self._file(job.id) in _UNDER_WAY
        return is_alive(job.pid) and started(job.pid) == job.pid_started

    def all(self) -> list[Job]:
        """See `Jobs`."""
        found = []
        for file in self._folder.glob("*/job.json"):
            try:
                found.append(self.get(file.parent.name))
            except AgentError:
                continue  # `get` of it says why
        return sorted(found, key=lambda job: (job.updated, job.id), reverse=True)

    def parts(self, id_: str) -> dict[str, Any]:
        """See `Jobs`."""
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

    def asked_to_stop(self, id_: str) -> bool:
        """See `Jobs`."""
        return self._file(id_, "stop").exists()

    def keep(self, job: Job) -> Job:
        """See `Jobs`."""
        job = replace(job, updated=now())
        self._put(job.id, "job.json", job.as_json())
        return job

    def keep_part(self, id_: str, key: str, value: Any) -> None:
        """See `Jobs`."""
        line = json.dumps([key, value], ensure_ascii=True)
        with self._told():
            append_line(self._file(id_, "parts.jsonl"), line)

    def make(self, job: Job) -> None:
        """See `Jobs`."""
        if not self._file(job.id).exists():
            with self._told():
                make_private(self._file(job.id).parent)
            self.keep(job)

    def remove(self, id_: str) -> None:
        """See `Jobs`."""
        shutil.rmtree(self._file(id_).parent)

    def keep_result(self, id_: str, result: dict[str, Any]) -> None:
        """See `Jobs`."""
        self._put(id_, "result.json", result)

    def kept_result(self, id_: str) -> dict[str, Any]:
        """See `Jobs`."""
        stored: dict[str, Any] = json.loads(
            self._file(id_, "result.json").read_text(encoding="utf-8")
        )
        return stored

    def ask_to_stop(self, id_: str) -> None:
        """See `Jobs`."""
        with self._told():
            self._file(id_, "stop").touch()

    def forget_stop(self, id_: str) -> None:
        """See `Jobs`."""
        self._file(id_, "stop").unlink(missing_ok=True)

    @contextmanager
    def alone(self, id_: str) -> Iterator["FolderJobs | None"]:
        """See `Jobs`."""
        from filelock import FileLock, Timeout

        lock = FileLock(self._file(id_, "lock"), timeout=0)
        try:
            with self._told():
                lock.acquire()
        except Timeout:
            yield None
            return
        _UNDER_WAY.add(self._file(id_))
        try:
            yield self
        finally:
            _UNDER_WAY.discard(self._file(id_))
            lock.release()

    def _put(self, id_: str, name: str, value: Any) -> None:
        """Write a file whole or not at all."""
        file = self._file(id_, name)
        part = file.with_name(f"{name}.part")
        with self._told():
            part.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
            part.replace(file)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """A file that cannot be written, as one sentence."""
        try:
            yield
        except TimeoutError:  # the lock's: somebody holds it
            raise
        except OSError as error:
            raise DatabaseUnavailable(
                f"Jobs cannot be written to {self._folder}: {error.strerror}",
                kept="The parts that were done are kept",
                next_step="Make room on the disk, then ask for the job again",
            ) from error

    def _file(self, id_: str, name: str = "job.json") -> Path:
        if not id_ or not all(c.isalnum() or c == "-" for c in id_):
            raise none_called(id_)
        return self._folder / id_ / name
