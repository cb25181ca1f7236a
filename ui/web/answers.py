"""A finished answer: its steps folded, its sentences, program or reply, its sources, and how it was made."""

from typing import Any

import streamlit as st

from rag_agent.code.result import CodeResult
from ui.web import code_result, evidence, messages
from ui.web.events import show_steps
from ui.web.program import program
from ui.web.texts import say


def show_answer(answer: dict[str, Any], session: str, turn: int, rating: str) -> None:
    """Draw an answer as the conversation keeps it.

    Args:
        answer: As `Answer.as_json` gives it.
        session: The conversation, to keep a rating with it.
        turn: Number of the question in it, from 0.
        rating: `up`, `down` or empty.
    """
    steps = [(step["name"], step["detail"], step["seconds"]) for step in answer["steps"]]
    with st.expander(say("steps", n=len(steps), seconds=f"{answer['seconds']:.1f}")):
        show_steps(steps)
        messages.small(_made_by(answer))
    for text in answer["notices"]:
        messages.notice(text)
    key = f"{session}-{turn}"
    if answer["claims"]:
        evidence.show_claims(answer["claims"], key)
    elif answer["answer"]:
        messages.plain(answer["answer"])
    if answer["code"]:
        code_result.show_code(CodeResult.from_json(answer["code"]), session, turn)
    if answer["verdict"] == "declined":
        messages.plain(say("no_answer"))
    evidence.show_sources(answer["claims"], key)
    if not answer["claims"]:
        evidence.show_nearest(answer["nearest"], key)
    _show_rating(session, turn, rating)


def suggestions(answer: dict[str, Any]) -> list[str]:
    """Questions that may follow: about the first source, or for papers where there is none."""
    sources = [citation for claim in answer["claims"] for citation in claim["citations"]]
    if sources:
        title = sources[0]["title"]
        return [say(name, title=title) for name in ("next_method", "next_results", "next_code")]
    if answer["queries"] and not answer["answered"]:
        return [say("next_fetch", query=answer["queries"][0])]
    return []


def _made_by(answer: dict[str, Any]) -> str:
    tokens = answer["tokens"]["prompt"] + answer["tokens"]["completion"]
    made = say("model", model=answer["model"], calls=answer["llm_calls"], tokens=tokens)
    return f"{answer['verdict']} · {made}"


def _show_rating(session: str, turn: int, rating: str) -> None:
    key = f"rate-{session}-{turn}"
    st.session_state.setdefault(key, {"up": 1, "down": 0}.get(rating))
    with st.container(key=f"rating-{session}-{turn}", horizontal=True, vertical_alignment="center"):
        messages.small(say("rate"))
        st.feedback("thumbs", key=key, on_change=_rate, args=(session, turn, key))


def _rate(session: str, turn: int, key: str) -> None:
    chosen = st.session_state[key]
    program().assistant.rate(session, turn, "" if chosen is None else "up" if chosen else "down")
