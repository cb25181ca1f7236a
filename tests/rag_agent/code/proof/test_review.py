"""Which requirements a program meets: by its syntax where that decides, else by a model's word that is held to it."""

import pytest

from rag_agent.code.proof.review import check_requirements
from rag_agent.model.scripted import ScriptedModel
from rag_agent.prompts.coder import CoderPrompts

ATTENTION = """import numpy as np

def attention(q, k, v, attn_mask=None):
    scores = q @ k.T
    if attn_mask is not None:
        scores = scores + attn_mask
    return scores @ v
"""
MISSED = {"requirement": 1, "first_line": 0, "last_line": 0, "met": False}
MET = {"requirement": 1, "first_line": 4, "last_line": 4, "met": True}


def test_what_may_be_left_out_is_met_by_a_default_that_is_read() -> None:
    [check] = check_requirements(
        ["an optional mask"], ATTENTION, 1, ScriptedModel(), CoderPrompts()
    )
    assert (check.status, check.first_line) == ("met", 5)


@pytest.mark.parametrize(
    "program", [ATTENTION.replace("=None", ""), "def attention(q, mask=None):\n    return q\n"]
)
def test_a_default_that_nothing_reads_or_none_is_left_to_the_model(program: str) -> None:
    reader = ScriptedModel([{"checks": [MISSED]}])
    [check] = check_requirements(["an optional mask"], program, 1, reader, CoderPrompts())
    assert check.status == "missed"


@pytest.mark.parametrize(
    ("required", "line"), [("in NumPy", 1), ("with given scores", 4), ("its attn mask", 5)]
)
def test_an_import_or_an_argument_of_that_name_meets_it(required: str, line: int) -> None:
    program = ATTENTION.replace("(q, k, v,", "(scores, k, v,").replace("q @", "scores @")
    [check] = check_requirements([required], program, 1, ScriptedModel(), CoderPrompts())
    assert (check.status, check.first_line) == ("met", line)


def test_another_library_is_left_to_the_model() -> None:
    reader = ScriptedModel([{"checks": [MISSED]}])
    [check] = check_requirements(["in PyTorch"], ATTENTION, 1, reader, CoderPrompts())
    assert check.status == "missed"


def test_the_model_is_asked_for_the_others_alone() -> None:
    reader = ScriptedModel([{"checks": [MET]}])
    required = ["an optional mask", "scaled dot-product attention"]
    checks = check_requirements(required, ATTENTION, 1, reader, CoderPrompts())
    assert [check.status for check in checks] == ["met", "met"]
    assert "mask\n" not in reader.prompts[0][-1][1].partition("Requirements:")[2]


def test_a_number_that_the_program_lacks_is_missed() -> None:
    reader = ScriptedModel([{"checks": [MET]}])
    [check] = check_requirements(["dropout of 0.1"], ATTENTION, 1, reader, CoderPrompts())
    assert check.status == "missed"
