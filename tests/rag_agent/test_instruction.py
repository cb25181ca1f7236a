"""A question and its passages, made precise for the coder."""

import pytest

from ingestion.errors import AgentError, InvalidReply
from ingestion.paper import Paper
from rag_agent.answer import Citation
from rag_agent.instruction import Instruction, parse_instruction, write_instruction
from rag_agent.language_model import ScriptedModel

PAPER = Paper(
    arxiv_id="1706.03762",
    title="Attention Is All You Need",
    abstract="We propose the Transformer.",
    authors=("A. Vaswani",),
    categories=("cs.CL",),
    year=2017,
)
QUOTE = "We compute the dot products of the query with all keys, divide each by √dk"
PASSAGE = Citation(
    key=1,
    paper=PAPER,
    page=4,
    quote=QUOTE,
    start=120,
    passage=f"3.2.1 Scaled Dot-Product Attention\n{QUOTE}, and apply a softmax function.",
    cosine=0.7,
)
INSTRUCTION = Instruction(
    goal="Compute scaled dot-product attention.",
    formulas=("softmax(Q K^T / sqrt(d_k)) V",),
    inputs=("Q: (n, d_k)",),
    outputs=("out: (n, d_v)",),
    requirements=("divide by sqrt(d_k)", "apply a softmax"),
)


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
