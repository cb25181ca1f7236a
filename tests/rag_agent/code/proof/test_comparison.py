"""A second program that agrees, differs, or cannot be compared."""

import ast

import pytest

from rag_agent.code.proof.comparison import Compared, CrossCheck, compare, outline
from rag_agent.model.scripted import ScriptedModel
from rag_agent.prompts.coder import CoderPrompts
from rag_agent.sandbox import Sandbox
from rag_agent.settings import SandboxSettings
from tests.rag_agent import sandboxes

BODY = 'import numpy as np\n\n\ndef centred(x):\n    """x minus its mean, (n,)."""\n    return x - x.mean()\n'
CHECK = """
if __name__ == "__main__":
    rng = np.random.default_rng(0)

    def run(x=rng.normal(size=(5,))):
        return np.array(centred(x))

    result = run()
    assert abs(result.sum()) < 1e-9
    print(result)
"""


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return sandboxes.opened(SandboxSettings(timeout_s=60))


RIGHT = "def centred(x):\n    return x - np.sum(x) / len(x)\n"
WRONG = "def centred(x):\n    return x - np.median(x)\n"
ALSO_WRONG = "def centred(x):\n    return x[:2] - x.mean()\n"
UNRUN = "def centred(x:"
OTHER_NAME = "def other(x):\n    return x\n"
NONE_RUN = "no further program runs on the example"


def compared(first: str, others: list[str], sandbox: Sandbox, check: str = CHECK) -> Compared:
    model = ScriptedModel([f"```python\n{other}```" for other in others])
    return compare(
        "centre x", "x minus mean", first, check, model, sandbox, CoderPrompts(), paper_first=False
    )


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([RIGHT], CrossCheck("agrees", "", 1, 1)),
        ([WRONG, RIGHT], CrossCheck("agrees", "", 1, 2)),
        ([UNRUN, RIGHT], CrossCheck("agrees", "", 1, 1)),
        ([WRONG, ALSO_WRONG, UNRUN], CrossCheck("differs", "", 0, 2)),
        ([OTHER_NAME, UNRUN, OTHER_NAME], CrossCheck(reason=NONE_RUN)),
    ],
)
@pytest.mark.long
def test_values_are_held_against_those_of_further_programs(
    sandbox: Sandbox, others: list[str], expected: CrossCheck
) -> None:
    assert compared(BODY, others, sandbox) == Compared(expected)


def test_two_that_agree_with_each_other_and_not_with_the_first_are_given(sandbox: Sandbox) -> None:
    wrong = BODY.replace("x.mean()", "x.max()")
    found = compared(wrong, [RIGHT, RIGHT.replace("np.sum(x) / len(x)", "x.mean()")], sandbox)
    assert found.check == CrossCheck("differs", "", 0, 2)
    assert "np.sum(x) / len(x)" in found.theirs


@pytest.mark.parametrize("paper_first", [False, True])
def test_others_see_the_definition_and_not_its_body_and_one_of_them_the_paper(
    sandbox: Sandbox, paper_first: bool
) -> None:
    model = ScriptedModel([f"```python\n{WRONG}```", f"```python\n{RIGHT}```"])
    compare(
        "centre x",
        "x minus mean",
        BODY,
        CHECK,
        model,
        sandbox,
        CoderPrompts(),
        paper_first=paper_first,
    )
    first, second = (prompt[-1][1] for prompt in model.prompts)
    for asked in (first, second):
        assert "centre x" in asked
        assert "def centred(x):" in asked
        assert "x.mean()" not in asked
    assert ("x minus mean" in first, "x minus mean" in second) == (paper_first, not paper_first)


@pytest.mark.parametrize(
    ("second", "expected"), [("w[:n], w[n:]", "agrees"), ("w[n:], w[:n]", "differs")]
)
def test_results_that_are_not_numbers_are_compared_too(
    sandbox: Sandbox, second: str, expected: str
) -> None:
    body = "def split(w, n):\n    return w[:n], w[n:]\n"
    check = 'if __name__ == "__main__":\n    head, tail = result = split(["a", "b", "c"], 1)\n'
    other = f"def split(w, n):\n    return {second}\n"
    assert compared(body, [other, UNRUN, UNRUN], sandbox, check).check.outcome == expected


def test_what_is_drawn_at_random_is_not_compared(sandbox: Sandbox) -> None:
    body = "def noise(x):\n    return x + np.random.rand()\n"
    check = CHECK.replace("centred", "noise")
    other = "def noise(x):\n    return np.random.rand() - x\n"
    found = compared(f"import numpy as np\n{body}", [other, UNRUN, UNRUN], sandbox, check)
    assert found.check == CrossCheck(reason=NONE_RUN)


LAYER = """
import torch
from torch import nn


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(4, 4)

    def forward(self, x):
        return self.inner(x)
"""
USE = 'if __name__ == "__main__":\n    torch.manual_seed(0)\n    m = Layer()\n    result = m(torch.ones(2, 4))\n'


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (LAYER, LAYER.replace("inner", "projection"), "agrees"),
        (LAYER, LAYER.replace("(4, 4)", "(4, 4, bias=False)"), "agrees"),
        (LAYER, LAYER.replace("(x)\n", "(-x)\n"), "differs"),
        (LAYER, LAYER.replace("nn.Linear(4, 4)", "nn.Linear(4, 2)"), "not compared"),
        (
            LAYER.replace("nn.Linear(4, 4)", "nn.ReLU()"),
            LAYER.replace("nn.Linear(4, 4)", "nn.Sigmoid()"),
            "differs",
        ),
    ],
)
@pytest.mark.long
def test_layers_are_compared_with_the_same_weights(
    sandbox: Sandbox, first: str, second: str, expected: str
) -> None:
    assert compared(first, [second, UNRUN, UNRUN], sandbox, USE).check.outcome == expected


def test_an_outline_keeps_names_arguments_and_docstrings() -> None:
    program = (
        "@cache\ndef f(x, k=2):\n    '''Doubles.'''\n    return x * k\n\n"
        "class A(B):\n    def run(self, y: int) -> int:\n        return y\n"
    )
    text = outline(ast.parse(program))
    assert "def f(x, k=2):" in text
    assert "Doubles." in text
    assert "class A(B):" in text
    assert "    def run(self, y: int) -> int:" in text
    assert "return" not in text
    ast.parse(text)
