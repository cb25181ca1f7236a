"""Ways to bring papers in, each a job of its own with its progress and its report of rejects."""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from ingestion.adding import Added
from ingestion.pipeline import IngestReport
from ui.web import messages, watching
from ui.web.jobs import Job
from ui.web.navigation import go
from ui.web.plain import escaped
from ui.web.program import jobs, program
from ui.web.texts import say

_COUNTS = ("read", "new", "updated", "unchanged", "rejected")
_ADDED = tuple[list[Added], list[IngestReport]]


def show_ways_to_add() -> None:
    """Draw the job that one of the forms started, and the forms."""
    show_job("adding")
    with st.form("fetch", border=False):
        st.markdown(f"**{escaped(say('by_keywords'))}**")
        st.text_input(say("keywords"), key="fetch-keywords")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.number_input(say("max_papers"), 1, 200, 10, key="fetch-max", width=160)
            st.checkbox(say("newest"), key="fetch-newest")
            st.checkbox(say("with_pdfs"), key="fetch-pdfs")
        st.form_submit_button(say("get"), on_click=_fetch)
    with st.form("by-id", border=False):
        st.markdown(f"**{escaped(say('by_id'))}**")
        st.text_input(say("id_or_title"), key="add-id", placeholder="2005.11401")
        st.form_submit_button(say("get"), on_click=_add_by_id)
    with st.form("upload", border=False, clear_on_submit=True):
        st.markdown(f"**{escaped(say('files'))}**")
        files = st.file_uploader(
            say("files"),
            ["pdf", "json", "jsonl", "gz"],
            accept_multiple_files=True,
            key="add-files",
            label_visibility="collapsed",
        )
        if st.form_submit_button(say("add_files")) and files:
            _add_files(files)


def show_job(name: str) -> None:
    """Draw the job of this name while it runs, and its report when it is done."""
    job = jobs().get(name)
    if job is not None and watching.show_job(job):
        _show_added(job.result)


def add_one(name: str, given: str) -> None:
    """Bring one paper in by id or title, as the job of this name."""
    assistant, waiting = program().assistant, _waiting()

    def work(job: Job) -> _ADDED:
        return [assistant.add(given, lambda *wait: job.tell(waiting.format(*wait)))], []

    jobs().start(name, work)


def _show_added(result: _ADDED) -> None:
    added, reports = result
    for one in added:
        if one.paper is None:
            messages.failure(f"{one.given}: {one.detail}", "", "")
        else:
            label = f"✓ {one.paper.title} ({one.paper.arxiv_id}): {one.detail}"
            if st.button(escaped(label), key=f"added-{one.paper.arxiv_id}", type="tertiary"):
                go("paper", id=one.paper.arxiv_id)
    for report in reports:
        messages.plain("✓ " + say("ingested", **report.as_json()))
        if report.rejected:
            with st.expander(say("rejects")):
                for reason, count in report.reasons.most_common():
                    messages.plain(say("rejected", n=count, reason=reason))
                messages.small(say("all_rejects", file=report.rejects_file))


def _fetch() -> None:
    chosen = {
        name: st.session_state[f"fetch-{name}"] for name in ("keywords", "max", "newest", "pdfs")
    }
    if not chosen["keywords"].strip():
        return
    assistant, waiting = program().assistant, _waiting()

    def work(job: Job) -> _ADDED:
        papers, report = assistant.library.fetch(
            chosen["keywords"],
            max_papers=chosen["max"],
            newest=chosen["newest"],
            pdfs=chosen["pdfs"],
            on_wait=lambda *wait: job.tell(waiting.format(*wait)),
        )
        return [Added(paper.arxiv_id, paper, str(paper.year)) for paper in papers], [report]

    jobs().start("adding", work)


def _add_by_id() -> None:
    given = st.session_state["add-id"].strip()
    if given:
        add_one("adding", given)


def _add_files(files: Sequence[UploadedFile]) -> None:
    """Save uploads under their own bare names, then add PDFs one by one and ingest the rest."""
    folder = Path(tempfile.mkdtemp(prefix="arxiv-agent-"))
    saved = [_saved(file, folder / str(number)) for number, file in enumerate(files)]
    assistant = program().assistant
    so_far = say("ingested", **{name: f"{{{name}}}" for name in _COUNTS})

    def work(job: Job) -> _ADDED:
        try:
            pdfs = [path for path in saved if path.suffix.lower() == ".pdf"]
            added = []
            for number, path in enumerate(pdfs):
                job.tell(path.name, number / len(saved))
                added.append(assistant.add(str(path)))
            rest = [path for path in saved if path not in pdfs]
            reports = []
            if rest:
                reports.append(
                    assistant.library.ingest_files(
                        rest,
                        lambda done, total: job.tell(job.doing, done / max(1, total)),
                        lambda report: job.tell(so_far.format(**report.as_json())),
                    )
                )
        finally:
            shutil.rmtree(folder)
        return [Added(Path(one.given).name, one.paper, one.detail) for one in added], reports

    jobs().start("adding", work)
    st.rerun()


def _saved(file: UploadedFile, folder: Path) -> Path:
    folder.mkdir()
    name = PurePosixPath(file.name.replace("\\", "/")).name.replace("\0", "")[-100:]
    path = folder / (name if name.strip(". ") else "file")
    path.write_bytes(file.getbuffer())
    return path


def _waiting() -> str:
    """How a wait for arXiv is said, to be formatted with seconds and reason: a job cannot ask for the language."""
    return say("waiting", seconds="{:.0f}", reason="{}")
