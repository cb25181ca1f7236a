"""One run of a job, as its work sees it."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from rag_agent.jobs.job import Job, Status

OnProgress = Callable[[Job], None]


class JobStopped(Exception):
    """Someone asked the job to stop; what is done stands."""


class Kept(Protocol):
    """Where a run writes; see `Jobs`."""

    def parts(self, id_: str) -> dict[str, Any]: ...

    def keep(self, job: Job) -> Job: ...

    def keep_part(self, id_: str, key: str, value: Any) -> None: ...

    def asked_to_stop(self, id_: str) -> bool: ...


class Run:
    """One run of a job: what its work is given.

    Args:
        jobs: Where it is kept.
        job: As it begins.
        on_progress: Told of every change.
    """

    def __init__(self, jobs: Kept, job: Job, on_progress: OnProgress) -> None:
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
