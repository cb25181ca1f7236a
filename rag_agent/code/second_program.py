"""Whether a second program, written from memory, gives the same values as the first.

That a program runs and keeps its shapes says nothing about its formula. So the coder completes the same
definition once more from the request alone, without the paper's excerpts, and both run on the example's inputs.
Two that agree may still be wrong together; two that differ tell the user to look. The idea is that of choosing
among programs by their results (Shi et al. 2022, arXiv:2204.11454).
"""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rag_agent.code.source import parsed, program_in, with_imports
from rag_agent.model.client import LanguageModel
from rag_agent.prompts.coder import CoderPrompts
from rag_agent.sandbox import Sandbox

Outcome = Literal["agrees", "differs", "not compared"]

_MAX_TOKENS = 600
_SECOND_PROGRAMS = 2  # another where the first does not run on the example


@dataclass(frozen=True, slots=True)
class CrossCheck:
    """What came of the comparison.

    Args:
        outcome: `agrees` where all results are equal to 3 digits; `differs`; or `not compared`.
        reason: Why it was not compared; else empty.
    """

    outcome: Outcome = "not compared"
    reason: str = ""

    def as_json(self) -> dict[str, str]:
        """The object under `cross_check` of `code --json`."""
        return {"outcome": self.outcome, "reason": self.reason}


def cross_check(
    question: str,
    body: str,
    check: str,
    coder: LanguageModel,
    sandbox: Sandbox,
    prompts: CoderPrompts,
) -> CrossCheck:
    """Have a program written a second time and compare the results of both.

    Args:
        question: What was asked for.
        body: The first program, without its self-check; it runs.
        check: Its self-check, whose inputs both programs get.
        coder: Writes the second.
        sandbox: Runs both.
        prompts: In force.

    Raises:
        ModelUnavailable: The coder does not answer.
        SandboxUnavailable: Nothing was run.
    """
    messages = prompts.second_program(question, outline(ast.parse(body)))
    for sample in range(_SECOND_PROGRAMS):
        second = program_in("".join(coder.sampled(sample).stream(messages, _MAX_TOKENS)))
        if found := _held_against(second, body, check, sandbox):
            return found
    return CrossCheck(reason="no second program runs on the example")


def _held_against(second: str, body: str, check: str, sandbox: Sandbox) -> CrossCheck | None:
    """The comparison with one program; None where that does not run."""
    both = parsed(f"{second}\n{check}")
    if both is None:
        return None
    programs = (body, with_imports(both, second))
    run = sandbox.run(_COMPARED.format(programs=programs, check=check))
    last = run.stdout.strip().rpartition("\n")[2]
    if run.outcome != "passed" or not re.fullmatch(r"\[(true|false), (true|false)\]", last):
        return None
    same, has_weights = json.loads(last)
    if has_weights and not same:  # drawn in another order, perhaps
        return CrossCheck(reason="its weights are drawn at random")
    return CrossCheck("agrees" if same else "differs")


def outline(tree: ast.Module) -> str:
    """The definitions of a program with their docstrings, their bodies left out."""
    return "\n\n\n".join(_outlines(tree.body, ""))


def _outlines(nodes: list[ast.stmt], indent: str) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.FunctionDef):
            said = [node.body[0]] if ast.get_docstring(node) is not None else []
            kept = ast.FunctionDef(
                **{**vars(node), "body": [*said, ast.Expr(ast.Constant(...))], "decorator_list": []}
            )
            yield "\n".join(indent + line for line in ast.unparse(kept).splitlines())
        elif isinstance(node, ast.ClassDef):
            methods = "\n\n".join(_outlines(node.body, indent + "    "))
            bases = f"({', '.join(map(ast.unparse, node.bases))})" if node.bases else ""
            yield f"{indent}class {node.name}{bases}:\n{methods or indent + '    ...'}"


_COMPARED = """
import ast, json
import numpy as np

def values(source, check):
    space = {{"__name__": "__main__"}}
    exec(compile(source, "program.py", "exec"), space)
    exec(compile(check, "example.py", "exec"), space)
    found = [space[name] for name in sorted(space) if name.rstrip("0123456789") == "result"]
    parts = [part for one in found for part in (one if isinstance(one, (tuple, list)) else [one])]
    return parts, any(map(has_weights, space.values()))

def has_weights(value):
    return hasattr(value, "parameters") and not isinstance(value, type) and any(True for _ in value.parameters())

def same(one, other):
    one, other = (part.detach() if hasattr(part, "detach") else part for part in (one, other))
    try:
        one, other = np.asarray(one, float), np.asarray(other, float)
    except (TypeError, ValueError):
        return one == other
    return one.shape == other.shape and np.allclose(one, other, rtol=1e-3, atol=1e-6, equal_nan=True)

class Bare(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()

check = ast.fix_missing_locations(Bare().visit(ast.parse({check!r})))
(first, weights), (second, _) = (values(source, check) for source in {programs!r})
agree = len(first) == len(second) and all(same(*pair) for pair in zip(first, second))
print("\\n" + json.dumps([bool(agree), weights]))
"""
