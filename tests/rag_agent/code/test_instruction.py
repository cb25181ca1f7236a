"""A question and its passages, made precise for the coder."""

from dataclasses import replace

import pytest

from ingestion.errors import AgentError, InvalidReply
from rag_agent.code.instruction import formulas_in, parse_instruction, write_instruction
from rag_agent.model.scripted import ScriptedModel
from rag_agent.prompts.coder import CoderPrompts
from tests.rag_agent.attention import INSTRUCTION, PASSAGE, QUOTE


def test_without_a_usable_instruction_the_question_is_given_as_it_is() -> None:
    reader = ScriptedModel([InvalidReply("The model replied twice with something else")])
    instruction, notice = write_instruction("show attention", [PASSAGE], reader, CoderPrompts())
    assert instruction.goal == "show attention"
    assert instruction.requirements == (QUOTE,)
    assert "as they are" in notice


def test_formulas_are_sentences_of_the_paper_as_they_stand() -> None:
    passage = replace(
        PASSAGE,
        quote="We set n = 200 layers. The output is y = W x + b of each layer. It has 1 input.",
        passage="The loss is L = (y − t) / n here. We set n = 200 layers. The output is y = W x + b of each "
        "layer. It has 1 input.",
    )
    assert formulas_in([passage]) == (
        "The output is y = W x + b of each layer.",
        "The loss is L = (y − t) / n here.",
    )


def test_the_reader_writes_no_formula() -> None:
    written = INSTRUCTION.model_dump(exclude={"formulas"})
    instruction, notice = write_instruction(
        "show attention", [PASSAGE], ScriptedModel([written]), CoderPrompts()
    )
    assert (instruction, notice) == (INSTRUCTION.model_copy(update={"formulas": ()}), "")


def test_requirements_copied_from_an_example_of_the_prompt_are_dropped() -> None:
    copied = "the gate mixes new values and x"
    written = INSTRUCTION.model_dump(exclude={"formulas"})
    written["requirements"] = [copied, "apply a softmax"]
    reader = ScriptedModel([written])
    instruction, _ = write_instruction("show attention", [PASSAGE], reader, CoderPrompts())
    assert instruction.requirements == ("apply a softmax",)
    assert any(copied in text for _, text in reader.prompts[0])


def test_an_edited_instruction_is_read_back() -> None:
    assert parse_instruction(INSTRUCTION.as_text()) == INSTRUCTION
    bare = INSTRUCTION.model_copy(
        update={"definition": "", "formulas": (), "inputs": (), "outputs": ()}
    )
    assert parse_instruction(bare.as_text()) == bare


@pytest.mark.parametrize("text", ["", "Goal: attention", "Requirements:\n- a thing", "x" * 9999])
def test_an_edit_that_leaves_no_instruction_is_an_error(text: str) -> None:
    with pytest.raises(AgentError, match="cannot be read"):
        parse_instruction(text)
