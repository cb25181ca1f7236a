"""One paper: what it is, its pages, and what can be done with it."""

from functools import partial

import streamlit as st

from ingestion.bibliography import FORMATS
from ingestion.paper import Paper
from ui.web import adding, evidence, messages
from ui.web.navigation import go
from ui.web.paper import viewer
from ui.web.paper.references import show_references
from ui.web.papers import collecting, reading
from ui.web.plain import escaped, with_maths
from ui.web.program import program
from ui.web.texts import say

_CHOICES = 50


def choose() -> str:
    """The id of the paper to show: from the address, or chosen here; empty for none."""
    chosen = st.query_params.get("id", "")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        typed = st.text_input(
            say("choose_paper"), chosen, key=f"id-{chosen}", placeholder="2005.11401"
        )
    if typed.strip() != chosen:
        st.query_params["id"] = typed.strip()
        st.rerun()
    return chosen


def show_choices() -> None:
    """Papers whose PDF is at hand."""
    at_hand = program().assistant.library.at_hand()[:_CHOICES]
    messages.small(f"{say('at_hand')}: {len(at_hand)}")
    for paper, _ in at_hand:
        if st.button(escaped(paper.title), key=f"choose-{paper.arxiv_id}", type="tertiary"):
            go("paper", id=paper.arxiv_id)


def show(paper: Paper) -> None:
    """Title, abstract, what can be asked, citation and pages."""
    st.markdown(f"## {with_maths(paper.title)}")
    date = paper.published[:10] or str(paper.year or "")
    facts = [evidence.authors(paper.authors, 12), date, " ".join(paper.categories), paper.arxiv_id]
    if paper.origin == "starter":
        facts.append(say("starter"))
    messages.small(" · ".join(fact for fact in facts if fact))
    if paper.url:
        label = say("on_arxiv" if paper.on_arxiv else "open_page")
        st.link_button(label, paper.url, icon=":material/open_in_new:")
    if paper.abstract:
        st.markdown(with_maths(paper.abstract))
    if paper.comment:
        messages.small(paper.comment)
    collecting.show_marks(paper.arxiv_id)
    reading.show_summary(paper)
    show_asking(paper, "ask_paper", "question")
    names = ("full_text", "references", "similar", "cite", "code_paper")
    pages, references, similar, cited, coded = st.tabs([say(name) for name in names])
    with pages:
        show_pages(paper)
    with references:
        show_references(paper)
    with similar:
        reading.show_similar(paper)
    with cited:
        show_citing(paper)
    with coded:
        show_asking(paper, "code_paper", "what_code", say("code_default"))
    with st.popover(say("delete_paper"), icon=":material/delete:"):
        messages.plain(paper.title)
        st.button(say("delete_sure"), key="delete", on_click=delete, args=(paper.arxiv_id,))


def show_citing(paper: Paper) -> None:
    """The paper's entry as text, and as files for reference managers."""
    library = program().assistant.library
    st.code(library.references([paper]), "bibtex", wrap_lines=True)
    with st.container(horizontal=True):
        for form, each in FORMATS.items():
            st.download_button(
                each.title,
                partial(library.references, [paper], form, keep_keys=True),
                file_name=f"{paper.arxiv_id.replace('/', '_')}{each.suffix}",
                mime=each.media_type,
                key=f"reference-{form}",
                on_click="ignore",
            )


def show_asking(paper: Paper, key: str, label: str, default: str = "") -> None:
    """A question, or a program, from this paper alone; it goes on in the chat."""
    with st.form(key, border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(say(label), default, key=f"{key}-text")
        sent = st.form_submit_button(say(key))
    if sent and text.strip():
        question = text if key == "ask_paper" else say("code_request", what=text)
        st.session_state["to_ask"] = question
        go("chat", paper=paper.arxiv_id)


def show_pages(paper: Paper) -> None:
    """The full text to read, or a way to get it."""
    if viewer.show_text(paper) or not paper.url:
        return
    st.button(say("get_pdf"), key="get-pdf", on_click=get, args=(paper.arxiv_id,))


def get(arxiv_id: str) -> None:
    """Take metadata and PDF from arXiv."""
    adding.add_one(f"paper-{arxiv_id}", arxiv_id)


def delete(arxiv_id: str) -> None:
    """Remove the paper and its PDFs."""
    program().assistant.library.delete(arxiv_id)
    st.session_state["deleted"] = arxiv_id
    st.query_params.clear()


deleted = st.session_state.pop("deleted", "")
if deleted:
    messages.notice(say("deleted", what=deleted))
chosen = choose()
adding.show_job(f"paper-{chosen}")
if not chosen:
    show_choices()
else:
    paper = program().assistant.library.store.get([chosen]).get(chosen)
    if paper is not None:
        show(paper)
    else:
        messages.notice(say("not_in_library", id=chosen))
        st.button(say("get_paper"), key="get-paper", on_click=get, args=(chosen,))
