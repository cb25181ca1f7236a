"""The Streamlit app: `arxiv-agent ui` runs this file. Each page is a file in `ui/web/pages`."""

from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ingestion.errors import AgentError
from rag_agent.settings import load_settings
from ui.web import messages, navigation
from ui.web.program import jobs, program, reopen, runs
from ui.web.texts import say
from ui.web.works import showing

_LOOK_S = 1.0
_LOOK_AGAIN_S = 2.0

st.set_page_config(page_title="arXiv agent", page_icon="🔬", layout="centered")
st.html(Path(__file__).parent / "web" / "style.css")


def choose_language() -> None:
    """Take the language from the settings at the first run of a tab."""
    if "language" not in st.session_state:
        st.session_state["language"] = load_settings().page.language


def show_state() -> None:
    """What the program is loading, or how that went."""
    current = program()
    if current.error is not None:
        messages.failure(current.error.what, current.error.kept, current.error.next_step)
        st.button(say("try_again"), key="reopen", on_click=reopen)
    elif current.ready:
        busy = works()
        st.fragment(run_every=_LOOK_AGAIN_S if busy else None)(show_work)(busy=busy)
    else:
        messages.small(f"{say('loading')} {current.doing} … {say('loading_hint')}")


def works() -> bool:
    """Whether anything is worked on: an answer, a summary or a download here, a table or a review in any program."""
    return runs().busy or jobs().busy or bool(showing.under_way())


def show_work(*, busy: bool) -> None:
    """Whether the program works, and on which tables and reviews; once it ends the page is drawn anew."""
    if busy and not works():
        st.rerun()
    messages.small(say("working" if busy else "ready"))
    showing.show_running()


@st.fragment(run_every=_LOOK_S)
def watch_state() -> None:
    """Show the state until the program is ready.

    Loading begins at the second look, when the page is painted: its imports would delay the first paint by 0.7 s.
    """
    if st.session_state.get("painted"):
        program().open()
    st.session_state["painted"] = True
    if program().ready:
        st.rerun()
    show_state()


def show_page(state: DeltaGenerator) -> None:
    """The page of the address; what it began is told in the sidebar too, so that is drawn after it."""
    ready = program().ready
    with state:
        if not ready:
            watch_state()
    try:
        chosen.run()
    except AgentError as error:
        messages.failure(error.what, error.kept, error.next_step)
    with state:
        if ready:
            show_state()


try:
    choose_language()
    chosen = st.navigation(navigation.pages(), position="hidden")
    with st.sidebar:
        navigation.show_menu()
        state = st.container()
    navigation.arrive(chosen)
    show_page(state)
except AgentError as error:
    messages.failure(error.what, error.kept, error.next_step)
