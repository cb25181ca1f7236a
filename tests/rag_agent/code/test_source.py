"""The text of a program, read without running it."""

import ast

import pytest

from rag_agent.code.source import (
    definitions,
    docstring,
    is_closed,
    missing_packages,
    open_block,
    program_in,
    programming_language,
    section_of,
    with_imports,
)
from tests.rag_agent.attention import PASSAGE

GOAL = "Compute scaled dot-product attention."


def test_the_program_names_paper_section_and_page() -> None:
    text = docstring(GOAL, [PASSAGE])
    assert " ".join((ast.get_docstring(ast.parse(text)) or "").split()) == (
        'Compute scaled dot-product attention. After "Attention Is All You Need" (1706.03762), '
        "section 3.2.1 Scaled Dot-Product Attention, page 4."
    )


@pytest.mark.parametrize("hostile", ['"""', "\\", '"', "'''", "\\x", 'end"', "\\N{BULLET}", "\0"])
def test_no_title_breaks_out_of_the_docstring(hostile: str) -> None:
    goal = f"Show this {hostile} and end with it {hostile}"
    text = docstring(goal, [PASSAGE])
    assert len(ast.parse(text).body) == 1


def test_packages_that_are_there_are_not_missing() -> None:
    assert missing_packages(ast.parse("import numpy.linalg, os\nfrom torch import nn")) == ()


@pytest.mark.parametrize(
    ("reply", "program"),
    [
        ("```python\nx = 1\n```", "x = 1\n"),
        ("Sure:\n```py\nx = 1\n\ny = 2\n```\nThis is it.", "x = 1\n\ny = 2\n"),
        ("```python\nx = 1\n", "x = 1\n"),
        ("```\npython\nx = 1\n```", "x = 1\n"),
        ("x = 1", "x = 1\n"),
        ("", ""),
        ("```\nfirst\n```\n```\nsecond\n```", "first\n"),
        ("```\nThe size is wrong.\n```\n```python\nx = 1\n```", "x = 1\n"),
    ],
)
def test_the_program_is_the_first_block(reply: str, program: str) -> None:
    assert program_in(reply) == program


def test_a_language_on_a_line_of_its_own_is_never_shown_as_the_program() -> None:
    reply = "```\npython\npython_version = 3\n```"
    written = [open_block(reply[:end]) for end in range(len(reply) + 1)]
    assert next(text for text in written if text).startswith("python_")
    assert written[-1] == "python_version = 3"


def test_a_fenced_sentence_does_not_end_the_program() -> None:
    assert not is_closed("```\nThe size is wrong.\n```\n")
    assert is_closed("```\nThe size is wrong.\n```\n```python\nx = 1\n```")


def test_imports_taken_for_granted_are_added() -> None:
    body = "def f(x):\n    return np.exp(x) + math.pi\n"
    assert with_imports(ast.parse(body), body) == f"import math\nimport numpy as np\n\n\n{body}"
    own = f"import math\nfrom numpy import exp as np\n{body}"
    assert with_imports(ast.parse(own), own) == own
    argument = "def residual(x, F):\n    return F(x) + x\n"
    assert with_imports(ast.parse(argument), argument) == argument


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (
            '"""A title."""\nimport os\n\ndef f():\n    pass\n\nf()\n',
            "import os\n\ndef f():\n    pass\n",
        ),
        ("class A:\n    x = 1\n# for example\nprint(A.x)\n", "class A:\n    x = 1\n"),
        ("x = 1\nprint(x)\n", "x = 1\nprint(x)\n"),
        ("# y was wrong\n@a\ndef f():\n    pass\n", "@a\ndef f():\n    pass\n"),
        ("", "\n"),
    ],
)
def test_only_definitions_of_a_program_are_kept(body: str, kept: str) -> None:
    assert definitions(ast.parse(body), body) == kept


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("show attention in code", "python"),
        ("write it in C++", "c++"),
        ("Adam as JavaScript", "javascript"),
        ("用Rust写一个注意力层", "rust"),
        ("a layer in Go", "go"),
        ("how to go on in cases like this", "python"),
        ("c in the loss", "python"),
        ("用中文解释并给出代码", "python"),
    ],
)
def test_the_language_is_the_one_named(question: str, language: str) -> None:
    assert programming_language(question) == language


def test_a_section_is_read_from_the_passage() -> None:
    assert section_of(PASSAGE) == "3.2.1 Scaled Dot-Product Attention"
