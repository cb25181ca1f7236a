"""Long jobs that other programs ask for: they wait in line, one is worked on, each can be looked at and cancelled."""

import logging
import threading
from collections import deque
from typing import Any

from ingestion.errors import AgentError
from rag_agent.assistant import Assistant
from rag_agent.jobs import Job

_MOST_WAITING = 100

_log = logging.getLogger(__name__)


class JobQueue:
    """The line of jobs of one server. What it holds is kept in `assistant.jobs`, and survives the server.

    Args:
        assistant: Does the work.
    """

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._line: deque[str] = deque()
        self._changed = threading.Condition()
        threading.Thread(target=self._work, daemon=True).start()

    def add(self, kind: str, arguments: dict[str, Any]) -> Job:
        """Put a job in line; one that is done or under way already is given as it stands.

        Raises:
            AgentError: The line is full.
        """
        job = self._assistant.jobs.add(kind, arguments)
        with self._changed:
            if job.status in ("done", "running") or job.id in self._line:
                return job
            if len(self._line) >= _MOST_WAITING:
                raise AgentError("Too many jobs wait already", next_step="Cancel one, or wait")
            self._line.append(job.id)
            self._changed.notify()
        return job

    def cancel(self, id_: str) -> Job:
        """Take a waiting job out of the line, or stop the one under way; what is done of it stands."""
        with self._changed:
            if id_ in self._line:
                self._line.remove(id_)
        self._assistant.jobs.stop(id_)
        return self._assistant.jobs.get(id_)

    def is_waiting(self, id_: str) -> bool:
        """Whether a job is in line."""
        with self._changed:
            return id_ in self._line

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._line)
                id_ = self._line.popleft()
            # In a thread of its own: an error of the program ends that job, and not the line.
            working = threading.Thread(target=self._do, args=(id_,), daemon=True)
            working.start()
            working.join()

    def _do(self, id_: str) -> None:
        try:
            self._assistant.work(id_)
        except AgentError as error:  # the job keeps it, and shows it to who asks
            _log.info("job %s ended: %s", id_, error)
