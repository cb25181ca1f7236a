"""Every kind of event has its place in what the page shows of an answer on its way."""

from dataclasses import replace
from typing import get_args

import pytest
from streamlit.testing.v1 import AppTest

from rag_agent.answer import Answer
from rag_agent.citation import Citation, Claim, Hit
from rag_agent.events import (
    Answered,
    ClaimWritten,
    Event,
    Failed,
    Fetched,
    Notice,
    Planned,
    ProgramBegun,
    ProgramRan,
    Reading,
    Searched,
    StepFinished,
    StepStarted,
    TextWritten,
    WaitingForArxiv,
)
from tests.papers import PONDS
from ui.web.events import progress_of

pytestmark = pytest.mark.long

CITATION = Citation(1, PONDS, None, "The lunar tide", 5, "The lunar tide of the pond", 0.9)
HIT = Hit(PONDS, 0.7, 1.0, passes=True)
SHOWN: tuple[tuple[Event, str], ...] = (
    (StepStarted("search", "pond tides"), "pond tides"),
    (StepFinished("search", 1.24, "“ponds”: 7 papers ≥ 0.5"), "7 papers ≥ 0.5"),
    (Planned("research", "en", "ponds", ("ponds",)), ""),
    (Searched("ponds", (HIT,), 1, 0.5), ""),
    (WaitingForArxiv(3.0, "one request every 3 seconds"), "waiting for arXiv 3 s"),
    (Fetched("ponds", ("2711.00003",), 1), "1 new papers from arXiv"),
    (Reading("2005.11401", 4, 19), "reading 2005.11401, p. 4 of 19"),
    (ClaimWritten(Claim("Ponds have tides.", True, (CITATION,))), "Ponds have tides."),
    (TextWritten("Hello <b>you</b>"), "Hello &lt;b&gt;you&lt;/b&gt;"),
    (ProgramBegun(), ""),
    (ProgramRan(1, "passed", 2.0), ""),
    (Notice("The model is slow."), "The model is slow."),
    (Answered(Answer("?", "en", True)), ""),
    (Failed("The library is gone"), ""),
)


def test_all_kinds_are_tried_here() -> None:
    assert {type(event) for event, _ in SHOWN} == set(get_args(Event))


@pytest.mark.parametrize(("event", "text"), SHOWN, ids=[event.kind for event, _ in SHOWN])
def test_an_event_is_shown(event: Event, text: str) -> None:
    def script(event):  # type: ignore[no-untyped-def]  # its source runs elsewhere, without names
        from ui.web.events import progress_of, show_progress

        show_progress(progress_of([event]), "loading the model")

    at = AppTest.from_function(script, args=(event,), default_timeout=30).run()
    assert not at.exception
    assert text in "".join(element.proto.body for element in at.get("html"))


def test_a_program_is_shown_as_it_is_written_until_another_begins() -> None:
    events: list[Event] = [
        StepStarted("review"),
        ProgramBegun(),
        TextWritten("first", "program"),
        ProgramBegun(),
        TextWritten("sec", "program"),
        TextWritten("ond", "program"),
    ]
    assert progress_of(events).program == "second"


def test_a_run_is_shown_once_and_a_program_that_cannot_run_with_the_reason() -> None:
    run: list[Event] = [StepFinished("run", 2.0, "passed"), ProgramRan(1, "passed", 2.0)]
    assert progress_of(run).steps == [("run", "passed", 2.0)]
    ((_, said, _),) = progress_of([ProgramRan(1, "it is not valid Python", 0.0)]).steps
    assert "it is not valid Python" in said


def test_a_failure_leaves_no_step_open() -> None:
    so_far = progress_of([StepStarted("search", "ponds"), Failed("The library is gone")])
    assert so_far.now == ("", "")
    assert so_far.steps == []


def test_the_steps_on_the_way_are_those_of_the_answer() -> None:
    events: list[Event] = []
    for name in ("instruct", "write", "run", "repair", "run", "review"):
        events += [StepStarted(name), StepFinished(name, 1.0, "done")]
        events += [ProgramRan(1, "passed", 1.0)] if name == "run" else []
    shown = [name for name, _, _ in progress_of(events).steps]
    assert shown == ["instruct", "write", "run", "repair", "run", "review"]


def test_unsupported_and_quoted_sentences_look_different() -> None:
    from ui.web.events import claim_html

    kinds = [
        claim_html(Claim("x", supported, (CITATION,), quoted))
        for supported, quoted in ((True, False), (False, False), (True, True))
    ]
    assert ["unsupported" in kind for kind in kinds] == [False, True, False]
    assert len(set(kinds)) == 3


def test_a_summary_of_this_project_stands_in_no_quotation_marks() -> None:
    from ui.web.events import claim_html

    own = Claim("x", True, (replace(CITATION, kind="summary"),), quoted=True)
    assert "“x”" in claim_html(replace(own, citations=(CITATION,)))
    assert "“" not in claim_html(own)
    assert "own words" in claim_html(own)
