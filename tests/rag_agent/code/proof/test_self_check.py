"""The count of a program's asserts is right, and nothing else about the program changes."""

import pytest

from rag_agent.code.proof.self_check import SelfCheck, run_checked
from rag_agent.sandbox import Sandbox
from rag_agent.settings import SandboxSettings
from tests.rag_agent import sandboxes


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return sandboxes.opened(SandboxSettings(timeout_s=60))


def test_line_numbers_and_output_stay_the_programs_own(sandbox: Sandbox) -> None:
    run, check = run_checked(sandbox, "import sys\nprint('out')\nassert sys.argv\n1 / 0\n")
    assert run.stdout == "out\n"
    assert 'File "program.py", line 4, in <module>' in run.stderr
    assert run.stderr.splitlines()[0] == "Traceback (most recent call last):"
    assert "_run" not in run.stderr
    assert check == SelfCheck(1, 1, 1)


@pytest.mark.parametrize(
    "program",
    [
        "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: 'int' = 1\nassert P().x == 1\n",
        "import numpy as np\nx = np.ones(2)\nnp.testing.assert_allclose(x, 1)\n",
        "s = '{braces} {0} %s \\\\ \\'\\'\\''\nassert s\n",
        "from __future__ import annotations\nx = 1\nassert x\n",
        "class Checker:\n    def run(self):\n        assert self\nChecker().run()\n",
    ],
)
@pytest.mark.long
def test_counting_changes_nothing_a_program_sees(sandbox: Sandbox, program: str) -> None:
    run, check = run_checked(sandbox, program)
    assert run.outcome == "passed", run.stderr
    assert check.passed
