"""Long jobs that other programs ask for: they wait in line, each can be looked at and cancelled."""

from typing import Any, Protocol

from ingestion.errors import AgentError
from rag_agent.jobs import Job

MOST_WAITING = 100


class JobQueue(Protocol):
    """The line of jobs. What it holds is kept in `assistant.jobs`, and survives the server."""

    def add(self, user: str, kind: str, arguments: dict[str, Any]) -> Job:
        """Put a user's job in line; one that is done or under way already is given as it stands.

        Raises:
            AgentError: The line is full.
        """

    def cancel(self, user: str, id_: str) -> Job:
        """Take a waiting job out of the line, or stop the one under way; what is done of it stands."""

    def as_it_stands(self, user: str, job: Job) -> Job:
        """A job as it was kept, with what this line knows of it: that it waits here, or that nobody works on it."""


def line_is_full() -> AgentError:
    """No further job is taken."""
    return AgentError("Too many jobs wait already", next_step="Cancel one, or wait")
