"""Every prompt on the way to a program can be replaced by name, whatever signs stand in it."""

from collections.abc import Callable

import pytest

from ingestion.errors import AgentError
from rag_agent.prompts.coder import DEFAULTS, CoderPrompts
from rag_agent.prompts.reader import Prompts

SAID: dict[str, Callable[[CoderPrompts], object]] = {
    "code_program": lambda prompts: prompts.program("Request: attention", "python"),
    "code_program_other": lambda prompts: prompts.program("Request: attention", "rust"),
    "code_repair": lambda prompts: prompts.repair("NameError"),
    "code_missed": lambda prompts: prompts.missed(["a mask"]),
    "code_example": lambda prompts: prompts.example("x = 1"),
    "code_review": lambda prompts: prompts.review("1: x = 1", ["a mask"]),
    "code_second_program": lambda prompts: prompts.second_program("attention", "def f(): ..."),
}


def test_all_prompts_are_tried_here() -> None:
    assert set(SAID) == set(DEFAULTS)


@pytest.mark.parametrize("name", sorted(DEFAULTS))
def test_a_prompt_replaced_by_name_is_the_one_said(name: str) -> None:
    mine = "Mind {this} and {}."
    said = str(SAID[name](Prompts({name: mine}).coder))
    assert mine in said
    assert DEFAULTS[name][:40] not in said


def test_what_is_asked_takes_its_place_in_the_template() -> None:
    prompts = CoderPrompts(
        {"code_repair": "Mend {problem}!", "code_program_other": "In {language}."}
    )
    assert prompts.repair("a {brace}") == "Mend a {brace}!"
    assert prompts.program("attention", "rust")[0] == ("system", "In rust.")
    assert "- a mask\n- a scale" in CoderPrompts().missed(["a mask", "a scale"])


def test_a_name_that_no_prompt_has_is_told_with_those_there_are() -> None:
    with pytest.raises(AgentError, match="code_nothing") as raised:
        Prompts({"code_nothing": "x"})
    assert "code_repair" in raised.value.next_step
    assert "plan" in raised.value.next_step
