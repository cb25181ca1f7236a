"""How the torture tells right answers from wrong ones: what it would not see it could not count."""

from typing import Any

import pytest

from bench.scripted_reader import NOT_STATED, reply
from bench.torture import LAKES, Tally, _error, _judged, _recovered, papers

FIRST, OTHER = LAKES[0], LAKES[1]
RIGHT, WRONG = (
    "The tide of lake {} is 101 nanometres. [1]",
    "The tide of lake {} is 102 nanometres. [1]",
)


def answer(*notices: str, answered: bool = True) -> dict[str, Any]:
    return {"answered": answered, "notices": list(notices)}


@pytest.mark.parametrize(
    ("name", "text", "given", "outcome"),
    [
        (FIRST, RIGHT.format(FIRST), answer(), "right"),
        (FIRST, WRONG.format(OTHER), answer(), "wrong"),
        (FIRST, "The texts at hand do not say it.", answer(answered=False), "wrong"),
        (FIRST, WRONG.format(OTHER), answer("The model failed."), "wrong"),
        (FIRST, RIGHT.format(FIRST), answer("The model failed."), "right, with a notice"),
        (FIRST, "Not said.", answer("No store.", answered=False), "less, with a notice"),
        ("Zorro", "The texts at hand do not say it.", answer(answered=False), "right"),
        ("Zorro", RIGHT.format(FIRST), answer(), "wrong"),
    ],
)
def test_each_answer_is_judged(name: str, text: str, given: dict[str, Any], outcome: str) -> None:
    assert _judged(name, text, given)[0] == outcome


@pytest.mark.parametrize(
    ("message", "outcome"),
    [
        ("The library at x does not answer. What was written before is kept.", "clear error"),
        ("An error of the program: KeyError: 'x'", "unclear error"),
        ("", "unclear error"),
    ],
)
def test_an_error_of_the_program_is_no_clear_one(message: str, outcome: str) -> None:
    assert _error(message)[0] == outcome


def test_the_scripted_model_says_what_the_texts_shown_say() -> None:
    def asked(text: str) -> str:
        return reply([{"content": "Answer."}, {"content": text}])

    question = f"Question: What is the tide of lake {FIRST}?"
    shown = " ".join(paper.abstract for paper in papers()[:3])
    assert asked(f"Abstract: {shown}\n{question}") == f"The tide of lake {FIRST} is 101 nanometres."
    assert asked(f"Abstract: {papers()[1].abstract}\n{question}") == NOT_STATED


def test_the_lakes_are_told_apart() -> None:
    assert len(set(LAKES)) == len(papers()) == len({paper.abstract for paper in papers()})
    assert Tally().seen["quiet"]["right"] == 0


def test_a_fault_without_a_right_answer_after_it_has_no_figure() -> None:
    told = _recovered({"store": [10.0, 20.0], "disk": [30.0]}, [9.0, 10.5, 21.0])
    assert told == {"store": {"median": 0.75, "most": 1.0}, "disk": {"median": None, "most": None}}
