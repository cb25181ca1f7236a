"""Tables and reviews on the page: how far they are, stopped, gone on with, found again, taken away as files."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from rag_agent.jobs import Job as Work
from ui.web import messages, watching
from ui.web.plain import escaped
from ui.web.program import jobs, program
from ui.web.texts import say
from ui.web.works.beginning import go_on

_SHOWN = 20
_TITLE_CHARACTERS = 90


def show_opened(kind: str) -> dict[str, Any] | None:
    """The job that the address names: how far it is, or its result to be drawn."""
    id_ = st.query_params.get("job", "")
    assistant = program().assistant
    found = next((job for job in assistant.jobs.all() if job.id == id_ and job.kind == kind), None)
    if found is None:
        return None
    here = jobs().get(f"work-{id_}")
    st.markdown(f"### {escaped(_title(found))}")
    if here is not None and not here.done:
        watching.show_job(here)
        st.button(say("stop"), key="stop-work", on_click=assistant.jobs.stop, args=(id_,))
        return None
    if here is not None and here.error is not None and found.status != "done":
        watching.show_job(here)
    if found.status != "done":
        _show_unfinished(found)
    return assistant.jobs.result(id_)


def _show_unfinished(job: Work) -> None:
    messages.notice(say("work_" + job.status, done=job.done, total=job.total))
    if job.error:
        messages.small(job.error)
    if job.ended:
        st.button(say("go_on"), key="go-on", on_click=go_on, args=(job.id,), type="primary")


def show_list(kind: str) -> None:
    """The jobs of a kind, the latest first, each with a way to it."""
    found = [job for job in program().assistant.jobs.all() if job.kind == kind][:_SHOWN]
    if not found:
        messages.small(say("no_works"))
        return
    messages.small(say("works"))
    for job in found:
        with st.container(horizontal=True, vertical_alignment="center", key=f"work-{job.id}"):
            if st.button(escaped(_title(job)), key=f"open-{job.id}", type="tertiary"):
                st.query_params["job"] = job.id
                st.rerun()
            messages.small(say("work_" + job.status, done=job.done, total=job.total))
            if job.ended:
                with st.popover(say("delete"), icon=":material/delete:", key=f"del-{job.id}"):
                    st.button(
                        say("delete_sure"), key=f"delete-{job.id}", on_click=_delete, args=(job.id,)
                    )


def _delete(id_: str) -> None:
    if st.query_params.get("job") == id_:
        del st.query_params["job"]
    program().assistant.jobs.delete(id_)


def _title(job: Work) -> str:
    return str(job.arguments.get("question", job.id)).split("\n")[0][:_TITLE_CHARACTERS]


def show_downloads(files: Sequence[tuple[str, str, str | bytes]]) -> None:
    """A button for each (label, file name, content)."""
    with st.container(horizontal=True):
        for label, name, content in files:
            st.download_button(
                label, content, file_name=name, key=f"download-{name}", on_click="ignore"
            )
