"""Steps are timed and closed, notices kept, events handed on."""

import pytest

from rag_agent.events import Event, Notice, StepFinished, StepStarted
from rag_agent.progress import Telling


def test_a_step_is_told_when_it_begins_and_when_it_ends() -> None:
    events: list[Event] = []
    told = Telling(events.append)
    with told.step("run", "first") as closing:
        assert events == [StepStarted("run", "first")]
        closing.append("passed")
    (step,) = told.steps
    assert events[1:] == [StepFinished("run", step.seconds, "passed")]
    assert (step.name, step.detail) == ("run", "passed")


def test_a_step_that_an_error_ends_is_closed_with_its_detail() -> None:
    told = Telling()
    with pytest.raises(ZeroDivisionError), told.step("write", "a draft"):
        raise ZeroDivisionError
    assert [(step.name, step.detail) for step in told.steps] == [("write", "a draft")]


def test_a_notice_is_told_and_kept() -> None:
    events: list[Event] = []
    told = Telling(events.append)
    told.notice("kept the one before")
    assert events == [Notice("kept the one before")]
    assert told.notices == ["kept the one before"]
