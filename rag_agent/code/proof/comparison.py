"""Whether further programs, written for the same request, give the same values as the first.

That a program runs and keeps its shapes says nothing about its formula. So the coder completes the same
definition again, from the request alone and with the paper, and all run on the example's inputs. Two that
agree may still be wrong together; a program that nobody agrees with is not shown as one that passed; and where
two others agree with each other and not with the first, theirs is shown. The idea is that of choosing among
programs by their results (Shi et al. 2022, arXiv:2204.11454).
"""

import ast
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal, Self

from rag_agent.code.reply import written
from rag_agent.code.source import parsed, with_imports
from rag_agent.model.client import LanguageModel
from rag_agent.prompts.coder import CoderPrompts
from rag_agent.sandbox import Sandbox

Outcome = Literal["agrees", "differs", "not compared"]
_Relation = Literal["same", "other", "unknown"]

_MAX_TOKENS = 600
_FURTHER_PROGRAMS = 3  # the third where the first two leave it open


@dataclass(frozen=True, slots=True)
class CrossCheck:
    """What came of the comparison.

    Args:
        outcome: `agrees` where the results of another program are equal to 3 digits; `differs` where others ran and
            none is; or `not compared`.
        reason: Why it was not compared; else empty.
        agreeing: Further programs that give the same values as the one shown.
        compared: Further programs whose values could be held against it.
    """

    outcome: Outcome = "not compared"
    reason: str = ""
    agreeing: int = 0
    compared: int = 0

    def as_json(self) -> dict[str, Any]:
        """The object under `cross_check` of `code --json`."""
        return {
            "outcome": self.outcome,
            "reason": self.reason,
            "agreeing": self.agreeing,
            "compared": self.compared,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """The check that `as_json` wrote, also before more than one program was compared."""
        one = int(stored["outcome"] != "not compared")
        before = {"agreeing": int(stored["outcome"] == "agrees"), "compared": one}
        return cls(**{**before, **stored})


@dataclass(frozen=True, slots=True)
class Compared:
    """The comparison, and what the others agree on.

    Args:
        check: As it stands for the first program.
        theirs: The program of two that agree with each other and not with the first; empty where none do.
    """

    check: CrossCheck
    theirs: str = ""


def compare(
    question: str,
    method: str,
    body: str,
    check: str,
    coder: LanguageModel,
    sandbox: Sandbox,
    prompts: CoderPrompts,
    *,
    paper_first: bool,
) -> Compared:
    """Have a program written again, up to three times, and compare the results of all.

    Args:
        question: What was asked for.
        method: What the paper says to it; every other further program gets it.
        body: The first program, without its self-check; it runs.
        check: Its self-check, whose inputs all programs get.
        coder: Writes the others.
        sandbox: Runs them.
        prompts: In force.
        paper_first: Whether the next program gets it: where the first did not, the two then come from different
            sources, and their agreement says more.

    Raises:
        ModelUnavailable: The coder does not answer.
        OutOfTime: The coder's deadline passed.
        SandboxUnavailable: Nothing was run.
    """
    definitions = outline(ast.parse(body))
    programs = [body]
    found = Compared(CrossCheck(reason="no further program runs on the example"))
    for sample in range(_FURTHER_PROGRAMS):
        said = method if paper_first == (sample % 2 == 0) else ""
        messages = prompts.second_program(question, definitions, said)
        program = written(coder.sampled(sample), messages, max_tokens=_MAX_TOKENS)
        both = parsed(f"{program}\n{check}")
        if both is None:
            continue
        programs.append(with_imports(both, program))
        found = _judged(programs, _relations(programs, check, sandbox), found)
        if found.check.outcome == "agrees" or found.theirs:
            break
    return found


def _judged(
    programs: Sequence[str], relations: dict[tuple[int, int], _Relation], before: Compared
) -> Compared:
    """What the relations of all pairs say of the first program."""
    if not relations:
        return before
    to_first = {n: relations[0, n] for n in range(1, len(programs))}
    agreeing = sum(relation == "same" for relation in to_first.values())
    others = [n for n, relation in to_first.items() if relation == "other"]
    compared = agreeing + len(others)
    if agreeing:
        return Compared(CrossCheck("agrees", "", agreeing, compared))
    pair = next((p for p in combinations(others, 2) if relations[p] == "same"), None)
    if compared:
        return Compared(CrossCheck("differs", "", 0, compared), programs[pair[0]] if pair else "")
    return before


def _relations(
    programs: Sequence[str], check: str, sandbox: Sandbox
) -> dict[tuple[int, int], _Relation]:
    """How the values of each two programs relate; empty where the first one's could not be had."""
    run = sandbox.run(_COMPARED.format(programs=list(programs), check=check))
    last = run.stdout.strip().rpartition("\n")[2]
    if run.outcome != "passed" or not re.fullmatch(r'\[("(same|other|unknown)"(, )?)+\]', last):
        return {}
    return dict(zip(combinations(range(len(programs)), 2), json.loads(last), strict=True))


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


# Weights are drawn anew, by size alone, so that layers that name or order them otherwise can be compared; where
# sizes differ, and where a second call gives another result, other values say nothing.
_COMPARED = """
import ast, json
import numpy as np

def statements(check):
    for node in ast.parse(check).body:
        for one in node.body if isinstance(node, ast.If) else [node]:
            if not isinstance(one, ast.Assert):
                yield compile(ast.Module([one], []), "example.py", "exec")

def values(source, check):
    space, weights = {{"__name__": "__main__"}}, {{}}
    try:
        exec(compile(source, "program.py", "exec"), space)
        for statement in statements(check):
            exec(statement, space)
            for name, value in list(space.items()):
                if has_weights(value) and id(value) not in weights:
                    weights[id(value)] = settled(value)
    except Exception:
        return None
    found = [space[name] for name in sorted(space) if name.rstrip("0123456789") == "result"]
    return flat(found), sorted(sum(weights.values(), [])), is_random(space)

def has_weights(value):
    return hasattr(value, "parameters") and not isinstance(value, type) and any(True for _ in value.parameters())

def settled(module):
    import torch
    sizes = []
    for part in module.modules():
        if "Dropout" in type(part).__name__:
            part.eval()
    with torch.no_grad():
        for name, weight in module.named_parameters():
            size = [n for n in weight.shape if n > 1]
            if len(size) < 2:
                weight.fill_(0.0 if "bias" in name else 1.0)
            else:
                sizes.append(str(size))
                drawn = np.random.default_rng(weight.numel()).normal(size=tuple(weight.shape))
                weight.copy_(torch.as_tensor(0.3 * drawn))
    return sizes

def flat(value):
    if isinstance(value, dict):
        value = [value[key] for key in sorted(value, key=repr)]
    if isinstance(value, (tuple, list)):
        return [part for one in value for part in flat(one)] if nested(value) else [value]
    return [value]

def nested(value):
    return any(hasattr(one, "shape") or isinstance(one, (tuple, list, dict)) for one in value)

def is_random(space):
    return callable(space.get("run")) and not all_same(flat([space["run"]()]), flat([space["run"]()]))

def all_same(some, others):
    return len(some) == len(others) and all(map(same, some, others))

def same(one, other):
    one, other = (part.detach() if hasattr(part, "detach") else part for part in (one, other))
    try:
        one, other = np.asarray(one, float), np.asarray(other, float)
    except (TypeError, ValueError):
        return bool(one == other)
    return one.shape == other.shape and np.allclose(one, other, rtol=1e-3, atol=1e-6, equal_nan=True)

def relation(one, other):
    if one is None or other is None:
        return "unknown"
    if all_same(one[0], other[0]):
        return "same"
    return "unknown" if one[1] != other[1] or one[2] or other[2] else "other"

found = [values(source, {check!r}) for source in {programs!r}]
pairs = [(one, other) for n, one in enumerate(found) for other in found[n + 1:]]
print("\\n" + json.dumps([relation(*pair) for pair in pairs]))
"""
