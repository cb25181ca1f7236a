"""Whether a second program, written from memory, gives the same values as the first.

That a program runs and keeps its shapes says nothing about its formula. So the coder completes the same
definition once more from the request alone, without the paper's excerpts, and both run on the example's inputs.
Two that agree may still be wrong together; two that differ tell the user to look. The idea is that of choosing
among programs by their results (Shi et al. 2022, arXiv:2204.11454).
"""

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rag_agent.example import targets
from rag_agent.language_model import LanguageModel, Message
from rag_agent.program import parsed, program_in, with_imports
from rag_agent.sandbox import Sandbox

Outcome = Literal["agrees", "differs", "not compared"]

_MAX_TOKENS = 600
_SYSTEM = (
    "You complete one short Python definition the way well-known implementations write it, keeping its name, "
    "its arguments and what it returns. Reply with one ```python block and nothing else."
)


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
    question: str, body: str, check: str, coder: LanguageModel, sandbox: Sandbox
) -> CrossCheck:
    """Have a program written a second time and compare the results of both.

    Args:
        question: What was asked for.
        body: The first program, without its self-check; it runs.
        check: Its self-check, whose inputs both programs get.
        coder: Writes the second.
        sandbox: Runs both.

    Raises:
        ModelUnavailable: The coder does not answer.
        SandboxUnavailable: Nothing was run.
    """
    tree = ast.parse(body)
    if any(target.is_module for target in targets(tree)):
        return CrossCheck(reason="its weights are drawn at random")
    asked = f"Request: {question}\n```python\n{outline(tree)}\n```"
    messages: list[Message] = [("system", _SYSTEM), ("user", asked)]
    second = program_in("".join(coder.stream(messages, _MAX_TOKENS)))
    both = parsed(f"{second}\n{check}")
    if both is None:
        return CrossCheck(reason="the second program is not valid Python")
    programs = (body, with_imports(both, second))
    run = sandbox.run(_COMPARED.format(programs=programs, check=check))
    last = run.stdout.strip().rpartition("\n")[2]
    if run.outcome != "passed" or last not in ("true", "false"):
        return CrossCheck(reason="the second program does not run on the example")
    return CrossCheck("agrees" if json.loads(last) else "differs")


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
    return [part for one in found for part in (one if isinstance(one, (tuple, list)) else [one])]

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
first, second = (values(source, check) for source in {programs!r})
agree = len(first) == len(second) and all(same(*pair) for pair in zip(first, second))
print("\\n" + json.dumps(bool(agree)))
"""
