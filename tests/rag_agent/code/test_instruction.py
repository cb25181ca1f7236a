"""A question and its passages, made precise for the coder."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.errors import AgentError
from rag_agent.code.instruction import (
    formulas_in,
    instruction_of,
    parse_instruction,
    requirements_of,
)
from tests.rag_agent.attention import INSTRUCTION, PASSAGE


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        (
            "Show scaled dot-product attention with an optional mask",
            ("scaled dot-product attention", "an optional mask"),
        ),
        (
            "Show batch normalisation before the activation, as this paper adopts it, in training mode",
            ("batch normalisation before the activation", "in training mode"),
        ),
        (
            "Write a program that shows a layer (W x + b, b starts at zero) in PyTorch.",
            ("a layer", "W x + b", "b starts at zero", "in PyTorch"),
        ),
        ("tiles with a running maximum and sum", ("tiles", "a running maximum and sum")),
        ("attention", ("attention",)),
        ("写出注意力机制", ("写出注意力机制",)),
        ("show", ("show",)),
    ],
)
def test_what_is_required_is_what_the_request_names(question: str, parts: tuple[str, ...]) -> None:
    assert requirements_of(question) == parts


@given(st.text(max_size=400))
def test_any_request_makes_an_instruction(question: str) -> None:
    instruction = instruction_of(question, [])
    assert parse_instruction(instruction.as_text()).requirements or not question.strip()
    assert 1 <= len(instruction.requirements) <= 6


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
