"""A second program that agrees, differs, or cannot be compared."""

import ast

import pytest

from rag_agent.code.second_program import CrossCheck, cross_check, outline
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


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ("def centred(x):\n    return x - np.sum(x) / len(x)\n", CrossCheck("agrees")),
        ("def centred(x):\n    return x - np.median(x)\n", CrossCheck("differs")),
        ("def centred(x):\n    return x[:2] - x.mean()\n", CrossCheck("differs")),
        (
            "def other(x):\n    return x\n",
            CrossCheck(reason="no second program runs on the example"),
        ),
        ("def centred(x:", CrossCheck(reason="no second program runs on the example")),
    ],
)
def test_values_are_held_against_those_of_a_second_program(
    sandbox: Sandbox, second: str, expected: CrossCheck
) -> None:
    model = ScriptedModel([f"```python\n{second}```"] * 2)
    assert cross_check("centre x", BODY, CHECK, model, sandbox, CoderPrompts()) == expected
    asked = model.prompts[0][-1][1]
    assert "centre x" in asked
    assert "def centred(x):" in asked
    assert "x.mean()" not in asked


@pytest.mark.parametrize(
    ("second", "expected"), [("w[:n], w[n:]", "agrees"), ("w[n:], w[:n]", "differs")]
)
def test_results_that_are_not_numbers_are_compared_too(
    sandbox: Sandbox, second: str, expected: str
) -> None:
    body = "def split(w, n):\n    return w[:n], w[n:]\n"
    check = 'if __name__ == "__main__":\n    head, tail = result = split(["a", "b", "c"], 1)\n'
    model = ScriptedModel([f"```python\ndef split(w, n):\n    return {second}\n```"])
    assert cross_check("split", body, check, model, sandbox, CoderPrompts()).outcome == expected


def test_where_a_second_program_does_not_run_a_third_is_written(sandbox: Sandbox) -> None:
    right = "def centred(x):\n    return x - x.mean()\n"
    model = ScriptedModel(["def centred(x:", f"```python\n{right}```"])
    assert cross_check("centre x", BODY, CHECK, model, sandbox, CoderPrompts()) == CrossCheck(
        "agrees"
    )


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
        (LAYER, LAYER, CrossCheck("agrees")),
        (
            LAYER,
            LAYER.replace("(x)\n", "(-x)\n"),
            CrossCheck(reason="its weights are drawn at random"),
        ),
        (
            LAYER.replace("nn.Linear(4, 4)", "nn.ReLU()"),
            LAYER.replace("nn.Linear(4, 4)", "nn.Sigmoid()"),
            CrossCheck("differs"),
        ),
    ],
)
def test_layers_are_compared_as_far_as_their_weights_allow(
    sandbox: Sandbox, first: str, second: str, expected: CrossCheck
) -> None:
    model = ScriptedModel([f"```python{second}```"])
    assert cross_check("a layer", first, USE, model, sandbox, CoderPrompts()) == expected


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
