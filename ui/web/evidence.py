"""An answer's sentences with their sources: each [n] opens the quote in its passage and on its page."""

from typing import Any

import streamlit as st

from ingestion.errors import AgentError
from ui.web import messages
from ui.web.events import claim_html
from ui.web.navigation import go
from ui.web.plain import as_html, escaped, with_maths
from ui.web.program import program
from ui.web.texts import say

_AUTHORS = 6
_IMAGE_PX = 1100


def show_claims(claims: list[dict[str, Any]], key: str) -> None:
    """Draw sentences in one flow, each with a button for every source.

    Args:
        claims: As `Claim.as_json` gives them.
        key: Distinguishes this answer from the others on the page.
    """
    with st.container(key=f"flow-{key}"):
        for number, claim in enumerate(claims):
            st.html(claim_html(claim["text"], supported=claim["supported"], quoted=claim["quoted"]))
            for citation in claim["citations"]:
                _source_button(f"[{citation['key']}]", citation, f"cite-{key}-{number}")


def show_sources(claims: list[dict[str, Any]], key: str) -> None:
    """List the sources of an answer in the order of their numbers."""
    sources = {c["key"]: c for claim in claims for c in claim["citations"]}
    if not sources:
        return
    with st.container(key=f"sources-{key}"):
        messages.small(say("sources"))
        for number in sorted(sources):
            citation = sources[number]
            page = f", {say('page', page=citation['page'])}" if citation["page"] else ""
            label = f"[{number}] {citation['title']} ({citation['year']}{page})"
            _source_button(label, citation, f"source-{key}")


def show_nearest(hits: list[dict[str, Any]], key: str) -> None:
    """List papers that came nearest without passing; they look like no source."""
    if not hits:
        return
    with st.container(key=f"nearest-{key}"):
        messages.small(say("nearest"))
        for hit in hits:
            label = f"{hit['cosine']:.2f}  {hit['title']} ({hit['year']})"
            if st.button(escaped(label), key=f"near-{key}-{hit['arxiv_id']}", type="tertiary"):
                go("paper", id=hit["arxiv_id"])


def show_opened_source() -> None:
    """Show the source whose button was pressed, until it is closed; a rerun does not close it."""
    citation = st.session_state.get("opened_source")
    if citation is not None:
        title = say("source", key=citation["key"])
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


def _source_button(label: str, citation: dict[str, Any], key: str) -> None:
    st.button(
        escaped(label),
        key=f"{key}-{citation['key']}",
        type="tertiary",
        on_click=_open,
        args=(citation,),
    )


def _open(citation: dict[str, Any]) -> None:
    st.session_state["opened_source"] = citation


def _close() -> None:
    st.session_state.pop("opened_source", None)


def _source(citation: dict[str, Any]) -> None:
    st.markdown(f"#### {with_maths(citation['title'])}")
    stored = program().assistant.library.store.get([citation["arxiv_id"]]).get(citation["arxiv_id"])
    date = (stored.published if stored else "") or str(citation["year"] or "")
    where = say("page", page=citation["page"]) if citation["page"] else say("abstract")
    name = f"arXiv:{citation['arxiv_id']}" if citation["url"] else ""
    facts = [authors(citation["authors"]), date, name, where]
    if citation["origin"] == "starter":
        facts.append(say("starter"))
    messages.small(" · ".join(fact for fact in facts if fact))
    title, quote = citation["title"], citation["quote"]
    passage = citation["passage"].removeprefix(title).lstrip() if quote not in title else title
    quoted = marked(passage, quote)
    st.html(f'<blockquote class="passage">{quoted}</blockquote>')
    messages.small(say("similarity", cosine=f"{citation['cosine']:.2f}"))
    with st.container(horizontal=True):
        if citation["url"]:
            st.link_button(say("on_arxiv"), citation["url"], icon=":material/open_in_new:")
        if st.button(say("paper_page"), key="source-paper", icon=":material/article:"):
            _close()
            go("paper", id=citation["arxiv_id"])
    if citation["page"]:
        _page_image(citation)


def _page_image(citation: dict[str, Any]) -> None:
    with st.spinner(say("opening_page")):
        try:
            image = program().assistant.page_image(
                citation["arxiv_id"],
                citation["page"],
                version=citation["version"] or 0,
                width_px=_IMAGE_PX,
                span=(citation["start"], citation["start"] + len(citation["quote"])),
            )
        except AgentError as error:
            messages.notice(say("page_gone", why=str(error)))
            return
    st.image(image.png, caption=say("page_image", page=citation["page"]))
