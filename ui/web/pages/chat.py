"""Ask, watch the answer come about, check every sentence, ask on."""

import secrets
import time
from collections.abc import Sequence

import streamlit as st

from ingestion.errors import AgentError
from rag_agent.citation import Citation
from rag_agent.conversations.turn import Turn
from rag_agent.grounding.excerpt import Excerpt
from ui.web import evidence, messages
from ui.web.answers import show_turn, suggestions
from ui.web.events import progress_of, show_progress
from ui.web.navigation import go
from ui.web.plain import escaped
from ui.web.program import program, runs
from ui.web.running import Running
from ui.web.texts import say

_POLL_S = 0.5
_MOST_NAMED = 200  # papers in an address


def session() -> str:
    """The conversation named in the address; empty for one that has not begun."""
    return st.query_params.get("session", "")


def name_next() -> None:
    """Name the conversation that the next question begins, where the address names none.

    The name is made before the question: a second one sent at once comes with the address of before the first.
    """
    if not session():
        name = f"{time.strftime('%Y-%m-%d %H:%M:%S')} {secrets.token_hex(2)}"
        st.session_state["next_session"] = name


def ask(question: str) -> None:
    """Ask once, in the background; a conversation begins with its first question."""
    question = question.strip()
    if not question:
        return
    name = session() or str(st.session_state["next_session"])
    paper, only, excerpt = st.query_params.get("paper", ""), only_these(), excerpt_asked()
    opened = program()
    st.query_params["session"] = name
    runs().ask(
        name,
        question,
        paper,
        lambda stopped: opened.assistant.ask(
            question, session=name, paper=paper, only=only, excerpt=excerpt, stopped=stopped
        ),
        str(excerpt or ""),
    )


def only_these() -> tuple[str, ...]:
    """Ids of the papers that the address names, or of its collection; none: the whole library."""
    if name := st.query_params.get("within", ""):
        return program().assistant.library.collections.papers(name)
    named = st.query_params.get("only", "").split(",")
    return tuple(filter(None, named))[:_MOST_NAMED]


def ask_typed() -> None:
    """Ask what was typed. A callback runs once for each submission, whatever interrupts the script."""
    ask(str(st.session_state["question"] or ""))


def ask_offered() -> None:
    """Ask the suggestion that was chosen."""
    ask(str(st.session_state["offered"] or ""))


def show_waiting(name: str) -> None:
    """Questions that were asked while another is answered; each can be taken back into the entry."""
    for number, running in enumerate(runs().waiting(name)):
        with st.container(key=f"waiting-{number}"):
            show_question(running.question)
        with st.container(horizontal=True, vertical_alignment="center"):
            messages.small(say("waits"))
            st.button(
                say("take_back"),
                key=f"take-back-{number}",
                type="tertiary",
                icon=":material/edit:",
                on_click=take_back,
                args=(name, running),
            )


def take_back(name: str, running: Running) -> None:
    """Put a waiting question back into the entry, to be changed or dropped there."""
    if runs().take_back(name, running):
        st.session_state["question"] = running.question


@st.fragment(run_every=_POLL_S)
def watch(running: Running) -> None:
    """Draw the answer being written until it is done."""
    if running.done:
        st.rerun()
    with st.chat_message("assistant", avatar=":material/science:"):
        show_progress(progress_of(tuple(running.events)), program().doing)
        if running.stopped.is_set():
            messages.small(say("stopping"))
        else:
            st.button(say("stop"), key="stop", icon=":material/stop:", on_click=running.stopped.set)


def show_question(text: str, about: Citation | None = None) -> None:
    """A question as it was asked, under the passage that it is about."""
    with st.chat_message("user", avatar=":material/person:"):
        if about is not None:
            st.html(evidence.quote_html(about))
        messages.plain(text)


def show_turns(name: str, turns: Sequence[Turn]) -> None:
    """Draw the questions and answers of a conversation."""
    for number, turn in enumerate(turns):
        show_question(turn.question, turn.answer.about)
        with st.chat_message("assistant", avatar=":material/science:"):
            show_turn(turn, name, number)


def show_welcome() -> None:
    """What a conversation begins with."""
    st.markdown(f"## {escaped(say('welcome'))}")
    messages.small(say("welcome_hint"))


def show_failure(running: Running) -> None:
    """Why the latest question has no answer, and a way to ask it again."""
    failed = running.failed
    if failed is None:
        return
    show_question(running.question)
    with st.chat_message("assistant", avatar=":material/science:"):
        messages.failure(failed.what, failed.kept, failed.next_step)
        st.button(say("try_again"), key="again", on_click=ask, args=(running.question,))


def show_offers(turns: Sequence[Turn]) -> None:
    """Questions that may be asked next, or examples to begin with."""
    about = "passage_" if excerpt_asked() else "paper_" if "paper" in st.query_params else ""
    examples = [say(f"{about}example_{number}") for number in (1, 2, 3)]
    offered = suggestions(turns[-1].answer) if turns and about != "passage_" else examples
    if offered:
        st.pills(
            say("next"),
            offered,
            key="offered",
            format_func=escaped,
            on_change=ask_offered,
            label_visibility="visible" if turns else "collapsed",
        )


def show_paper_bar() -> None:
    """Which papers are asked, and the way back to all of them."""
    paper, name = st.query_params.get("paper", ""), st.query_params.get("within", "")
    only = only_these()
    if not (paper or name or only):
        return
    said = say("about_selected", n=len(only))
    if name:
        said = say("about_collection", title=name, n=len(only))
    with st.container(horizontal=True, vertical_alignment="center"):
        if paper:
            said = say("about_paper", title=paper if "local/" in paper else f"arXiv:{paper}")
        messages.small(said)
        st.button(say("all_papers"), key="all-papers", type="tertiary", on_click=leave_paper)


def excerpt_asked() -> Excerpt | None:
    """Where the passage stands that the address names; None where it names none of a paper."""
    named = st.query_params.get("passage", "") if "paper" in st.query_params else ""
    return Excerpt.parse(named)


def show_passage() -> None:
    """The passage that the next question is about, and the way back to the whole paper."""
    excerpt, paper = excerpt_asked(), st.query_params.get("paper", "")
    if excerpt is None:
        return
    with st.container(border=True, key="asked-about", gap="small"):
        try:
            with st.spinner(say("opening_page")):
                passage = program().assistant.passage(paper, excerpt)
        except AgentError as error:
            messages.notice(say("passage_gone", why=str(error)))
        else:
            place = say("page", page=passage.page) if passage.page else passage.paper.title
            messages.small(say("about_passage", place=place))
            st.html(evidence.quote_html(passage))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                say("whole_paper"), key="whole-paper", type="tertiary", on_click=leave_passage
            )
            if st.button(say("paper_page"), key="passage-paper", type="tertiary"):
                go("paper", id=paper, passage=str(excerpt))


def leave_passage() -> None:
    """Ask the whole paper again."""
    st.query_params.pop("passage", None)


def leave_paper() -> None:
    """Ask the whole library again."""
    for name in ("paper", "passage", "within", "only"):
        st.query_params.pop(name, None)


def begin_anew() -> None:
    """Leave the conversation for an empty one."""
    st.query_params.clear()


name_next()
ask(st.session_state.pop("to_ask", ""))  # left here by another page
name = session()
latest = runs().get(name)
busy = latest is not None and not latest.done
st.chat_input(
    say("ask_meanwhile" if busy else "ask_passage" if excerpt_asked() else "ask"),
    key="question",
    max_chars=4000,
    on_submit=ask_typed,
    disabled=bool(st.query_params.get("within", "")) and not only_these(),  # an empty one
)
with st.sidebar:
    st.button(
        say("new_chat"), key="new-chat", icon=":material/add:", on_click=begin_anew, width="stretch"
    )
show_paper_bar()
turns = program().assistant.conversations.turns(name) if name else ()
show_turns(name, turns)
if busy and latest is not None:
    show_question(latest.question)
    watch(latest)
elif latest is not None:
    show_failure(latest)
elif not turns:
    show_welcome()
show_waiting(name)
show_passage()
if not busy:
    show_offers(turns)
evidence.show_opened_source()
