"""Collections, tags, notes, and what was read: chosen, shown and changed."""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import streamlit as st

from ingestion.collections import (
    MOST_NAME_CHARACTERS,
    MOST_NOTE_CHARACTERS,
    Collections,
    Mark,
)
from ingestion.errors import AgentError
from ui.web import messages
from ui.web.navigation import go
from ui.web.plain import escaped, with_maths
from ui.web.program import program
from ui.web.texts import say
from ui.web.widgets import address

_PICKED = "pick-"
_READING = ("read_or_not", "unread", "is_read")
_WORKS = {"table": ":material/table:", "review": ":material/history_edu:"}
"""What can be begun from selected papers: the pages, with their icons."""


class Chosen(NamedTuple):
    """Papers that the list is narrowed to: `only` these (None: any), `without` those."""

    only: tuple[str, ...] | None
    without: tuple[str, ...]


def collections() -> Collections:
    """Those of the library."""
    return program().assistant.library.collections


def choose() -> Chosen:
    """A collection, a tag, and what was read or not, as chosen here."""
    kept = collections()
    sizes, tags = kept.sizes(), kept.tags()
    chosen: list[set[str]] = []
    if sizes:
        name = address.choice(
            "collection", ["", *sizes], st.selectbox, label=say("collection"), width=170
        )
        chosen += [set(kept.papers(name))] if name else []
    if tags:
        tag = address.choice("tag", ["", *tags], st.selectbox, label=say("tag"), width=130)
        chosen += [set(kept.tagged(tag))] if tag else []
    reading = address.choice(
        "reading", _READING, st.selectbox, label=say("reading_state"), width=110, format_func=say
    )
    chosen += [set(kept.read())] if reading == "is_read" else []
    only = tuple(sorted(set.intersection(*chosen))) if chosen else None
    return Chosen(only, kept.read() if reading == "unread" else ())


def show_collection() -> None:
    """What can be done with the collection that is chosen: ask it, rename it, forget it."""
    name = str(st.session_state.get("collection", "") or "")
    if not name:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(say("ask_only"), key="ask-collection", icon=":material/forum:"):
            go("chat", within=name)
        with st.popover(say("rename"), icon=":material/edit:"):
            new = st.text_input(
                say("title"), name, max_chars=MOST_NAME_CHARACTERS, key="rename-collection"
            )
            st.button(say("save"), key="save-name", on_click=_rename, args=(name, new))
        with st.popover(say("forget_collection"), icon=":material/delete:"):
            messages.small(say("papers_stay"))
            st.button(say("delete_sure"), key="forget", on_click=_forget, args=(name,))
    _show_failure()


def show_checkbox(arxiv_id: str, title: str) -> None:
    """A box that selects a paper."""
    label = say("select", title=escaped(title))  # its own name: a button beside it has the title's
    st.checkbox(label, key=_PICKED + arxiv_id, label_visibility="collapsed")


def show_paper(
    arxiv_id: str, title: str, line: str, alignment: Literal["top", "center"] = "center"
) -> None:
    """A paper in a list: a box that selects it, its title, which opens it, and a line of HTML below."""
    with st.container(horizontal=True, vertical_alignment=alignment, gap="small"):
        show_checkbox(arxiv_id, title)
        with st.container(gap=None):
            label = with_maths(title) or escaped(arxiv_id)
            if st.button(label, key=f"open-{arxiv_id}", type="tertiary"):
                go("paper", id=arxiv_id)
            st.html(line)


def show_selection(shown: Sequence[str]) -> None:
    """What can be done with the selected papers of those shown."""
    picked = [id_ for id_ in shown if st.session_state.get(_PICKED + id_)]
    if not picked:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="selection"):
        messages.small(say("selected", n=len(picked)))
        _show_adding(picked, "selection")
        if st.button(say("ask_only"), key="ask-selection", icon=":material/forum:"):
            go("chat", only=",".join(picked))
        for work, icon in _WORKS.items():
            if st.button(say(f"begin_{work}_of"), key=f"{work}-selection", icon=icon):
                go(work, papers=",".join(picked))
        st.download_button(
            "BibTeX",
            lambda: _references(picked),
            file_name="papers.bib",
            mime="application/x-bibtex",
            key="export-selection",
            on_click="ignore",
        )
    _show_failure()


def show_marks(arxiv_id: str) -> None:
    """A paper's collections, tags, note, and whether it was read."""
    kept = collections()
    mark = kept.marks([arxiv_id]).get(arxiv_id, Mark())
    with st.container(horizontal=True, vertical_alignment="center", key="marks"):
        st.checkbox(
            say("is_read"), mark.is_read, key=f"read-{arxiv_id}", on_change=_keep, args=(arxiv_id,)
        )
        for name in kept.of(arxiv_id):
            if st.button(
                escaped(name), key=f"in-{name}", icon=":material/folder:", type="tertiary"
            ):
                go("library", collection=name)
        _show_adding([arxiv_id], "paper")
    with st.expander(say("own_notes"), expanded=bool(mark.tags or mark.note)):
        st.text_input(
            say("tags"), ", ".join(mark.tags), key=f"tags-{arxiv_id}", on_change=_keep,
            args=(arxiv_id,),
        )  # fmt: skip
        st.text_area(
            say("note_of_own"), mark.note, key=f"note-{arxiv_id}", on_change=_keep,
            args=(arxiv_id,), max_chars=MOST_NOTE_CHARACTERS,
        )  # fmt: skip
    _show_failure()


def marked(arxiv_id: str) -> list[str]:
    """What the list says of a paper's marks."""
    mark = _marks_shown().get(arxiv_id, Mark())
    return [*(f"#{tag}" for tag in mark.tags), *([say("is_read")] if mark.is_read else [])]


@st.cache_data(ttl=2, show_spinner=False)
def _marks_shown() -> dict[str, Mark]:
    kept = collections()
    ids = {*kept.read(), *(id_ for tag in kept.tags() for id_ in kept.tagged(tag))}
    return kept.marks(sorted(ids))


def _show_adding(papers: Sequence[str], key: str) -> None:
    with st.popover(say("add_to_collection"), icon=":material/create_new_folder:"):
        for number, name in enumerate(collections().sizes()):
            st.button(
                escaped(name), key=f"to-{key}-{number}", on_click=_add, args=(name, list(papers))
            )
        new = st.text_input(say("new_collection"), max_chars=MOST_NAME_CHARACTERS, key=f"new-{key}")
        st.button(say("save"), key=f"make-{key}", on_click=_add, args=(new, list(papers)))


def _references(ids: Sequence[str]) -> str:
    library = program().assistant.library
    return library.references(library.get(ids).values(), keep_keys=True)


def _keep(arxiv_id: str) -> None:
    state = st.session_state
    tags = tuple(str(state.get(f"tags-{arxiv_id}", "")).split(","))
    note = str(state.get(f"note-{arxiv_id}", ""))
    read = bool(state.get(f"read-{arxiv_id}"))
    _try(lambda: collections().mark(arxiv_id, Mark(tags, note, is_read=read)))
    _marks_shown.clear()


def _add(name: str, papers: list[str]) -> None:
    _try(lambda: collections().add(name, papers))


def _rename(name: str, new: str) -> None:
    _try(lambda: collections().rename(name, new))
    st.query_params.pop("collection", None)


def _forget(name: str) -> None:
    _try(lambda: collections().delete(name))
    st.query_params.pop("collection", None)


def _try(work: Callable[[], None]) -> None:
    try:
        work()
    except AgentError as error:
        st.session_state["collecting_failed"] = error


def _show_failure() -> None:
    failed = st.session_state.pop("collecting_failed", None)
    if failed is not None:
        messages.failure(failed.what, failed.kept, failed.next_step)
