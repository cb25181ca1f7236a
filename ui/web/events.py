"""The event stream of a question on the page: what happens now, what was done, what is written so far."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import assert_never

import streamlit as st

from rag_agent.citation import Claim
from rag_agent.events import Event
from ui.web import messages
from ui.web.plain import as_html
from ui.web.texts import say, step_name


@dataclass
class Progress:
    """What a stream of events amounts to so far.

    Args:
        steps: Finished steps: name, detail, seconds.
        now: What is happening at the moment: name and detail; empty between steps.
        claims: Sentences of the answer.
        reply: Text that needs no source.
        program: The program as far as it is written.
        notices: What went another way than planned.
    """

    steps: list[tuple[str, str, float]] = field(default_factory=list)
    now: tuple[str, str] = ("", "")
    claims: list[Claim] = field(default_factory=list)
    reply: str = ""
    program: str = ""
    notices: list[str] = field(default_factory=list)


def progress_of(events: Sequence[Event]) -> Progress:
    """Sum up a stream."""
    so_far = Progress()
    for event in events:
        _take(event, so_far)
    return so_far


def _take(event: Event, so_far: Progress) -> None:
    match event.kind:
        case "step_started":
            so_far.now = (event.name, event.detail)
        case "step_finished":
            so_far.steps.append((event.name, event.detail, event.seconds))
            so_far.now = ("", "")
        case "planned" | "searched":
            pass  # said by their steps
        case "waiting_for_arxiv":
            waiting = say("waiting", seconds=f"{event.seconds:.0f}", reason=event.reason)
            so_far.now = (so_far.now[0], waiting)
        case "fetched":
            so_far.now = (so_far.now[0], say("fetched", new=event.new))
        case "reading" if event.page:
            where = say("reading", id=event.arxiv_id, page=event.page, pages=event.pages)
            so_far.now = ("read", where)
        case "reading":
            so_far.now = ("read", say("downloading", id=event.arxiv_id))
        case "claim_written":
            so_far.claims.append(event.claim)
        case "text_written" if event.channel == "program":
            so_far.program += event.text
        case "text_written":
            so_far.reply += event.text
        case "program_begun":
            so_far.program = ""
        case "program_ran" if event.seconds:
            pass  # said by its step
        case "program_ran":
            ran = say("program_ran", round=event.round, outcome=event.outcome)
            so_far.steps.append(("run", ran, event.seconds))
        case "notice":
            so_far.notices.append(event.text)
        case "answered" | "failed":
            so_far.now = ("", "")
        case _:
            assert_never(event.kind)


def show_progress(so_far: Progress, doing: str) -> None:
    """Draw an answer on its way.

    Args:
        so_far: What the events amount to.
        doing: What the program is loading; shown before the first event.
    """
    name, detail = so_far.now
    if not (name or detail or so_far.steps):
        name, detail = say("starting"), doing
    show_steps(so_far.steps, (name, detail))
    for text in so_far.notices:
        messages.notice(text)
    if so_far.claims:
        st.html(
            '<p class="claims" aria-live="polite">' + " ".join(map(_claim, so_far.claims)) + "</p>"
        )
    if so_far.reply:
        messages.plain(so_far.reply)
    if so_far.program:
        st.code(so_far.program, "python")


def show_steps(steps: Sequence[tuple[str, str, float]], now: tuple[str, str] = ("", "")) -> None:
    """Draw steps with their seconds, and the one under way."""
    rows = [_step(name, detail, f"{seconds:.1f} s") for name, detail, seconds in steps]
    if any(now):
        rows.append(_step(*now, "…", kind="now"))
    st.html(f'<ol class="steps" role="status">{"".join(rows)}</ol>')


def claim_html(claim: Claim) -> str:
    """A sentence of an answer; unsupported ones and verbatim quotes look different and say so."""
    kind = "quoted" if claim.quoted else "supported" if claim.supported else "unsupported"
    why = "starter" if claim.quoted and not claim.in_quotation_marks else kind
    title = f' title="{as_html(say(why))}"' if kind != "supported" else ""
    said = f"“{claim.text}”" if claim.in_quotation_marks else claim.text
    return f'<span class="claim {kind}"{title}>{as_html(said)}</span>'


def _claim(claim: Claim) -> str:
    marks = "".join(f"<sup>[{citation.key}]</sup>" for citation in claim.citations)
    return claim_html(claim) + marks


def _step(name: str, detail: str, seconds: str, kind: str = "done") -> str:
    return (
        f'<li class="{kind}"><b>{as_html(step_name(name))}</b> '
        f"<span>{as_html(detail)}</span> <i>{as_html(seconds)}</i></li>"
    )
