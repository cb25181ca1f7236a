"""An example of a program's use, and the self-check that is made from it."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.errors import InvalidReply
from rag_agent.code.proof.example import Target, read_example, targets, write_example
from rag_agent.code.proof.self_check import self_check
from rag_agent.model.scripted import ScriptedModel
from rag_agent.prompts.coder import CoderPrompts

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


CALLED = """
queries, keys, size, values = 4, 6, 8, 5
Q = np.random.randn(queries, size)
K = np.random.randn(keys, size)
V = np.random.randn(keys, values)
out, weights = attention(Q, K, V)
assert out.shape == (queries, values)
assert weights.shape == (queries, keys)
"""


def checked(program: str, example: str) -> str:
    """The program with the self-check that an example by the model leads to."""
    tree = ast.parse(program)
    offered = targets(tree)
    written = write_example(
        program, offered, ScriptedModel([f"```python\n{example}```"]), CoderPrompts()
    )
    return program + self_check(written, tree)


def run(program: str) -> None:
    exec(program, {"__name__": "__main__"})


def test_what_other_definitions_use_is_not_called_itself() -> None:
    (target,) = targets(ast.parse(ATTENTION))
    assert target == Target("attention", optional={"": {3: "mask"}})


def test_classes_and_their_methods_can_be_called() -> None:
    (module,) = targets(ast.parse(MODULE))
    assert (module.name, module.is_class, module.is_module) == ("Layer", True, True)
    (optimiser,) = targets(ast.parse(OPTIMISER))
    assert (optimiser.is_class, optimiser.is_module) == (True, False)


def test_a_script_offers_nothing_to_call() -> None:
    assert targets(ast.parse("x = 1")) == ()


@pytest.mark.parametrize(
    ("program", "example"),
    [
        (ATTENTION, CALLED),
        (
            MODULE,
            "x = torch.randn(2, 3)\nlayer = Layer(3)\ny = layer(x)\nassert y.shape == x.shape",
        ),
        (
            OPTIMISER,
            "theta = np.zeros(4)\ngradient = np.random.rand(4)\nmomentum = Momentum(rate=0.1)\n"
            "result = momentum.step(theta, gradient)\nassert result.shape == (4,)",
        ),
        ("def f(n, m):\n    return 1 / n\n", "result = f(3, None)"),
        (
            "import random\ndef f(words):\n    return [w for w in words if random.random() < 0.5]\n",
            "words = ['a', 'b']\nresult = f(words)\nassert len(result) <= len(words)",
        ),
        (
            ATTENTION.replace("return weights @ V, weights", "return weights") + OPTIMISER,
            "import numpy as np\nQ = K = V = np.random.rand(4, 8)\nw = attention(Q, K, V)\n"
            "assert w.shape == (4, 4)\nm = Momentum(0.1)\nt = m.step(np.ones(3), np.ones(3))\n"
            "assert t.shape == (3,)",
        ),
        (MODULE, 'if __name__ == "__main__":\n    y = Layer(4)(torch.rand(2, 4))\n    print(y)'),
    ],
)
def test_a_right_program_passes(program: str, example: str) -> None:
    run(checked(program, example))


def test_asserts_on_values_are_left_out() -> None:
    """The 1.5B model's do not follow from the formulas."""
    text = checked(ATTENTION, CALLED + "assert np.allclose(out.sum(-1), 1)\nassert out[0] == 0.1\n")
    assert "allclose" not in text
    assert "0.1" not in text
    run(text)


def test_an_assert_on_a_name_that_nothing_binds_is_left_out() -> None:
    example = CALLED + "assert out.shape == (queries, num_patches)\n"
    example += "assert all(len(row) == values for row in out)\n"
    checks = checked(ATTENTION, example).removeprefix(ATTENTION)
    assert "num_patches" not in checks
    assert "for row in out" in checks
    run(ATTENTION + checks)


def test_an_input_that_the_program_can_do_without_is_left_out() -> None:
    """A mask seldom fits: no program with one passed."""
    masked = CALLED.replace("attention(Q, K, V)", "attention(Q, K, V, mask)")
    text = checked(ATTENTION, "mask = np.ones((3, 3))\n" + masked)
    assert "mask" not in text.partition("__main__")[2]
    assert text == checked(ATTENTION, CALLED.replace("K, V)", "K, V, mask=np.eye(2))"))
    run(text)


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        ("(weights.T @ weights, weights)", r"the shape is \(6, 6\), not \(4, 5\)"),
        ("(weights @ V / 0, weights)", "out is not finite"),
        ("(weights @ np.ones_like(V), weights)", "another V gives the same result"),
        ("(np.ones((4, 6)) @ V, np.ones((4, 6)))", "another Q gives the same result"),
        ("(weights @ V,)", "not enough values"),
    ],
)
@pytest.mark.filterwarnings("ignore:(divide|invalid)")
def test_a_wrong_program_is_caught(broken: str, complaint: str) -> None:
    program = ATTENTION.replace("weights @ V, weights", broken)
    with pytest.raises((AssertionError, ValueError), match=complaint):
        run(checked(program, CALLED))


def test_a_wrong_length_is_caught() -> None:
    program = "def f(words):\n    return words[1:]\n"
    with pytest.raises(AssertionError, match="the length is 1, not 2"):
        run(checked(program, "result = f(['a', 'b'])\nassert len(result) == 2"))


def test_nothing_returned_is_caught() -> None:
    with pytest.raises(AssertionError):
        run(checked("def f(x):\n    x + 1\n", "result = f(2)"))


def test_numbers_that_change_nothing_are_caught() -> None:
    program = "import math\ndef f(rate, step):\n    return math.exp(0.5)\n"
    example = "rate = 0.1\nstep = 3\nresult = f(rate, step)"
    with pytest.raises(AssertionError, match="other numbers give the same result"):
        run(checked(program, example))
    run(checked(program.replace("0.5", "-rate * step"), example))


def test_what_only_the_name_of_a_module_resembles_is_not_imported() -> None:
    assert "import random" not in checked(ATTENTION, CALLED)


def test_a_layer_that_learns_nothing_is_caught() -> None:
    idle = MODULE.replace("bias)\n", "bias)\n        self.idle = nn.Linear(2, 2)\n", 1)
    with pytest.raises(AssertionError, match=r"no gradient reaches .*idle"):
        run(
            checked(
                idle,
                "x = torch.randn(2, 3)\nm = Layer(3)\ny = m(x)\nassert y.shape == (2, 3)",
            )
        )


def test_an_input_changed_in_place_does_not_mislead() -> None:
    program = "def f(x, g):\n    x -= g\n    return x\n"
    drawn = "x = np.random.randn(3)\ng = np.random.randn(3)\n"
    run(checked(program, drawn + "result = f(x, g)\nassert result.shape == (3,)"))


@pytest.mark.parametrize("reply", ["I cannot.", "x = 1", "```python\nf(\n```", "result = g(1)", ""])
def test_an_example_that_calls_nothing_is_refused(reply: str) -> None:
    program = "def f(x):\n    return x\n"
    with pytest.raises(InvalidReply, match="calls nothing"):
        write_example(program, targets(ast.parse(program)), ScriptedModel([reply]), CoderPrompts())


def test_a_program_repeated_beside_the_example_does_not_replace_the_one_to_check() -> None:
    wrong = "def f(x):\n    return x / 0\n"
    text = checked(wrong, "def f(x):\n    return x\n\nresult = f(2)")
    assert text.count("def f(") == 1
    with pytest.raises(ZeroDivisionError):
        run(text)


@given(st.text(max_size=60) | st.sampled_from([CALLED]).map(lambda text: text[:-9]))
def test_no_reply_of_a_model_breaks_it(reply: str) -> None:
    tree = ast.parse(ATTENTION)
    try:
        example = read_example(reply, targets(tree))
    except InvalidReply:
        return
    ast.parse(self_check(example, tree))
