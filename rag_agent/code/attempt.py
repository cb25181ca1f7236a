"""One program tried: its syntax and packages looked at, run with its self-check, and what is wrong with it."""

import ast
import re
from dataclasses import dataclass, replace

from ingestion.errors import SandboxUnavailable
from rag_agent.code.draft import Draft
from rag_agent.code.proof.self_check import SelfCheck, run_checked
from rag_agent.code.result import Ending
from rag_agent.code.source import missing_packages
from rag_agent.sandbox import Run, Sandbox

_NO_CHECK = SelfCheck()
_FRAME = re.compile(r'File "(?:/?program\.py|<unknown>)", line \d+')


@dataclass(frozen=True, slots=True)
class Attempt:
    """One program and what came of it. `problem` goes back to the coder, `trouble` to the user."""

    draft: Draft
    program: str
    is_python: bool = True
    ended: Ending = "not run"
    trouble: str = ""
    problem: str = ""
    run: Run | None = None
    self_check: SelfCheck = _NO_CHECK
    missing_packages: tuple[str, ...] = ()

    @property
    def can_run(self) -> bool:
        """Whether nothing speaks against running it."""
        return self.ended == "not run" and not self.trouble

    @property
    def problem_with_example(self) -> str:
        """The problem, and how the program was called: on one line, since a block would be rewritten too."""
        example = self.draft.example
        return self.problem + (f"\nwhen it is called so: {example.as_line()}" if example else "")

    @property
    def outcome(self) -> str:
        """How its run ended, or why there was none."""
        return self.run.outcome if self.run else self.trouble


def looked_at(draft: Draft, title: str, language: str) -> Attempt:
    """A draft as far as it can be judged without running it.

    Args:
        draft: From the coder.
        title: The docstring that names its sources.
        language: Lower case.
    """
    if language != "python":
        trouble = f"{language} programs are written but not run"
        return Attempt(draft, draft.body, is_python=False, trouble=trouble)
    program = f"{title}\n{draft.body}{draft.check}"
    try:
        tree = ast.parse(program)
    except (SyntaxError, ValueError, RecursionError) as error:
        return _broken_syntax(draft, program, error)
    missing = missing_packages(tree)
    if not missing:
        return Attempt(draft, program)
    names = ", ".join(missing)
    return Attempt(
        draft,
        program,
        trouble=f"it needs packages that are not installed: {names}",
        problem=f"These packages are not installed: {names}. Write it without them.",
        missing_packages=missing,
    )


def ran(attempt: Attempt, sandbox: Sandbox) -> Attempt:
    """The attempt after its run; where nothing can be run, with the reason."""
    try:
        run, check = run_checked(sandbox, attempt.program)
    except SandboxUnavailable as error:
        return replace(attempt, trouble=str(error))
    problem, trouble = _shortcoming(run, check)
    ended: Ending = "failed" if problem else "passed"
    return replace(
        attempt, ended=ended, trouble=trouble, problem=problem, run=run, self_check=check
    )


def error_lines(run: Run) -> str:
    """What a model needs to know of a failure: the traceback's last frame in the program, and on."""
    if run.outcome not in ("failed", "killed"):
        return f"The run was stopped: {run.outcome}. Use smaller sizes and no endless loop."
    lines = run.stderr.strip().splitlines()
    frames = [n for n, line in enumerate(lines) if _FRAME.search(line)]
    return "\n".join(lines[frames[-1] :] if frames else lines[-3:])[:700]


def _broken_syntax(draft: Draft, program: str, error: Exception) -> Attempt:
    line, message = getattr(error, "lineno", None) or 0, getattr(error, "msg", None) or str(error)
    problem = f"line {line}\n    {getattr(error, 'text', None) or ''}\nSyntaxError: {message}"
    if line >= program.count("\n"):
        problem += "\nThe program may have been cut off: make it shorter."
    trouble = f"it is not valid Python: {message} (line {line})"
    return Attempt(draft, program, False, "failed", trouble, problem)


def _shortcoming(run: Run, check: SelfCheck) -> tuple[str, str]:
    """What is wrong, for the coder and for the user; both empty where nothing is."""
    if run.outcome != "passed":
        last = run.stderr.strip().partition("\nwhere ")[0].rpartition("\n")[2][:200]
        return error_lines(run), f"{run.outcome}: {last}" if last else run.outcome
    if not check.found:
        return "It defines no function or class that an example can call.", "it has no self-check"
    if not check.reached:
        return "It ends before it is called.", "its self-check was never reached"
    if not check.passed:
        return "An assert failed and was swallowed by `except`.", "a failed assert was swallowed"
    return "", ""
