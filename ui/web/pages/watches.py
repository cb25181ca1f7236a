"""Watched topics: add one, look now, read what was new."""

from datetime import UTC, datetime, timedelta

import streamlit as st

from ingestion.errors import AgentError
from ingestion.sources.arxiv_api import check_category
from ingestion.watches.book import WatchBook
from ingestion.watches.running import Run, digest_of, run_watches
from ingestion.watches.watch import Digest, Watch
from ui.web import evidence, messages, watching
from ui.web.jobs import Job
from ui.web.navigation import go
from ui.web.plain import escaped, with_maths
from ui.web.program import jobs, program
from ui.web.texts import say

_SHOWN = 10  # digests
_FIRST_DAYS = 7


def book() -> WatchBook:
    """What is watched."""
    return WatchBook(program().assistant.settings.home)


def add() -> None:
    """Watch what was typed; what is wrong with it is said."""
    topic, category = (st.session_state[key].strip() for key in ("watch-topic", "watch-category"))
    if not topic:
        return
    try:
        if category:
            check_category(category)
        first_day = datetime.now(UTC).date() - timedelta(days=_FIRST_DAYS)
        book().add(topic, category, first_day)
    except AgentError as error:
        st.session_state["watch_error"] = error


def remove(number: int) -> None:
    """Watch a topic no longer."""
    book().remove(number)


def look() -> None:
    """Ask arXiv, as a job."""
    assistant, watched = program().assistant, book()
    waiting = say("waiting", seconds="{:.0f}", reason="{}")

    def work(job: Job) -> Run:
        return run_watches(
            watched,
            assistant.library,
            assistant.embedder,
            threshold=assistant.settings.retrieval.threshold,
            on_wait=lambda *wait: job.tell(waiting.format(*wait)),
            on_page=lambda category, records: job.tell(f"{category} {records:,}"),
        )

    jobs().start("watches", work)


def show_watch(watch: Watch) -> None:
    """One topic, and the way to watch it no longer."""
    with st.container(horizontal=True, vertical_alignment="center"):
        facts = [watch.category, say("watch_since", day=watch.since)]
        st.markdown(f"**{escaped(watch.topic)}** {escaped(' · '.join(filter(None, facts)))}")
        st.button(
            say("delete"),
            key=f"unwatch-{watch.number}",
            icon=":material/delete:",
            on_click=remove,
            args=(watch.number,),
        )


def show_digest(digest: Digest) -> None:
    """The papers of one digest, each leading to its page."""
    day = f"{digest.at:%Y-%m-%d}"
    title = say("watch_digest", topic=digest.watch.topic, day=day, n=len(digest.items))
    with st.container(border=True):
        st.markdown(f"**{escaped(title)}**")
        for item in digest.items:
            key = f"told-{digest.number}-{item.paper.arxiv_id}"
            if st.button(with_maths(item.paper.title), key=key, type="tertiary"):
                go("paper", id=item.paper.arxiv_id)
            facts = [f"{item.nearness:.2f}", evidence.authors(item.paper.authors, 3)]
            facts += [say("watch_beside", title=item.beside)] if item.beside else []
            messages.small(" · ".join(filter(None, facts)))


def show_run() -> None:
    """The run on its way, or what it brought."""
    job = jobs().get("watches")
    if job is not None and watching.show_job(job):
        run: Run = job.result
        new = sum(len(digest.items) for digest in run.digests)
        messages.small(say("watch_result", new=new, records=run.seen))
        for notice in run.notices:
            messages.notice(notice)


st.markdown(f"## {escaped(say('watches'))}")
messages.small(say("watch_hint"))
failed = st.session_state.pop("watch_error", None)
if failed is not None:
    messages.failure(failed.what, failed.kept, failed.next_step)
with (
    st.form("watch", border=False, clear_on_submit=True),
    st.container(horizontal=True, vertical_alignment="bottom"),
):
    st.text_input(say("watch_topic"), key="watch-topic", max_chars=200)
    st.text_input(say("watch_category"), key="watch-category", placeholder="cs.LG", width=200)
    st.form_submit_button(say("watch_add"), on_click=add)
watches = book().watches()
if not watches:
    messages.small(say("watch_none"))
else:
    for each in watches:
        show_watch(each)
    st.button(say("watch_run"), key="watch-run", icon=":material/refresh:", on_click=look)
show_run()
library = program().assistant.library
digests = [digest_of(noted, library) for noted in book().digests(delivered=True, limit=_SHOWN)]
for each_digest in reversed(digests):
    show_digest(each_digest)
if digests:
    messages.small(say("watch_feed", folder=program().assistant.settings.home / "digests"))
