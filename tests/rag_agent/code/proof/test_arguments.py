"""Arguments that a program takes and does nothing with."""

import ast

import pytest

from rag_agent.code.proof.arguments import asked_for, ignored_arguments


@pytest.mark.parametrize(
    ("program", "ignored"),
    [
        ("def f(x, mask=None):\n    return x\n", ("mask of f",)),
        ("def f(x, mask=None):\n    if mask is None:\n        return x\n    return x * mask\n", ()),
        ("def f(x, n):\n    n = 3\n    return x * n\n", ()),
        ("def f(x, _unused):\n    return x\n", ()),
        ("def f(x):\n    raise NotImplementedError\n", ()),
        ("def f(x, y):\n    def g():\n        return y\n    return x + g()\n", ()),
        (
            "class A:\n    def __init__(self, d, eps):\n        self.d = d\n        self.eps = eps\n\n"
            "    def forward(self, x):\n        return x / self.d\n",
            ("eps of A",),
        ),
        (
            "class A:\n    def __init__(self, d):\n        self.d = d\n        self.w = [0] * d\n\n"
            "    def forward(self, x, mask):\n        return x + self.w\n",
            ("mask of A",),
        ),
    ],
)
def test_arguments_that_nothing_reads_are_named(program: str, ignored: tuple[str, ...]) -> None:
    assert ignored_arguments(ast.parse(program)) == ignored


def test_those_that_a_request_names_are_told_apart() -> None:
    ignored = ("attn_mask of f", "eps of f")
    assert asked_for(ignored, "Show attention with an optional mask") == ("attn_mask of f",)
