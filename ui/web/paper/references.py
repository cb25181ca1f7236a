"""What a paper cites and who cites it: two lists and a picture, read in the background."""

from dataclasses import dataclass

import streamlit as st

from ingestion.errors import AgentError
from ingestion.paper import Paper
from ingestion.references.looking import Citations, Cited
from ingestion.references.picture import neighbourhood_of
from ui.web import adding, messages, watching
from ui.web.jobs import Job
from ui.web.navigation import go
from ui.web.plain import escaped
from ui.web.program import jobs, program
from ui.web.texts import say

_SHOWN = 200


@dataclass(frozen=True)
class Neighbourhood:
    """What was found of a paper: its list, how it was read, who cites it, and what could not be read."""

    form: str
    cited: list[Cited]
    citing: list[Paper]
    unread: list[str]


def show_references(paper: Paper) -> None:
    """A paper's neighbourhood, or the way to look for it."""
    name = f"references-{paper.arxiv_id}"
    job = jobs().get(name)
    if job is None:
        st.button(say("look_for_references"), key=name, on_click=look, args=(paper,))
    elif watching.show_job(job):
        _show(paper, job.result)


def look(paper: Paper) -> None:
    """Read the lists of the full texts at hand, as a job."""
    assistant = program().assistant

    def work(job: Job) -> Neighbourhood:
        citations = Citations(assistant.library)
        unread: list[str] = []
        try:
            found = citations.references(paper)
        except AgentError as error:
            found, unread = None, [str(error)]
        cited = citations.resolved(found.entries) if found else []
        citing, others = citations.citing(paper, lambda done, of: job.tell(job.doing, done / of))
        return Neighbourhood(found.form if found else "", cited, citing, unread + others)

    jobs().start(f"references-{paper.arxiv_id}", work)


def _show(paper: Paper, found: Neighbourhood) -> None:
    if found.cited or found.citing:
        st.image(neighbourhood_of(paper, found.citing, found.cited))
    st.markdown(f"**{escaped(say('cited_by', n=len(found.citing)))}**")
    for each in found.citing:
        _paper_button(each, f"citing-{each.arxiv_id}")
    at_hand = sum(cited.paper is not None for cited in found.cited)
    st.markdown(f"**{escaped(say('cites', n=len(found.cited), known=at_hand))}**")
    if not found.form:
        messages.small(say("no_list"))
    elif found.form == "pdf":
        messages.small(say("list_of_pdf"))
    for number, cited in enumerate(found.cited[:_SHOWN], start=1):
        _show_cited(number, cited)
    for why in found.unread:
        messages.small(why)


def _show_cited(number: int, cited: Cited) -> None:
    reference = cited.entry.reference
    if cited.paper:
        _paper_button(cited.paper, f"cited-{number}", f"[{reference.label or number}] ")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        facts = (str(reference.year or ""), reference.arxiv_id or reference.doi)
        said = f"[{reference.label or number}] {cited.title}"
        messages.plain(" · ".join(filter(None, (said, *facts))))
        if reference.arxiv_id:
            st.button(
                say("get"),
                key=f"get-cited-{number}",
                type="tertiary",
                on_click=adding.add_one,
                args=(f"paper-{reference.arxiv_id}", reference.arxiv_id),
            )


def _paper_button(paper: Paper, key: str, before: str = "") -> None:
    label = f"{before}{paper.title} ({paper.year or '–'})"
    if st.button(escaped(label), key=key, type="tertiary"):
        go("paper", id=paper.arxiv_id)
