"""An answer's sentences and their sources, each with its quote; [n] opens it in its passage and on its page."""

import re
from collections.abc import Sequence

import streamlit as st

from ingestion.errors import AgentError
from ingestion.formulas import is_harmless
from ingestion.fulltext.forms import NAMES
from rag_agent.citation import Citation, Claim, Hit, QuoteKind
from rag_agent.grounding.excerpt import Excerpt
from ui.web import messages
from ui.web.events import claim_html
from ui.web.navigation import go
from ui.web.plain import CELLS_APART, as_html, escaped, set_latex, table_html, with_maths
from ui.web.program import program
from ui.web.texts import say

_AUTHORS = 6
_IMAGE_PX = 1100
_FORMULA = re.compile(r"\$[^$]*\$")


def show_claims(claims: Sequence[Claim], key: str) -> None:
    """Draw sentences in one flow, each with a button for every source.

    Args:
        claims: Of one answer.
        key: Distinguishes this answer from the others on the page.
    """
    with st.container(key=f"flow-{key}"):
        for number, claim in enumerate(claims):
            st.html(claim_html(claim))
            for citation in claim.citations:
                source_button(f"[{citation.key}]", citation, f"cite-{key}-{number}")


def show_sources(sources: Sequence[Citation], key: str) -> None:
    """List the sources of an answer in the order of their numbers, each with the quote it gives."""
    if not sources:
        return
    with st.container(key=f"sources-{key}"):
        messages.small(say("sources"))
        for citation in sources:
            source_button(f"[{citation.key}] {_cited(citation)}", citation, f"source-{key}")
            st.html(quote_html(citation))


def show_sentences(sentences: Sequence[Citation], key: str) -> None:
    """List sentences that come nearest to a question; they look like no answer and no source."""
    if not sentences:
        return
    with st.container(key=f"sentences-{key}"):
        messages.small(say("sentences"))
        for number, citation in enumerate(sentences):
            st.html(quote_html(citation))
            source_button(_cited(citation), citation, f"sentence-{key}-{number}")


def quote_html(citation: Citation) -> str:
    """A quote in quotation marks; a summary is not the authors', so it has none and says whose it is."""
    said = as_html(" ".join(citation.quote.split()))
    if citation.kind == "summary":
        return f'<p class="quote summary">{said} <i>({as_html(say("starter"))})</i></p>'
    return f'<p class="quote">“{said}”{_cited_works(citation)}</p>'


def _cited_works(citation: Citation) -> str:
    """What the quote's own marks mean."""
    works = (
        say("mark_means", mark=work.mark, title=f"“{work.title}” {work.arxiv_id}".rstrip())
        for work in citation.cites
    )
    return "".join(f"<br><small>{as_html(work)}</small>" for work in works)


def _cited(citation: Citation) -> str:
    """Title, year and page of a source, on one line."""
    page = f", {say('page', page=citation.page)}" if citation.page else ""
    return f"{citation.paper.title} ({citation.paper.year or '–'}{page})"


def show_nearest(hits: Sequence[Hit], key: str) -> None:
    """List papers that came nearest without passing; they look like no source."""
    if not hits:
        return
    with st.container(key=f"nearest-{key}"):
        messages.small(say("nearest"))
        for hit in hits:
            paper = hit.paper
            label = f"{hit.cosine:.2f}  {paper.title} ({paper.year})"
            if st.button(escaped(label), key=f"near-{key}-{paper.arxiv_id}", type="tertiary"):
                go("paper", id=paper.arxiv_id)


def show_opened_source() -> None:
    """Show the source whose button was pressed, until it is closed; a rerun does not close it."""
    citation: Citation | None = st.session_state.get("opened_source")
    if citation is not None:
        title = say("source", key=citation.key)
        st.dialog(title, width="medium", on_dismiss=_close)(_source)(citation)


def authors(names: list[str] | tuple[str, ...], most: int = _AUTHORS) -> str:
    """The first authors, the rest as et al."""
    known = [name for name in names if name != "and others"]
    more = len(known) > most or "and others" in names
    return ", ".join(known[:most]) + (" et al." if more else "")


def marked(passage: str, quote: str) -> str:
    """HTML of a passage with the quote highlighted; the quote alone where the passage lacks it."""
    before, found, after = passage.partition(quote)
    if not found:
        before, after = "", ""
    return f"{as_html(before)}<mark>{as_html(quote)}</mark>{as_html(after)}"


def source_button(label: str, citation: Citation, key: str) -> None:
    """A button that opens a quote in its passage and on its page."""
    st.button(
        escaped(label),
        key=f"{key}-{citation.key}",
        type="tertiary",
        on_click=_open,
        args=(citation,),
    )


def _open(citation: Citation) -> None:
    st.session_state["opened_source"] = citation


def _close() -> None:
    st.session_state.pop("opened_source", None)


def _source(citation: Citation) -> None:
    paper = citation.paper
    st.markdown(f"#### {with_maths(paper.title)}")
    messages.small(" · ".join(fact for fact in _facts(citation) if fact))
    title, quote = paper.title, citation.quote
    passage = citation.passage.removeprefix(title).lstrip() if quote not in title else title
    _passage(citation, passage)
    messages.small(say("similarity", cosine=f"{citation.cosine:.2f}"))
    with st.container(horizontal=True):
        if paper.url:
            st.link_button(
                say("on_arxiv" if paper.on_arxiv else "open_page"),
                paper.url,
                icon=":material/open_in_new:",
            )
        place = str(Excerpt.of(citation))
        if st.button(say("paper_page"), key="source-paper", icon=":material/article:"):
            _close()
            go("paper", id=paper.arxiv_id, passage=place)
        if st.button(say("ask_passage"), key="source-ask", icon=":material/forum:"):
            _close()
            talk = {"session": st.query_params["session"]} if "session" in st.query_params else {}
            go("chat", **talk, paper=paper.arxiv_id, passage=place)
    if citation.page:
        _page_image(citation, citation.page)


def _passage(citation: Citation, passage: str) -> None:
    """The text around a quote; a table as one with the cells marked, an equation also as it is set."""
    quote, kept = citation.quote, citation.kind in ("html", "latex", "markdown")
    if kept and CELLS_APART in quote:
        st.html(table_html(passage, quote, citation.cells))
        return
    is_display = "\\" in _FORMULA.sub("", quote)  # in prose LaTeX stands between dollars alone
    if kept and is_display and is_harmless(quote):
        st.latex(set_latex(quote))
    kind = "passage summary" if citation.kind == "summary" else "passage"
    st.html(f'<blockquote class="{kind}">{marked(passage, quote)}</blockquote>')


def _facts(citation: Citation) -> list[str]:
    """Who wrote it, when, and where the quote stands."""
    paper = citation.paper
    stored = program().assistant.library.get([paper.arxiv_id]).get(paper.arxiv_id)
    date = (stored.published if stored else "") or str(paper.year or "")
    places: dict[QuoteKind, str] = {
        **dict(NAMES.items()),
        "pdf": say("page", page=citation.page),
        "abstract": say("abstract"),
        "summary": say("starter"),
    }
    name = f"arXiv:{paper.arxiv_id}" if paper.on_arxiv else ""
    place = places[citation.kind]
    return [authors(paper.authors), date, name, place]


def _page_image(citation: Citation, page: int) -> None:
    with st.spinner(say("opening_page")):
        try:
            image = program().assistant.page_image(
                citation.paper.arxiv_id,
                page,
                version=citation.paper.version,
                width_px=_IMAGE_PX,
                span=(citation.start, citation.start + len(citation.quote)),
            )
        except AgentError as error:
            messages.notice(say("page_gone", why=str(error)))
            return
    st.image(image.png, caption=say("page_image", page=page))
