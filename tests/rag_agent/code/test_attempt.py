"""One program tried: what speaks against it, and what its run says."""

import pytest

from ingestion.errors import SandboxUnavailable
from rag_agent.code.attempt import error_lines, looked_at, ran
from rag_agent.code.draft import Draft
from rag_agent.sandbox import Run, Sandbox

TITLE = '"""Doubles."""\n'
DRAFT = Draft("def double(x):\n    return 2 * x\n", check="\nassert double(1) == 2\n")


class Shut(Sandbox):
    """A sandbox that cannot be had."""

    def run(self, program: str, *, stdin: str = "") -> Run:
        raise SandboxUnavailable("no walls")


def test_a_program_of_title_body_and_check_can_run() -> None:
    attempt = looked_at(DRAFT, TITLE, "python")
    assert attempt.can_run
    assert attempt.program == f"{TITLE}\n{DRAFT.body}{DRAFT.check}"


@pytest.mark.parametrize(
    ("body", "language", "ended", "trouble"),
    [
        ("fn main() {}\n", "rust", "not run", "rust programs are written but not run"),
        ("def f(:\n", "python", "failed", "it is not valid Python"),
        ("import no_such_package\n", "python", "not run", "not installed: no_such_package"),
    ],
)
def test_what_speaks_against_a_run_is_told(
    body: str, language: str, ended: str, trouble: str
) -> None:
    attempt = looked_at(Draft(body), TITLE, language)
    assert not attempt.can_run
    assert attempt.ended == ended
    assert trouble in attempt.trouble
    assert attempt.outcome == attempt.trouble


def test_a_syntax_error_at_the_end_may_be_a_cut() -> None:
    assert "cut off" in looked_at(Draft("def f():\n    return (1,"), TITLE, "python").problem


def test_without_walls_a_program_is_not_run_and_has_no_problem() -> None:
    attempt = ran(looked_at(DRAFT, TITLE, "python"), Shut())
    assert (attempt.ended, attempt.run, attempt.problem) == ("not run", None, "")
    assert "no walls" in attempt.trouble


def test_a_run_cut_by_a_limit_is_told_apart() -> None:
    run = Run("timed out", -9, "", "", 20.0, 12.0)
    assert error_lines(run).startswith("The run was stopped: timed out")


def test_only_the_last_frame_in_the_program_goes_back() -> None:
    stderr = (
        'Traceback:\n  File "program.py", line 9, in <module>\n    f()\n'
        '  File "program.py", line 2, in f\n    y\nNameError: y\n'
    )
    said = error_lines(Run("failed", 1, "", stderr, 0.1, 1.0))
    assert said.startswith('  File "program.py", line 2')
    assert said.endswith("NameError: y")
