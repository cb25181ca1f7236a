"""Small Python problems with hidden tests: read, asked, taken from a reply, and judged by running.

Three forms are read: HumanEval (Chen et al. 2021, arXiv:2107.03374), its extension by EvalPlus with many more inputs a
problem (Liu et al. 2023, arXiv:2305.01210; MBPP+ has the same form), and plain MBPP (Austin et al. 2021,
arXiv:2108.07732). One prompt and one way to find the program in a reply serve training, benchmarks and promotion.
"""

import ast
import hashlib
import re
import secrets
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from finetune.data.problems import Problem, load_problems
from finetune.data.rows import Message
from finetune.errors import GenerationError

__all__ = [
    "Problem",
    "Verdict",
    "command_runner",
    "judge",
    "load_problems",
    "passing",
    "question",
    "solution_in",
    "with_usual_fence",
]

MAX_TOKENS = 768  # as EvalPlus has it; the longest reference solution has under 300
_UNAVAILABLE_EXIT = 125  # what container tools, and the agent's sandbox, use for "did not run"
_FENCE = re.compile(r"```[^\n`]*\n(.*?)(?:\n?```|\Z)", re.DOTALL)
_LANGUAGE_BELOW = re.compile(r"```[^\n`]*\npython3?[ \t]*\n")
# EvalPlus' own words (evalplus/codegen.py), so that scores stand beside published ones.
_ASK = (
    "Please provide a self-contained Python script that solves the following problem in a markdown code block:\n"
    "```\n{prompt}\n```\n"
)
BEGUN = (
    "Below is a Python script with a self-contained function that solves the problem and passes corresponding tests:\n"
    "```python\n"
)
"""What EvalPlus puts into the model's mouth: a reply goes on behind it. Without it the 0.5B model solved 0.518 of
HumanEval, some replies being the problem said again, with it 0.555, of the published 0.616 (164 problems, greedy, in
pairs +0.037 [-0.018, 0.098], 30 November 2026)."""
WORDS = hashlib.sha256(f"{_ASK}{BEGUN}".encode()).hexdigest()[:8]
"""Digest of question and beginning: figures of other words are not comparable."""
# What is printed only after the tests of a stage: a program that ends early, with whatever status, has not passed.
_STAGE = "exec({source!r}, _space)\nprint({mark!r}, flush=True)\n"
_SECONDS_EACH = 2
_SEVERAL = """
import signal

def _late(*_):
    raise TimeoutError

signal.signal(signal.SIGALRM, _late)
for _number, _solution in enumerate({solutions!r}):
    signal.alarm({seconds})
    try:
        _own = {{"__name__": "solution"}}
        exec(_solution, _own)
        exec({test!r}, _own)
    except BaseException:
        continue
    finally:
        signal.alarm(0)
    print(f"{mark} {{_number}};", flush=True)
"""

Runner = Callable[[str], str]
"""Runs an untrusted program within walls and gives what it printed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a solution passed the problem's own tests, and those and the further ones; None where it has none."""

    base: bool
    plus: bool | None = None


def question(problem: Problem) -> tuple[Message, ...]:
    """What the model is asked; where it is measured, its reply begins with `BEGUN`."""
    return ({"role": "user", "content": _ASK.format(prompt=problem.prompt.strip())},)


def solution_in(problem: Problem, reply: str) -> str:
    """The program of a reply, with what stands above the function in the problem: imports and helpers it may use.

    Of a reply that defines the function its imports count and what the function needs, as EvalPlus has it (its
    `sanitize`), not the examples and tests that a model adds; one that goes on with the body is put behind the head.
    """
    defines = re.compile(
        rf"^(?:async )?(?:def|class) {re.escape(problem.entry_point)}\b", re.MULTILINE
    )
    blocks = [block for block in _FENCE.findall(with_usual_fence(reply)) if block.strip()] or [
        reply
    ]
    code = next(filter(defines.search, blocks), blocks[0])
    if defines.search(code):
        return f"{problem.head}\n{_needed(_whole(code), problem.entry_point)}"
    return f"{problem.prompt}\n{_indented(code)}"


def with_usual_fence(reply: str) -> str:
    """A reply with its language behind the fence, where small models put it on a line of its own.

    So 15 of 16 replies of the 0.5B model to MBPP did (30 November 2026); read as code that line is an error.
    """
    return _LANGUAGE_BELOW.sub("```python\n", reply)


def judge(problem: Problem, solution: str, run: Runner) -> Verdict:
    """Run a solution against the problem's tests.

    Args:
        problem: With one stage of tests or two.
        solution: A whole program, from a model: untrusted.
        run: Runs it; see `command_runner`.
    """
    mark = secrets.token_hex(8)
    stages = [problem.base, problem.plus] if problem.plus else [problem.base]
    program = f"_space = {{'__name__': 'solution'}}\nexec({solution!r}, _space)\n" + "".join(
        _STAGE.format(source=stage, mark=f"{mark} {number}") for number, stage in enumerate(stages)
    )
    printed = run(program)
    passed = [f"{mark} {number}" in printed for number in range(len(stages))]
    return Verdict(passed[0], passed[0] and passed[1] if problem.plus else None)


def passing(problem: Problem, solutions: Sequence[str], run: Runner) -> list[bool]:
    """Which of several solutions pass all of the problem's tests, found in one run.

    For many samples of small tasks, where a run for each would mostly wait for interpreters to start: they share one
    process, each with a namespace and some seconds of its own.
    """
    mark = secrets.token_hex(8)
    test = f"{problem.base}\n{problem.plus}"
    printed = run(
        _SEVERAL.format(solutions=list(solutions), test=test, mark=mark, seconds=_SECONDS_EACH)
    )
    return [f"{mark} {number};" in printed for number in range(len(solutions))]


def command_runner(command: Sequence[str], timeout_s: float) -> Runner:
    """A runner that is a command, such as the agent's sandbox.

    Args:
        command: `{file}` is replaced by the program's path.
        timeout_s: Longest wait for the command, seconds; a program that takes longer printed nothing.

    Raises:
        GenerationError: (when run) The command is missing or says, by exit status 125, that it cannot isolate.
    """

    def run(program: str) -> str:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "program.py"
            file.write_text(program, encoding="utf-8", errors="replace")
            called = [part.replace("{file}", str(file)) for part in command]
            try:
                done = subprocess.run(called, capture_output=True, timeout=timeout_s, check=False)
            except subprocess.TimeoutExpired as late:
                return (late.stdout or b"").decode(errors="replace")
            except OSError as error:
                raise GenerationError(
                    f"The runner {called[0]} cannot be started: {error}"
                ) from error
        if done.returncode == _UNAVAILABLE_EXIT:
            said = done.stderr.decode(errors="replace").strip()
            raise GenerationError(f"The runner cannot isolate programs: {said[:300]}")
        return done.stdout.decode(errors="replace")

    return run


def _whole(code: str) -> str:
    """The code up to its last line that completes a statement: a reply cut at its limit ends in half of one."""
    lines = code.splitlines()
    for end in range(len(lines), 0, -1):
        text = "\n".join(lines[:end])
        if _parses(text):
            return text
    return code


def _needed(code: str, name: str) -> str:
    """The imports of a program, and of its functions, classes and values those on which one of them stands."""
    body = ast.parse(code).body if _parses(code) else []
    if not any(name in _bound(node) for node in body):
        return code
    needed, waiting = set[str](), [name]
    while waiting:
        sought = waiting.pop()
        if sought not in needed:
            needed.add(sought)
            defined = [node for node in body if sought in _bound(node)]
            waiting += (read for node in defined for read in _names(node, ast.Load))
    kept = [node for node in body if _is_import(node) or not needed.isdisjoint(_bound(node))]
    return ast.unparse(ast.Module(body=kept, type_ignores=[]))


def _is_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _bound(node: ast.stmt) -> set[str]:
    """The names that a statement of a program's top level defines."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Assign | ast.AnnAssign):
        return _names(node, ast.Store)
    return set()


def _names(node: ast.stmt, way: type[ast.expr_context]) -> set[str]:
    """The names that a statement reads (`ast.Load`) or binds (`ast.Store`)."""
    found = (part for part in ast.walk(node) if isinstance(part, ast.Name))
    return {name.id for name in found if isinstance(name.ctx, way)}


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _indented(code: str) -> str:
    if code.startswith((" ", "\t")):
        return code
    return "\n".join(f"    {line}" for line in code.splitlines())
