"""A question and its passages, made precise for the coder."""

import pytest

from ingestion.errors import AgentError, InvalidReply
from rag_agent.instruction import parse_instruction, write_instruction
from rag_agent.language_model import ScriptedModel
from tests.rag_agent.attention import INSTRUCTION, PASSAGE, QUOTE


def test_without_a_usable_instruction_the_question_is_given_as_it_is() -> None:
    reader = ScriptedModel([InvalidReply("The model replied twice with something else")])
    instruction, notice = write_instruction("show attention", [PASSAGE], reader)
    assert instruction.goal == "show attention"
    assert instruction.requirements == (QUOTE,)
    assert "as they are" in notice


def test_an_edited_instruction_is_read_back() -> None:
    assert parse_instruction(INSTRUCTION.as_text()) == INSTRUCTION
    bare = INSTRUCTION.model_copy(update={"formulas": (), "inputs": (), "outputs": ()})
    assert parse_instruction(bare.as_text()) == bare


@pytest.mark.parametrize("text", ["", "Goal: attention", "Requirements:\n- a thing", "x" * 9999])
def test_an_edit_that_leaves_no_instruction_is_an_error(text: str) -> None:
    with pytest.raises(AgentError, match="cannot be read"):
        parse_instruction(text)
