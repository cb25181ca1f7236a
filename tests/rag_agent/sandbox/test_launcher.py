"""A program runs, and its output, errors and exit code are its own."""

from rag_agent.sandbox import Sandbox
from rag_agent.settings import SandboxSettings
from tests.rag_agent.sandboxes import TIGHT


def test_a_program_that_ends_well_passes(sandbox: Sandbox) -> None:
    run = sandbox.run("import sys; print(sys.stdin.read().upper())", stdin="grüße")
    assert (run.outcome, run.exit_code, run.stdout, run.stderr) == ("passed", 0, "GRÜSSE\n", "")
    assert 0 < run.seconds < TIGHT.timeout_s


def test_a_failing_program_keeps_its_traceback(sandbox: Sandbox) -> None:
    run = sandbox.run("def f():\n    return 1 / 0\nf()\n")
    assert (run.outcome, run.exit_code) == ("failed", 1)
    assert "line 2, in f" in run.stderr
    assert run.stderr.endswith("ZeroDivisionError: division by zero\n")


def test_the_exit_code_is_the_programs_own(sandbox: Sandbox) -> None:
    assert sandbox.run("raise SystemExit(7)").exit_code == 7


def test_a_crash_is_a_kill_by_signal(sandbox: Sandbox) -> None:
    run = sandbox.run("import os; os.abort()")
    assert (run.outcome, run.exit_code) == ("killed", -6)


def test_numpy_and_torch_can_be_imported(sandbox: Sandbox) -> None:
    program = "import numpy, torch; print((torch.ones(2, 3) @ torch.ones(3)).numpy().sum())"
    run = Sandbox(SandboxSettings(timeout_s=90)).run(program)
    assert (run.outcome, run.stdout) == ("passed", "6.0\n"), run.stderr
    assert run.memory_mb > 20
