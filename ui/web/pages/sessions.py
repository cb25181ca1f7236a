"""Conversations on disk: go on with one, rename it, take it out, delete it."""

import json

import streamlit as st

from ingestion.errors import AgentError
from rag_agent.conversations.store import Session
from ui.web import messages
from ui.web.navigation import go
from ui.web.plain import escaped
from ui.web.program import program, runs
from ui.web.texts import say

_TITLE_CHARACTERS = 90
_SHOWN = 50


def show(session: Session) -> None:
    """One conversation with what can be done with it."""
    with st.container(border=True, key=f"session-{session.name}"):
        st.markdown(f"**{escaped(session.title[:_TITLE_CHARACTERS])}**")
        messages.small(say("turns", n=session.turns, at=session.updated[:16].replace("T", " ")))
        with st.container(horizontal=True):
            if st.button(say("resume"), key=f"resume-{session.name}", icon=":material/forum:"):
                go("chat", session=session.name)
            show_rename(session)
            show_export(session)
            with st.popover(say("delete"), icon=":material/delete:", key=f"del-{session.name}"):
                st.button(
                    say("delete_sure"),
                    key=f"delete-{session.name}",
                    on_click=delete,
                    args=(session.name,),
                )


def show_rename(session: Session) -> None:
    """A new title."""
    key = f"title-{session.name}"
    with (
        st.popover(say("rename"), icon=":material/edit:", key=f"rename-{session.name}"),
        st.form(f"form-{session.name}", border=False),
    ):
        st.text_input(say("title"), session.title[:80], max_chars=80, key=key)
        st.form_submit_button(say("save"), on_click=rename, args=(session.name, key))


def show_export(session: Session) -> None:
    """The conversation as a file; made when the button is pressed."""
    assistant = program().assistant
    conversations = assistant.conversations
    with st.popover(say("export"), icon=":material/download:", key=f"export-{session.name}"):
        st.download_button(
            say("as_markdown"),
            lambda: conversations.markdown(session.name, assistant.library.references),
            file_name="conversation.md",
            mime="text/markdown",
            key=f"md-{session.name}",
            on_click="ignore",
        )
        st.download_button(
            say("as_json"),
            lambda: json.dumps(
                {
                    "session": session.name,
                    "turns": [turn.as_json() for turn in conversations.turns(session.name)],
                },
                ensure_ascii=False,
            ),
            file_name="conversation.json",
            mime="application/json",
            key=f"json-{session.name}",
            on_click="ignore",
        )


def rename(name: str, key: str) -> None:
    """Give a conversation the title typed; what is wrong with it is said."""
    try:
        program().assistant.conversations.rename(name, st.session_state[key])
    except AgentError as error:
        st.session_state["rename_error"] = error


def delete(name: str) -> None:
    """Forget a conversation and whatever is still being written in it."""
    runs().forget(name)
    program().assistant.conversations.delete(name)


st.markdown(f"## {escaped(say('sessions'))}")
failed = st.session_state.pop("rename_error", None)
if failed is not None:
    messages.failure(failed.what, failed.kept, failed.next_step)
found = program().assistant.conversations.sessions()
if not found:
    messages.small(say("no_sessions"))
else:
    wanted = st.text_input(say("find_session"), key="find", icon=":material/search:").strip()
    for one in [one for one in found if wanted.casefold() in one.title.casefold()][:_SHOWN]:
        show(one)
