"""Literature reviews: a topic, sections of sentences with their quotes, where papers differ, what was not found."""

import streamlit as st

from ingestion.bibliography import exported
from rag_agent.review import documents, writing
from rag_agent.review.review import Review, cited
from ui.web import evidence, messages
from ui.web.navigation import go
from ui.web.plain import escaped, with_maths
from ui.web.texts import say
from ui.web.works import beginning, showing


def show_form() -> None:
    """A topic, papers if some are chosen, and the way to begin."""
    st.text_area(say("topic"), key="topic", height=120, help=say("topic_help"))
    chosen = st.query_params.get("papers", "")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            say("papers_of_review"), chosen, key="review-papers", placeholder="1512.03385, …"
        )
        st.number_input(say("max_papers"), 1, 100, 20, key="review-max", width=160)
    st.button(say("begin_review"), key="begin", type="primary", on_click=_begin)


def _begin() -> None:
    given = st.session_state
    papers = beginning.ids_in(given["review-papers"])
    most = int(given["review-max"])
    beginning.begin(writing.KIND, lambda: writing.arguments(given["topic"], papers, most))


def show_review(review: Review) -> None:
    """The review with a button for every quote, its papers, and its files."""
    showing.show_downloads(
        [
            ("Markdown", "review.md", documents.as_markdown(review)),
            ("HTML", "review.html", documents.as_html(review)),
            ("LaTeX", "review.tex", documents.as_latex(review)),
            ("BibTeX", "review.bib", exported(review.papers)),
        ]
    )
    for number, section in enumerate(review.sections):
        st.markdown(f"#### {with_maths(section.title)}")
        evidence.show_claims(section.sentences, f"section-{number}")
    if review.differences:
        st.markdown(f"#### {escaped(say('differences'))}")
        evidence.show_claims(review.differences, "differences")
    told = {
        "work_missing": review.not_found,
        "followed": review.followed,
        "notices": review.notices,
    }
    for name, items in told.items():
        if items:
            messages.small(say(name))
            for item in items:
                messages.plain(item)
    evidence.show_sources(cited(review.sentences), "review")
    if review.unused:
        messages.small(say("unused"))
        for paper in review.unused:
            if st.button(escaped(paper.title), key=f"unused-{paper.arxiv_id}", type="tertiary"):
                go("paper", id=paper.arxiv_id)


showing.show_works(writing.KIND, show_form, lambda result: show_review(Review.from_json(result)))
