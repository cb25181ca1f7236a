"""Tables and reviews on the page: how far they are, stopped, gone on with, found again, taken away as files."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from rag_agent.jobs import Job as Work
from ui.web import evidence, messages, watching
from ui.web.navigation import page
from ui.web.plain import escaped
from ui.web.program import jobs, program
from ui.web.texts import say
from ui.web.works.beginning import go_on

_SHOWN = 20
_TITLE_CHARACTERS = 90
_SHORT_CHARACTERS = 40


def show_works(
    kind: str, show_form: Callable[[], None], show_result: Callable[[dict[str, Any]], None]
) -> None:
    """The page of a kind: the job that is opened, a form for a new one, and the others."""
    st.markdown(f"## {escaped(say(kind))}")
    failed = st.session_state.pop("work_error", None)
    if failed is not None:
        messages.failure(failed.what, failed.kept, failed.next_step)
    result = show_opened(kind)
    if result is not None:
        show_result(result)
    with st.expander(say(f"new_{kind}"), expanded="job" not in st.query_params):
        show_form()
    show_list(kind)
    evidence.show_opened_source()


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
        with st.container(horizontal=True):
            st.button(say("go_on"), key="go-on", on_click=go_on, args=(job.id,), type="primary")
            _show_delete(job)


def show_list(kind: str) -> None:
    """The other jobs of a kind, the latest first, each with a way to it."""
    opened = st.query_params.get("job")
    kept = program().assistant.jobs.all()
    found = [job for job in kept if job.kind == kind and job.id != opened][:_SHOWN]
    if not found:
        if not opened:
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
                _show_delete(job)


def under_way() -> list[Work]:
    """The jobs that are under way or wait, in whichever program."""
    return [job for job in program().assistant.jobs.all() if not job.ended]


def show_running() -> None:
    """The jobs that are under way or wait, each with a way to it."""
    for job in under_way():
        st.page_link(
            page(job.kind),
            label=escaped(_title(job)[:_SHORT_CHARACTERS]),
            icon=":material/hourglass_top:",
            query_params={"job": job.id},
        )


def _show_delete(job: Work) -> None:
    with st.popover(say("delete"), icon=":material/delete:", key=f"del-{job.id}"):
        st.button(say("delete_sure"), key=f"delete-{job.id}", on_click=_delete, args=(job.id,))


def _delete(id_: str) -> None:
    if st.query_params.get("job") == id_:
        del st.query_params["job"]
    program().assistant.jobs.delete(id_)


def _title(job: Work) -> str:
    """What was asked, and of which papers, since many tables have the same columns."""
    asked = str(job.arguments.get("question", job.id)).split("\n")[0][:_TITLE_CHARACTERS]
    papers, query = job.arguments.get("papers", ()), job.arguments.get("query", "")
    of = say("listed", n=len(papers)) if papers else query
    return f"{asked} · {of}" if of else asked


def show_downloads(files: Sequence[tuple[str, str, str | bytes]]) -> None:
    """A button for each (label, file name, content) of the job that is opened, and one to forget it."""
    with st.container(horizontal=True):
        for label, name, content in files:
            st.download_button(
                label, content, file_name=name, key=f"download-{name}", on_click="ignore"
            )
        _show_delete(program().assistant.jobs.get(st.query_params["job"]))
