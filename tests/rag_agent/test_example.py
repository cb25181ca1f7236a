"""An example call of a program, and the self-check that is made from it."""

import ast
from typing import Any

import pytest

from ingestion.errors import InvalidReply
from rag_agent.check_code import self_check
from rag_agent.example import Call, Result, Target, choose_calls, targets
from rag_agent.language_model import ScriptedModel

ATTENTION = """
import numpy as np


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def attention(Q, K, V, mask=None):
    weights = softmax(Q @ K.T / Q.shape[-1] ** 0.5)
    return weights @ V, weights
"""
MODULE = """
import torch
from torch import nn


class Layer(nn.Module):
    def __init__(self, size, bias=True):
        super().__init__()
        self.used = nn.Linear(size, size, bias)

    def forward(self, x):
        return self.used(x)
"""
OPTIMISER = """
class Momentum:
    def __init__(self, rate):
        self.rate = rate

    def step(self, theta, gradient):
        return theta - self.rate * gradient
"""


def example(program: str, *calls: dict[str, Any]) -> str:
    """The program with the self-check that a model's choice of calls leads to."""
    tree = ast.parse(program)
    offered = targets(tree)
    reply = {t.name: {"sizes": [], **c} for t, c in zip(offered, calls, strict=True)}
    return program + self_check(choose_calls(program, offered, ScriptedModel([reply])), tree)


def call(shape: str | list[str], range: str = "any", **arguments: str) -> dict[str, Any]:
    shapes = [shape] if isinstance(shape, str) else shape
    return {"arguments": arguments, "results": [{"shape": s, "range": range} for s in shapes]}


def run(program: str) -> None:
    exec(program, {"__name__": "__main__"})


def test_what_other_definitions_use_is_not_called_itself() -> None:
    (target,) = targets(ast.parse(ATTENTION))
    assert target == Target("attention", ("Q", "K", "V"), results=2)


def test_a_class_is_called_by_its_forward_or_by_its_first_method() -> None:
    assert targets(ast.parse(MODULE)) == (Target("Layer", ("x",), ("size",), "", True),)
    assert targets(ast.parse(OPTIMISER)) == (
        Target("Momentum", ("theta", "gradient"), ("rate",), "step"),
    )


def test_a_script_offers_nothing_to_call() -> None:
    assert targets(ast.parse("x = 1")) == ()


@pytest.mark.parametrize(
    ("program", "calls"),
    [
        (
            ATTENTION,
            [
                call(
                    ["(4, 5)", "(4, 2 * 3)"],
                    Q="normal (4, 8)",
                    K="normal (6, 8)",
                    V="normal (6, 5)",
                )
            ],
        ),
        (MODULE, [call("(2, 3)", size="3", x="normal (2, 3)")]),
        (OPTIMISER, [call("(4)", rate="0.1", theta="zeros (4)", gradient="uniform (4)")]),
        ("def f(n, m):\n    return 1 / n\n", [call("()", "0 to 1", n="3", m="None")]),
        (
            "def f(i):\n    return i % 5\n",
            [call("(6, 2)", "0 or more", i="integers below 9 (6, 2)")],
        ),
        (
            "def f(p, q):\n    return p * q / (p * q).sum(-1, keepdims=True)\n",
            [
                call(
                    "(2, 5)", "sums to 1 over the last axis", p="probabilities (2, 5)", q="ones (5)"
                )
            ],
        ),
        (
            "import torch\ndef f(p, q):\n    return torch.sin(p + q)\n",
            [call("(2, 5)", "-1 to 1", p="probabilities (2, 5)", q="integers below 3 (5)")],
        ),
        (
            ATTENTION.replace("return weights @ V, weights", "return weights") + OPTIMISER,
            [
                call(
                    "(4, 6)",
                    "sums to 1 over the last axis",
                    Q="normal (4, 8)",
                    K="normal (6, 8)",
                    V="ones (2)",
                ),
                call("(4)", rate="1e-3", theta="normal (4)", gradient="normal (4)"),
            ],
        ),
    ],
)
def test_a_right_program_passes(program: str, calls: list[dict[str, Any]]) -> None:
    run(example(program, *calls))


def test_sizes_have_names_that_arguments_share() -> None:
    program = MODULE.replace("size, size, bias", "size, size // 2, bias")
    chosen = {
        **call("(batch, n, size // 2)", size="8", x="normal (batch, n, size)"),
        "sizes": ["batch = 3"],
    }
    text = example(program, chosen)
    assert "size = 8" in text
    assert "batch = 3" in text
    assert "n = 4" in text  # left open by the model
    assert "Layer(size=size)" in text
    run(text)


RIGHT = call("(4, 5)", Q="normal (4, 8)", K="normal (6, 8)", V="normal (6, 5)")


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        ("weights.T @ weights", r"the shape is \(6, 6\), not \(4, 5\)"),
        ("weights @ V / 0", "not finite"),
        ("weights @ np.ones_like(V)", "another (Q|K|V) gives the same result"),
        ("np.ones((4, 6)) @ V", "another Q gives the same result"),
    ],
)
@pytest.mark.filterwarnings("ignore:(divide|invalid)")
def test_a_wrong_program_is_caught(broken: str, complaint: str) -> None:
    program = ATTENTION.replace("weights @ V, weights", broken)
    with pytest.raises(AssertionError, match=complaint):
        run(example(program, RIGHT))


@pytest.mark.parametrize(
    ("range", "complaint"),
    [
        ("0 to 1", "between 0 and 1"),
        ("-1 to 1", "between -1 and 1"),
        ("0 or more", "negative"),
        ("sums to 1 over the last axis", "sum to 1"),
    ],
)
def test_a_range_that_does_not_hold_is_caught(range: str, complaint: str) -> None:
    program = "def f(x):\n    return -2 - x\n"
    with pytest.raises(AssertionError, match=complaint):
        run(example(program, call("(3)", range, x="uniform (3)")))


def test_a_layer_that_learns_nothing_is_caught() -> None:
    idle = MODULE.replace("bias)\n", "bias)\n        self.idle = nn.Linear(2, 2)\n", 1)
    with pytest.raises(AssertionError, match=r"no gradient reaches .*idle"):
        run(example(idle, call("(2, 3)", size="3", x="normal (2, 3)")))


def test_an_input_changed_in_place_does_not_mislead() -> None:
    program = "def f(x, g):\n    x -= g\n    return x\n"
    run(example(program, call("(3)", x="normal (3)", g="normal (3)")))


@pytest.mark.parametrize("value", ["__import__('os')", "normal (2", "[1]", "1; 2"])
def test_a_value_is_nothing_but_a_number_or_an_array(value: str) -> None:
    program = "def f(x):\n    return x\n"
    reply = {"f": {"sizes": [], **call("()", x=value)}}
    with pytest.raises(InvalidReply):
        choose_calls(program, targets(ast.parse(program)), ScriptedModel([reply, reply]))


def test_a_failed_example_is_shown_to_the_model() -> None:
    program = "def f(x):\n    return x\n"
    coder = ScriptedModel([{"f": {"sizes": [], **call("()", x="1")}}])
    (chosen,) = choose_calls(program, targets(ast.parse(program)), coder, "ValueError: too large")
    assert "ValueError: too large" in coder.prompts[0][-1][1]
    assert chosen == Call(Target("f", ("x",)), (), {"x": "1"}, (Result(shape="()"),))
