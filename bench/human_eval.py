"""HumanEval with repair rounds: what the coder makes of the examples that a problem shows.

Prompt, extraction and verdict are those of `bench.functions`. A repair round sees only what the problem shows: the
examples of its own docstring, a syntax error, an exception. The hidden tests judge the first and the last solution and
tell the model nothing.
"""

import ast
import json
import re
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import pairwise
from pathlib import Path
from typing import Any

from bench.functions import kept, replied
from finetune.data.problems import Problem
from finetune.evaluate.functions import judge, solution_in
from rag_agent.code.attempt import error_lines
from rag_agent.model.client import LanguageModel, Message
from rag_agent.prompts.coder import CoderPrompts
from rag_agent.sandbox import Run, Sandbox

# `f(1, 2) == 3`, `f(1, 2) ➞ 3`, `f(1, 2) returns 3`, as docstrings write examples outside doctest.
_ARROW = re.compile(r"[\s#]*(?:={1,3}>?|->|➞|(?:should )?returns?:?)\s*(.+?)[\s.]*$")


def examples(task: Problem) -> list[tuple[str, str]]:
    """Calls and literal values that the docstring shows; other kinds of example are left out."""
    shown = []
    lines = [line.strip() for line in _docstring(task).splitlines()]
    for line, following in pairwise([*lines, ""]):
        start = line.find(f"{task.entry_point}(")
        if line.startswith(">>>"):
            shown.append((line.removeprefix(">>>").strip(), following))
        if start >= 0:
            shown += _arrow_example(line[start:])
    return [(call, value) for call, value in shown if _is_literal(value) and _is_call(call)]


def _docstring(task: Problem) -> str:
    for node in ast.walk(ast.parse(f"{task.prompt}    pass\n")):
        if isinstance(node, ast.FunctionDef) and node.name == task.entry_point:
            return ast.get_docstring(node) or ""
    return ""


def _arrow_example(text: str) -> list[tuple[str, str]]:
    depth = 0
    for end, sign in enumerate(text):
        depth += (sign in "([{") - (sign in ")]}")
        if depth == 0 and sign == ")":
            value = _ARROW.fullmatch(text[end + 1 :])
            return [(text[: end + 1], value.group(1))] if value else []
    return []


def _is_literal(text: str) -> bool:
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return False
    return True


def _is_call(text: str) -> bool:
    try:
        return isinstance(ast.parse(text, mode="eval").body, ast.Call)
    except SyntaxError:
        return False


_SHOWN_TEST = """

def _same(got, wanted):
    if isinstance(wanted, float) and isinstance(got, (int, float)):
        return abs(got - wanted) < 1e-6
    return got == wanted

for _call, _value in {examples!r}:
    _got = eval(_call)
    assert _same(_got, eval(_value)), f"{{_call}} gives {{_got!r:.200}}, expected {{_value}}"
"""


def try_examples(task: Problem, solution: str, sandbox: Sandbox) -> Run:
    """Run a solution on the examples that its docstring shows."""
    return sandbox.run(solution + _SHOWN_TEST.format(examples=examples(task)))


def solve(task: Problem, coder: LanguageModel, sandbox: Sandbox, repairs: int) -> dict[str, Any]:
    """Write a solution; where an example that the problem shows fails, repair it once, then draw other drafts.

    Judged are the first solution and the first that holds on the examples; where none does, the first again.

    Args:
        repairs: Most rounds after the first.
    """
    solutions, errors = [solution_in(task, replied(task, coder))], list[str]()
    while True:
        tried = try_examples(task, solutions[-1], sandbox)
        if tried.outcome == "passed" or len(solutions) > repairs:
            break
        errors.append(_shown_error(tried))
        further = _repair(solutions[0], errors[0]) if len(solutions) == 1 else []
        drawn = coder if further else coder.sampled(len(solutions) - 1)
        solutions.append(solution_in(task, replied(task, drawn, further)))
    first = _passes(task, solutions[0], sandbox)
    chosen = len(solutions) - 1 if tried.outcome == "passed" else 0
    last = _passes(task, solutions[chosen], sandbox) if chosen else first
    return {
        "task_id": task.id,
        "model": coder.name,
        "solutions": solutions,
        "visible_errors": errors,
        "examples": len(examples(task)),
        "chosen": ("first", "repair", "draft")[min(chosen, 2)],
        "first": "passed" if first else "failed",
        "last": "passed" if last else "failed",
    }


def _repair(solution: str, error: str) -> list[Message]:
    return [
        ("assistant", f"```python\n{solution}\n```"),
        ("user", CoderPrompts().repair(error)),
    ]


def _passes(task: Problem, solution: str, sandbox: Sandbox) -> bool:
    return judge(task, solution, lambda program: sandbox.run(program).stdout).base


def _shown_error(tried: Run) -> str:
    """What an example got and what it wanted; for other failures the traceback's last lines."""
    example = re.search(r"^AssertionError: (.+ expected .+)", tried.stderr, re.MULTILINE)
    return example.group(1) if example else error_lines(tried)


def run(
    tasks: Sequence[Problem],
    coder: LanguageModel,
    sandbox: Sandbox,
    repairs: int,
    results: Path,
    slots: int,
) -> list[dict[str, Any]]:
    """Solve what `results` lacks, `slots` at a time, appending each verdict as it comes.

    Returns the verdicts of `tasks`, in their order, those of earlier runs with this model included.
    """
    done = {row["task_id"]: row for row in kept(results) if row["model"] == coder.name}
    missing = [task for task in tasks if task.id not in done]
    lock = threading.Lock()
    with ThreadPoolExecutor(slots) as pool, results.open("a", encoding="utf-8") as file:
        futures = [pool.submit(solve, task, coder, sandbox, repairs) for task in missing]
        for future in as_completed(futures):
            row = future.result()
            done[row["task_id"]] = row
            with lock:
                print(json.dumps(row), file=file, flush=True)
            print(f"{row['task_id']}: {row['first']}, then {row['last']}", flush=True)
    return [done[task.id] for task in tasks]
