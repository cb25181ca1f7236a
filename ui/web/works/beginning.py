"""Tables and reviews begun on the page, outside of the script runs: they go on while the tab is closed."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from ingestion.errors import AgentError
from rag_agent.jobs import Job as Work
from ui.web.jobs import Job
from ui.web.program import jobs, program


def begin(kind: str, arguments: Callable[[], dict[str, Any]]) -> None:
    """Start a job, or go on with it, outside of the script runs; the address names it from now on.

    Arguments that cannot be are told by the page's next run.
    """
    try:
        job = program().assistant.jobs.add(kind, arguments())
    except AgentError as error:
        st.session_state["work_error"] = error
        return
    if job.status != "done":
        go_on(job.id)
    st.query_params["job"] = job.id


def go_on(id_: str) -> None:
    """Work on a job in this process, unless it is being worked on."""
    assistant = program().assistant

    def work(page_job: Job) -> None:
        def tell(now: Work) -> None:
            page_job.tell(now.doing, now.done / now.total if now.total else None)

        assistant.work(id_, tell)

    jobs().start(f"work-{id_}", work)


def ids_in(typed: str) -> list[str]:
    """Ids typed with commas or blanks between them, each once."""
    return list(dict.fromkeys(typed.replace(",", " ").split()))
