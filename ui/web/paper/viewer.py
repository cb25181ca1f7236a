"""A paper's text to read: its pages to scroll, or its text where it has none; searched, marked, and asked about."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from ingestion.document import Document
from ingestion.errors import AgentError
from ingestion.fulltext.forms import NAMES, form_of
from ingestion.library import AtHand
from ingestion.paper import Paper
from rag_agent.grounding.excerpt import Excerpt
from ui.web import messages
from ui.web.navigation import go
from ui.web.paper.finding import LEAST_CHARACTERS, MOST_HITS, Found, find, sentence_of
from ui.web.paper.sheets import in_shares
from ui.web.program import program
from ui.web.texts import say

_HERE = Path(__file__).parent


@dataclass
class View:
    """What a tab looks at in a paper.

    Args:
        aim: What was gone to last: `passage`, `hit` or `page`.
        steps: How often it was gone somewhere; a new number scrolls again.
        hit: Place of the current hit among all, from 0.
        page: The page gone to.
    """

    aim: str = "passage"
    steps: int = 0
    hit: int = 0
    page: int = 1


def show_text(paper: Paper) -> bool:
    """The paper's text; whether it is at hand, else why it is not."""
    excerpt = Excerpt.parse(st.query_params.get("passage", ""))
    assistant = program().assistant
    try:
        form = excerpt.form if excerpt else None
        shown = assistant.file_to_show(paper.arxiv_id, form, excerpt.version if excerpt else 0)
        sizes = _sizes(paper.arxiv_id, shown) if form_of(shown.file) == "pdf" else ()
    except AgentError as error:
        messages.small(str(error))
        return False
    marked = excerpt if excerpt and _stands_in(excerpt, shown) else None
    if excerpt and excerpt.form and not marked:
        messages.notice(say("passage_elsewhere"))
    _show(shown, sizes, marked)
    return True


def _stands_in(excerpt: Excerpt, shown: AtHand) -> bool:
    """Whether a passage is one of this very file: of its form and version."""
    same_version = excerpt.version in (0, shown.paper.version)
    return excerpt.form == form_of(shown.file) and same_version


@st.fragment
def _show(shown: AtHand, sizes: tuple[tuple[float, float], ...], marked: Excerpt | None) -> None:
    id_ = shown.paper.arxiv_id
    view: View = st.session_state.setdefault(f"view-{id_}-{marked}", View())
    find_key, page_key = f"find-{id_}", f"page-{id_}"
    query = str(st.session_state.get(find_key, ""))
    text, hits = _searched(shown, query, needed=bool(query.strip() or marked))
    current = hits[view.hit % len(hits)] if hits else None
    gone_to = {"passage": marked, "hit": current, "page": None}[view.aim]
    if gone_to and 1 <= gone_to.page <= len(sizes):
        st.session_state[page_key] = gone_to.page
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            say("find_in_paper"), key=find_key, icon=":material/search:", on_change=_go,
            args=(view, "hit"),
        )  # fmt: skip
        if text:
            _show_steps(query, hits, view)
        if len(sizes) > 1:
            st.number_input(
                say("go_to_page"), 1, len(sizes), key=page_key, width=120, on_change=_go_to_page,
                args=(view, page_key),
            )  # fmt: skip
    asked = _viewer(shown, sizes, text, hits, current, marked, view)
    if current and text:
        if st.button(say("ask_hit"), key=f"ask-hit-{id_}", icon=":material/forum:"):
            asked = sentence_of(text, current)
    else:
        messages.small(say("select_to_ask"))
    if asked:
        _ask(shown, asked)


def _searched(shown: AtHand, query: str, *, needed: bool) -> tuple[Document | None, list[Found]]:
    """The text, read only where it is needed, and the places of the query in it."""
    if not needed:
        return None, []
    try:
        with st.spinner(say("reading_text")):
            text = program().assistant.full_text.text(*shown)
    except AgentError as error:
        messages.notice(str(error))
        return None, []
    return text, find(text, query)


def _show_steps(query: str, hits: list[Found], view: View) -> None:
    """How many hits there are, and the ways to the one before and the next."""
    if len("".join(query.split())) < LEAST_CHARACTERS:
        return
    with st.container(
        horizontal=True, vertical_alignment="center", width="content", key="find-steps"
    ):
        _show_hits(hits, view)


def _show_hits(hits: list[Found], view: View) -> None:
    if not hits:
        messages.small(say("no_hits"))
        return
    many = "+" if len(hits) == MOST_HITS else ""
    messages.small(say("hit_of", n=view.hit % len(hits) + 1, all=f"{len(hits):,}{many}"))
    for name, step, icon in (
        ("hit_before", -1, ":material/keyboard_arrow_up:"),
        ("hit_next", 1, ":material/keyboard_arrow_down:"),
    ):
        st.button(say(name), key=name, icon=icon, on_click=_go, args=(view, "hit", view.hit + step))


def _go(view: View, aim: str, hit: int = 0) -> None:
    view.aim, view.hit = aim, hit
    view.steps += 1


def _go_to_page(view: View, key: str) -> None:
    view.page = int(st.session_state[key])
    view.aim = "page"
    view.steps += 1


def _viewer(
    shown: AtHand,
    sizes: tuple[tuple[float, float], ...],
    text: Document | None,
    hits: list[Found],
    current: Found | None,
    marked: Excerpt | None,
    view: View,
) -> Found | None:
    """The pages or the text with what is marked in it; the passage that was selected to be asked about."""
    quote = Found(marked.page, marked.start, marked.end) if marked else None
    marks = [*(_mark(text, hit, "hit") for hit in hits if hit != current)]
    marks += [_mark(text, current, "current")] if current else []
    marks += [_mark(text, quote, "quote")] if quote else []
    place = {"passage": quote, "hit": current, "page": Found(view.page, 0, 0)}[view.aim]
    form, version = form_of(shown.file), shown.paper.version
    asked = {"paper": shown.paper.arxiv_id, "form": form, "version": version}
    data = {
        "asked": urlencode({**asked, "file": shown.file.stat().st_mtime_ns}),
        "sizes": sizes,
        "marks": [mark for mark in marks if mark],
        "at": {**_mark(text, place, view.aim), "step": view.steps} if place else None,
        "labels": {
            "name": say("text_of", form=NAMES[form or "text"]),
            "ask": say("ask_passage"),
            "page": say("page_of", page="{page}"),
            "broken": say("page_broken"),
        },
    }
    draw = st.components.v2.component(
        "paper_viewer", css=_part("viewer.css"), js=_part("viewer.js"), isolate_styles=False
    )
    result = draw(
        data=data, key=f"viewer-{shown.paper.arxiv_id}", height="content",
        on_passage_change=lambda: None,
    )  # fmt: skip
    return _selected(result.passage)


def _mark(text: Document | None, found: Found, kind: str) -> dict[str, Any]:
    """A stretch as the viewer marks it: by boxes in shares of the page, or by its span where there are no pages."""
    mark: dict[str, Any] = {"kind": kind, "page": found.page}
    if not found.page:
        return {**mark, "start": found.start, "end": found.end}
    if text is None or found.page > len(text.pages):
        return mark
    page = text.pages[found.page - 1]
    boxes = page.boxes_of(found.start, found.end)
    return {**mark, "boxes": [in_shares(box, page) for box in boxes]}


def _selected(sent: Any) -> Found | None:
    """What the browser sent as a selection: three whole numbers, or nothing."""
    if not isinstance(sent, dict):
        return None
    numbers = [sent.get(name) for name in Found._fields]
    whole = [number for number in numbers if isinstance(number, int) and number >= 0]
    return Found(*whole) if len(whole) == len(numbers) else None


def _ask(shown: AtHand, asked: Found) -> None:
    """Go to the chat with the passage."""
    form = form_of(shown.file)
    excerpt = Excerpt(form or "text", shown.paper.version, *asked)
    go("chat", paper=shown.paper.arxiv_id, passage=str(excerpt))


def _sizes(arxiv_id: str, shown: AtHand) -> tuple[tuple[float, float], ...]:
    """Width and height of every page, in points."""
    with st.spinner(say("opening_page")):
        return _sizes_of(arxiv_id, shown.paper.version, shown.file.stat().st_mtime_ns)


@st.cache_data(max_entries=50, show_spinner=False)
def _sizes_of(arxiv_id: str, version: int, changed_ns: int) -> tuple[tuple[float, float], ...]:
    return program().assistant.page_image(arxiv_id, 1, version=version, width_px=100).sizes


@cache
def _part(name: str) -> str:
    return (_HERE / name).read_text("utf-8")
