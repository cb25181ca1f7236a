"""A paper at a glance: problem, method, results and limits with their quotes; papers like it."""

import streamlit as st

from ingestion.errors import AgentError
from ingestion.paper import Paper
from rag_agent.answer import Answer
from rag_agent.stream import answer_of
from ui.web import evidence, messages
from ui.web.jobs import Job
from ui.web.navigation import go
from ui.web.plain import escaped
from ui.web.program import jobs, program
from ui.web.texts import language, say
from ui.web.watching import show_job

_ASKED = {
    "aim": "What problem does this paper address?",
    "method": "What method does this paper propose or use?",
    "results": "What are the main results of this paper?",
    "limits": "What limitations does this paper state?",
}
_SIMILAR = 5


def show_summary(paper: Paper) -> None:
    """A button that asks the paper four questions, and what came of them."""
    name = f"summary-{paper.arxiv_id}"
    job = jobs().get(name)
    if job is None or job.error is not None:
        st.button(
            say("sum_up"), key="sum-up", icon=":material/summarize:", on_click=_begin,
            args=(paper.arxiv_id,),
        )  # fmt: skip
    if job is not None and show_job(job):
        with st.container(border=True, key="summary"):
            for part, answer in job.result.items():
                _show_part(part, answer)


def show_similar(paper: Paper) -> None:
    """The papers of the library that are nearest by meaning."""
    try:
        hits = program().assistant.similar(paper.arxiv_id, _SIMILAR)
    except AgentError as error:
        messages.notice(str(error))
        return
    if not hits:
        messages.small(say("no_hits"))
    for hit in hits:
        label = f"{hit.cosine:.2f}  {hit.paper.title} ({hit.paper.year or '–'})"
        if st.button(escaped(label), key=f"similar-{hit.paper.arxiv_id}", type="tertiary"):
            go("paper", id=hit.paper.arxiv_id)


def _begin(arxiv_id: str) -> None:
    assistant = program().assistant
    spoken = language()  # the job has no page to ask
    told = {part: say(part) for part in _ASKED}

    def work(job: Job) -> dict[str, Answer]:
        found = {}
        for number, (part, question) in enumerate(_ASKED.items()):
            job.tell(told[part], number / len(_ASKED))
            found[part] = answer_of(assistant.ask(question, paper=arxiv_id, language=spoken))
        return found

    jobs().start(f"summary-{arxiv_id}", work)


def _show_part(part: str, answer: Answer) -> None:
    st.markdown(f"**{escaped(say(part))}**")
    if answer.claims:
        evidence.show_claims(answer.claims, f"summary-{part}")
        evidence.show_sources(answer.sources, f"summary-{part}")
    else:
        messages.small(say("no_answer_paper"))
