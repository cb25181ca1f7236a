"""Every event becomes plain JSON under its own kind."""

import json
from typing import Any, get_args

import pytest

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
    as_json,
)
from tests.papers import SOURDOUGH

CITATION = Citation(1, SOURDOUGH, None, "The rate", 10, "The rate peaks", 0.9)
CLAIM = Claim("The rate peaks.", True, (CITATION,))
EVENTS: list[Event] = [
    StepStarted("plan"),
    StepFinished("plan", 0.1),
    Planned("research", "en", "query", ("a",), ("b", "c")),
    Searched("query", (Hit(SOURDOUGH, 0.6, 1.0, True),), 1, 0.5),
    WaitingForArxiv(3.0, "the gate"),
    Fetched("bread", ("2711.00001",), 1),
    Reading("2711.00001", 1, 9),
    ClaimWritten(CLAIM),
    TextWritten("Hello"),
    ProgramBegun(),
    ProgramRan(1, "ran", 0.2),
    Notice("arXiv is down"),
    Answered(Answer("When?", "en", True, (CLAIM,))),
    Failed("It broke"),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.kind)
def test_as_json(event: Event) -> None:
    values: dict[str, Any] = json.loads(json.dumps(as_json(event)))
    assert values["kind"] == event.kind


def test_every_event_is_here_with_a_kind_of_its_own() -> None:
    known = get_args(Event)
    assert {type(event) for event in EVENTS} == set(known)
    assert len({event.kind for event in EVENTS}) == len(known)


def test_an_answer_as_text_and_its_sources() -> None:
    other = Citation(2, SOURDOUGH, 3, "It", 0, "It", 0.5)
    answer = Answer("When?", "en", True, (CLAIM, Claim("It.", True, (other, CITATION))))
    assert answer.text == "The rate peaks. [1] It. [2] [1]"
    assert [source.key for source in answer.sources] == [1, 2]
