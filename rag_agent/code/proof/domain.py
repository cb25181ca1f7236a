"""Other inputs of an example, where a program is not defined on those drawn: a variance is never negative."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from rag_agent.code.proof.example import Example

_UNDEFINED = re.compile(r"is not finite|domain error|non-?negative|negative value", re.I)
_NORMAL = {"randn": "rand", "standard_normal": "random", "randn_like": "rand_like"}
"""What draws numbers of either sign, and what draws as many between 0 and 1 with the same arguments."""


def undefined_on_its_inputs(trouble: str) -> bool:
    """Whether a run failed for a value outside of a function's domain, as a root of a negative number is."""
    return bool(_UNDEFINED.search(trouble))


def with_positive_inputs(example: Example) -> Iterator[tuple[str, Example]]:
    """The example with one of its random inputs drawn between 0 and 1, each in turn, then with all of them.

    Yields:
        The inputs' names, as in `m, v`, and the example.
    """
    drawn = {
        part.targets[0].id: part
        for part in example.setup
        if isinstance(part, ast.Assign)
        and isinstance(part.targets[0], ast.Name)
        and _draws_either_sign(part)
    }
    sets = [{name} for name in drawn]
    for names in (*sets, set(drawn)) if len(drawn) > 1 else sets:
        changed = {id(drawn[name]) for name in names}
        setup = tuple(_positive(part) if id(part) in changed else part for part in example.setup)
        yield ", ".join(name for name in drawn if name in names), replace(example, setup=setup)


def _draws_either_sign(part: ast.Assign) -> bool:
    return any(isinstance(n, ast.Attribute) and n.attr in _NORMAL for n in ast.walk(part.value))


def _positive(part: ast.stmt) -> ast.stmt:
    copy = ast.parse(ast.unparse(part)).body[0]
    for node in ast.walk(copy):
        if isinstance(node, ast.Attribute):
            node.attr = _NORMAL.get(node.attr, node.attr)
    return copy
