"""A job on the page: how far it is, or what went wrong."""

import streamlit as st

from ui.web import messages
from ui.web.jobs import Job
from ui.web.plain import escaped
from ui.web.texts import say

_POLL_S = 0.5


def show_job(job: Job) -> bool:
    """Draw a job on its way, or its failure; whether there is a result to draw instead."""
    if not job.done:
        _watch(job)
    elif job.error is not None:
        messages.failure(job.error.what, job.error.kept, job.error.next_step)
    return job.done and job.error is None


@st.fragment(run_every=_POLL_S)
def _watch(job: Job) -> None:
    if job.done:
        st.rerun()
    st.progress(job.share, escaped(job.doing or say("working")))
