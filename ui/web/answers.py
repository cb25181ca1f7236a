"""A finished answer: its steps folded, its sentences, program or reply, its sources, and how it was made."""

import streamlit as st

from rag_agent.answer import Answer
from rag_agent.conversations.turn import Rating, Turn
from ui.web import code_result, evidence, messages
from ui.web.events import show_steps
from ui.web.program import program
from ui.web.texts import say
from ui.web.widgets.copying import copy_button


def show_turn(turn: Turn, session: str, number: int) -> None:
    """Draw an answer as the conversation keeps it.

    Args:
        turn: Question and answer.
        session: The conversation, to keep a rating with it.
        number: Of the question in it, from 0.
    """
    answer, key = turn.answer, f"{session}-{number}"
    steps = [(step.name, step.detail, step.seconds) for step in answer.steps]
    with st.expander(say("steps", n=len(steps), seconds=f"{answer.seconds:.1f}")):
        show_steps(steps)
        messages.small(_made_by(answer))
    for text in answer.notices:
        messages.notice(text)
    if answer.claims:
        evidence.show_claims(answer.claims, key)
    elif answer.reply:
        messages.plain(answer.reply)
    if answer.code:
        code_result.show_code(answer.code, session, number)
    if answer.verdict == "declined":
        messages.plain(say("no_answer_paper" if answer.route == "paper" else "no_answer"))
    _show_evidence(answer, key)
    with st.container(horizontal=True, vertical_alignment="center", key=f"after-{key}"):
        if answer.text:
            copy_button(with_sources(answer), key)
        _show_rating(session, number, turn.rating)


def with_sources(answer: Answer) -> str:
    """An answer as text to paste elsewhere: its sentences with their marks, and what these stand for."""
    sources = [
        f"[{c.key}] {c.paper.title}, {c.paper.url or c.paper.arxiv_id}: “{' '.join(c.quote.split())}”"
        for c in answer.sources
    ]
    return "\n\n".join(filter(None, [answer.text, "\n".join(sources)]))


def _show_evidence(answer: Answer, key: str) -> None:
    """What the answer rests on, and what is offered beside it."""
    if answer.missing:
        messages.notice(say("missing", what="; ".join(answer.missing)))
    evidence.show_sources(answer.sources, key)
    evidence.show_sentences(answer.nearest_sentences, key)
    if not answer.claims:
        evidence.show_nearest(answer.nearest, key)


def suggestions(answer: Answer) -> list[str]:
    """Questions that may follow: about the first source, or for papers where there is none."""
    if answer.sources:
        title = answer.sources[0].paper.title
        return [say(name, title=title) for name in ("next_method", "next_results", "next_code")]
    if answer.queries and not answer.answered:
        return [say("next_fetch", query=answer.queries[0])]
    return []


def _made_by(answer: Answer) -> str:
    tokens = answer.tokens.prompt + answer.tokens.completion
    made = say("model", model=answer.model, calls=answer.llm_calls, tokens=tokens)
    return f"{answer.verdict} · {made}"


def _show_rating(session: str, turn: int, rating: Rating) -> None:
    key = f"rate-{session}-{turn}"
    st.session_state.setdefault(key, {"up": 1, "down": 0}.get(rating))
    with st.container(key=f"rating-{session}-{turn}", horizontal=True, vertical_alignment="center"):
        messages.small(say("rate"))
        st.feedback("thumbs", key=key, on_change=_rate, args=(session, turn, key))


def _rate(session: str, turn: int, key: str) -> None:
    chosen = st.session_state[key]
    rating: Rating = "" if chosen is None else "up" if chosen else "down"
    program().assistant.conversations.rate(session, turn, rating)
