"""A program in the terminal: its way told once a step, its verdict that of the result."""

import io

from rich.console import Console

from rag_agent.answer import Answer
from rag_agent.events import Answered, Event, ProgramBegun, ProgramRan, StepFinished, TextWritten
from tests.rag_agent.code.test_result import RESULT
from ui.terminal import show


def shown(*events: Event) -> tuple[str, str]:
    """What stands on the output and beside it."""
    out, progress = io.StringIO(), io.StringIO()
    answer = Answer("attention", "en", True, route="code", code=RESULT)
    consoles = [Console(file=file, width=120) for file in (out, progress)]
    assert show([*events, Answered(answer)], *consoles) == answer
    return out.getvalue(), progress.getvalue()


def test_a_run_is_told_once() -> None:
    _, told = shown(StepFinished("run", 0.2, "passed"), ProgramRan(1, "passed", 0.2))
    assert told.count("run") == 1


def test_a_program_that_cannot_run_is_told_with_the_reason() -> None:
    assert "it is not valid Python" in shown(ProgramRan(1, "it is not valid Python", 0.0))[1]


def test_a_new_program_begins_on_a_line_of_its_own() -> None:
    out, _ = shown(ProgramBegun(), TextWritten("y = 2", "program"), ProgramBegun())
    assert "y = 2\n" in out


def test_the_verdict_is_the_results_own_with_its_reason() -> None:
    out, _ = shown()
    assert "verdict: incomplete not met: a mask" in out
    assert "self-check: 2 of 2 asserts held" in out
    assert "missed: a mask" in out
