"""What the terminal shows of an answer; a program's way is told once a step, its verdict is the result's."""

import io
from dataclasses import replace

from rich.console import Console

from rag_agent.answer import Answer, Step
from rag_agent.citation import Citation, Claim
from rag_agent.events import (
    Answered,
    Event,
    Planned,
    ProgramBegun,
    ProgramRan,
    StepFinished,
    TextWritten,
)
from tests.papers import PONDS
from tests.rag_agent.code.test_result import RESULT
from ui.terminal import show

QUOTE = Citation(
    1, PONDS, 3, "The lunar tide is 31 nanometres.", 5, "The lunar tide is 31.", 0.9, "pdf"
)
SUMMARY = replace(QUOTE, page=None, kind="summary")


def shown(answer: Answer, *events: Event) -> tuple[str, str]:
    """What stands on stdout and beside it."""
    out, err = io.StringIO(), io.StringIO()
    show([*events, Answered(answer)], Console(file=out, width=200), Console(file=err, width=200))
    return out.getvalue(), err.getvalue()


def test_a_source_stands_with_its_quote_and_its_page() -> None:
    said, _ = shown(Answer("?", "en", True, (Claim("It is 31 nm.", True, (QUOTE,)),)))
    assert "“The lunar tide is 31 nanometres.”" in said
    assert "p. 3" in said


def test_a_summary_stands_without_quotation_marks_and_says_whose_words_it_is() -> None:
    said, _ = shown(Answer("?", "en", True, (Claim("It is 31 nm.", True, (SUMMARY,)),)))
    assert "“" not in said
    assert "The lunar tide is 31 nanometres. (a summary in this project's own words)" in said


def test_what_the_paper_does_not_say_is_declined_with_the_nearest_sentences_apart() -> None:
    declined = Answer(
        "?", "en", False, route="paper", verdict="declined", nearest_sentences=(QUOTE,)
    )
    said, _ = shown(declined)
    assert said.index("The paper does not say.") < said.index(
        "The nearest sentences, not an answer"
    )
    assert said.index("not an answer") < said.index("“The lunar tide")
    assert "[1]" not in said, "it is no source"


def test_a_missing_part_is_named() -> None:
    said, _ = shown(Answer("?", "en", True, reply="Half.", missing=("the price of the pond",)))
    assert "Not found: the price of the pond" in said


def test_a_chinese_question_is_told_in_chinese() -> None:
    answer = Answer("?", "zh", False, route="paper", verdict="declined", steps=(Step("plan", 1.0),))
    planned = Planned("paper", "zh", "ponds", ())
    said, beside = shown(answer, planned, StepFinished("search", 1.2, "7"))
    assert "论文没有说明。" in said
    assert "搜索: 7" in beside


def ran(*events: Event) -> tuple[str, str]:
    """What stands on stdout and beside it when a program was asked for."""
    return shown(Answer("attention", "en", True, route="code", code=RESULT), *events)


def test_a_run_is_told_once() -> None:
    _, told = ran(StepFinished("run", 0.2, "passed"), ProgramRan(1, "passed", 0.2))
    assert told.count("run") == 1


def test_a_program_that_cannot_run_is_told_with_the_reason() -> None:
    assert "it is not valid Python" in ran(ProgramRan(1, "it is not valid Python", 0.0))[1]


def test_a_new_program_begins_on_a_line_of_its_own() -> None:
    out, _ = ran(ProgramBegun(), TextWritten("y = 2", "program"), ProgramBegun())
    assert "y = 2\n" in out


def test_the_verdict_is_the_results_own_with_its_reason() -> None:
    out, _ = ran()
    assert "verdict: incomplete not met: a mask" in out
    assert "self-check: 2 of 2 asserts held" in out
    assert "a mask (not met)" in out
