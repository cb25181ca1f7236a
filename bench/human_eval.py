"""HumanEval through the coder and the sandbox: 164 small Python problems with hidden tests.

Chen et al., "Evaluating Large Language Models Trained on Code", arXiv:2107.03374. Greedy, one sample a
problem. A repair round sees only what the problem shows: the examples of its own docstring, a syntax
error, an exception. The hidden tests judge the first and the last solution and tell the model nothing.
"""

import ast
import gzip
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from rag_agent.code.attempt import error_lines
from rag_agent.code.draft import written
from rag_agent.model.client import LanguageModel, Message
from rag_agent.prompts.coder import CoderPrompts
from rag_agent.sandbox import Run, Sandbox

_MAX_TOKENS = 640  # the longest reference solution has under 300
_ASK = (
    "Complete this Python function. Reply with one ```python block that holds the whole function, "
    "without its docstring, and nothing else.\n```python\n{prompt}```"
)
# `f(1, 2) == 3`, `f(1, 2) ➞ 3`, `f(1, 2) returns 3`, as docstrings write examples outside doctest.
_ARROW = re.compile(r"[\s#]*(?:={1,3}>?|->|➞|(?:should )?returns?:?)\s*(.+?)[\s.]*$")


@dataclass(frozen=True, slots=True)
class Task:
    """One problem, with the field names of the data set."""

    task_id: str
    prompt: str
    entry_point: str
    canonical_solution: str
    test: str


def load_tasks(path: Path) -> list[Task]:
    """The problems of a HumanEval.jsonl.gz, in file order."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [Task(**json.loads(line)) for line in lines]


def judge(task: Task, solution: str, sandbox: Sandbox) -> Run:
    """Run a solution against the hidden tests."""
    return sandbox.run(f"{solution}\n\n{task.test}\n\ncheck({task.entry_point})\n")


def reference(task: Task) -> str:
    """The reference solution as a whole program."""
    return task.prompt + task.canonical_solution


def wrong(task: Task) -> str:
    """A solution that is deliberately wrong: it answers None, which no problem asks for."""
    return f"{task.prompt}    return None\n"


def examples(task: Task) -> list[tuple[str, str]]:
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


def _docstring(task: Task) -> str:
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


def try_examples(task: Task, solution: str, sandbox: Sandbox) -> Run:
    """Run a solution on the examples that its docstring shows."""
    return sandbox.run(solution + _SHOWN_TEST.format(examples=examples(task)))


def solve(task: Task, coder: LanguageModel, sandbox: Sandbox, repairs: int) -> dict[str, Any]:
    """Write a solution; where an example that the problem shows fails, repair it once, then draw other drafts.

    Judged are the first solution and the first that holds on the examples; where none does, the first again.

    Args:
        repairs: Most rounds after the first.
    """
    asked: Message = ("user", _ASK.format(prompt=task.prompt))
    solutions, errors = [_written(task, coder, [asked])], list[str]()
    while True:
        tried = try_examples(task, solutions[-1], sandbox)
        if tried.outcome == "passed" or len(solutions) > repairs:
            break
        errors.append(_shown_error(tried))
        if len(solutions) == 1:
            before: Message = ("assistant", f"```python\n{solutions[0]}\n```")
            request: Message = ("user", CoderPrompts().repair(errors[0]))
            solutions.append(_written(task, coder, [asked, before, request]))
        else:
            solutions.append(_written(task, coder.sampled(len(solutions) - 1), [asked]))
    first = judge(task, solutions[0], sandbox)
    chosen = len(solutions) - 1 if tried.outcome == "passed" else 0
    last = judge(task, solutions[chosen], sandbox) if chosen else first
    return {
        "task_id": task.task_id,
        "model": coder.name,
        "solutions": solutions,
        "visible_errors": errors,
        "examples": len(examples(task)),
        "chosen": ("first", "repair", "draft")[min(chosen, 2)],
        "first": first.outcome,
        "last": last.outcome,
        "error": "" if last.outcome == "passed" else error_lines(last),
    }


def _written(task: Task, coder: LanguageModel, messages: list[Message]) -> str:
    return _solution(task, written(coder, messages, max_tokens=_MAX_TOKENS))


def _shown_error(tried: Run) -> str:
    """What an example got and what it wanted; for other failures the traceback's last lines."""
    example = re.search(r"^AssertionError: (.+ expected .+)", tried.stderr, re.MULTILINE)
    return example.group(1) if example else error_lines(tried)


def _solution(task: Task, program: str) -> str:
    """The program with the imports of the prompt, which models leave out."""
    above = task.prompt.partition(f"def {task.entry_point}")[0]
    if f"def {task.entry_point}" in program:
        return f"{above}\n{program}"
    return task.prompt + program  # the body alone


def run(
    tasks: list[Task],
    coder: LanguageModel,
    sandbox: Sandbox,
    repairs: int,
    results: Path,
    slots: int,
) -> list[dict[str, Any]]:
    """Solve what `results` lacks, `slots` at a time, appending each verdict as it comes.

    Returns the verdicts of `tasks`, in their order, those of earlier runs with this model included.
    """
    done = {row["task_id"]: row for row in rows(results) if row["model"] == coder.name}
    missing = [task for task in tasks if task.task_id not in done]
    lock = threading.Lock()
    with ThreadPoolExecutor(slots) as pool, results.open("a", encoding="utf-8") as file:
        futures = [pool.submit(solve, task, coder, sandbox, repairs) for task in missing]
        for future in as_completed(futures):
            row = future.result()
            done[row["task_id"]] = row
            with lock:
                print(json.dumps(row), file=file, flush=True)
            print(f"{row['task_id']}: {row['first']}, then {row['last']}", flush=True)
    return [done[task.task_id] for task in tasks]


def rows(results: Path) -> list[dict[str, Any]]:
    """Rows of a JSON-lines file; none where there is no file."""
    if not results.exists():
        return []
    return [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
