"""A long work, a table or a review, begun or gone on with, until it is done."""

import sys
from collections.abc import Mapping
from typing import Any

from ingestion.errors import AgentError
from rag_agent.assistant import Assistant
from rag_agent.jobs import Job


def finished(assistant: Assistant, kind: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The stored result of a work; one that was done before is not done again.

    Raises:
        AgentError: There is no reader model, no paper, or the work was stopped.
    """
    job = assistant.jobs.add(kind, arguments)
    if job.status != "done":
        assistant.work(job.id, _tell)
    stored = assistant.jobs.result(job.id)
    if stored is None:
        raise AgentError(f"The {kind} was stopped", next_step="The same command goes on with it")
    return stored


def _tell(job: Job) -> None:
    print(f"{job.done} of {job.total}: {job.doing}", file=sys.stderr, flush=True)
