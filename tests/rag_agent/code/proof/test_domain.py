"""Inputs on which a program is defined."""

import ast

import pytest

from rag_agent.code.proof.domain import undefined_on_its_inputs, with_positive_inputs
from rag_agent.code.proof.example import read_example, targets

PROGRAM = "def update(grad, m, v):\n    return m / v ** 0.5\n"
EXAMPLE = """grad = np.random.randn(4)
m = torch.randn(2, 4)
v = np.random.rand(4)
out = update(grad, m, v)
assert out.shape == (4,)
"""


def test_each_input_of_either_sign_is_drawn_positive_then_all() -> None:
    example = read_example(EXAMPLE, targets(ast.parse(PROGRAM)))
    others = dict(with_positive_inputs(example))
    assert list(others) == ["grad", "m", "grad, m"]
    assert "grad = np.random.rand(4); m = torch.randn(2, 4)" in others["grad"].as_line()
    assert "grad = np.random.rand(4); m = torch.rand(2, 4)" in others["grad, m"].as_line()
    assert "grad = np.random.randn(4)" in example.as_line()  # it stays as it was


def test_an_example_without_such_inputs_has_no_other() -> None:
    text = "v = np.random.rand(4)\nout = update(v, v, v)\n"
    assert not list(with_positive_inputs(read_example(text, targets(ast.parse(PROGRAM)))))


@pytest.mark.parametrize(
    ("trouble", "undefined"),
    [
        ("failed: AssertionError: update is not finite", True),
        ("failed: ValueError: math domain error", True),
        ("failed: ValueError: probabilities are not non-negative", True),
        ("failed: NameError: name 'y' is not defined", False),
        ("", False),
    ],
)
def test_values_outside_of_a_domain_are_told_from_other_failures(
    trouble: str, undefined: bool
) -> None:
    assert undefined_on_its_inputs(trouble) is undefined
