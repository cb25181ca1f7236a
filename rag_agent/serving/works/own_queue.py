"""The line of jobs of one server, in its memory: one is worked on at a time."""

import logging
import threading
from collections import deque
from dataclasses import replace
from typing import Any

from ingestion.errors import AgentError
from rag_agent.assistant import Assistant
from rag_agent.jobs import Job
from rag_agent.serving.works.queue import MOST_WAITING, line_is_full

_log = logging.getLogger(__name__)


class OwnQueue:
    """The line of one server, in its memory.

    Args:
        assistant: Does the work.
    """

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._line: deque[tuple[str, str]] = deque()
        self._at_work: tuple[str, str] | None = None
        self._errors: dict[tuple[str, str], str] = {}  # told of jobs that could not be begun
        self._changed = threading.Condition()
        threading.Thread(target=self._work, daemon=True).start()

    def add(self, user: str, kind: str, arguments: dict[str, Any]) -> Job:
        """See `JobQueue`."""
        job = self._assistant.of(user).jobs.add(kind, arguments)
        with self._changed:
            if job.status in ("done", "running") or (user, job.id) in self._line:
                return job
            if len(self._line) >= MOST_WAITING:
                raise line_is_full()
            self._line.append((user, job.id))
            self._errors.pop((user, job.id), None)
            self._changed.notify()
        return job

    def cancel(self, user: str, id_: str) -> Job:
        """See `JobQueue`."""
        with self._changed:
            if (user, id_) in self._line:
                self._line.remove((user, id_))
        jobs = self._assistant.of(user).jobs
        jobs.stop(id_)
        return jobs.get(id_)

    def as_it_stands(self, user: str, job: Job) -> Job:
        """See `JobQueue`; a job kept as waiting that is neither in line nor worked on could not be begun."""
        with self._changed:
            if (user, job.id) in self._line:
                return replace(job, status="waiting")
            if job.status != "waiting" or (user, job.id) == self._at_work:
                return job
            why = self._errors.get((user, job.id), "")
        now = self._assistant.of(user).jobs.get(job.id)  # it may have been begun since it was read
        return replace(now, status="interrupted", error=why) if now.status == "waiting" else now

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._line)
                user, id_ = self._at_work = self._line.popleft()
            # In a thread of its own: an error of the program ends that job, and not the line.
            working = threading.Thread(target=self._do, args=(user, id_), daemon=True)
            working.start()
            working.join()
            with self._changed:
                self._at_work = None

    def _do(self, user: str, id_: str) -> None:
        try:
            self._assistant.of(user).work(id_)
        except AgentError as error:  # the job shows it to who asks, if it could be begun
            _log.info("job %s ended: %s", id_, error)
            with self._changed:
                self._errors[user, id_] = str(error)
