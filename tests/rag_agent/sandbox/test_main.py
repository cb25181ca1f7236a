"""`python -m rag_agent.sandbox`."""

import subprocess
import sys
from pathlib import Path

import pytest

from rag_agent.sandbox import Sandbox
from rag_agent.sandbox.__main__ import UNAVAILABLE_EXIT
from tests.rag_agent.sandboxes import REPOSITORY, refusing_bubblewrap


@pytest.mark.long
def test_the_command_passes_on_output_and_exit_code(
    sandbox: Sandbox, tmp_path: Path, home: Path
) -> None:
    program = tmp_path / "program.py"
    program.write_text("print(input()); raise SystemExit(3)")
    command = [sys.executable, "-m", "rag_agent.sandbox", str(program)]
    done = subprocess.run(command, input="hello\n", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (3, "hello\n")
    assert done.stderr.startswith("failed: ")


@pytest.mark.long
def test_the_command_says_when_it_cannot_isolate(tmp_path: Path, home: Path) -> None:
    (tmp_path / "program.py").write_text("print('ran')")
    command = [sys.executable, "-m", "rag_agent.sandbox", str(tmp_path / "program.py")]
    environment = {"PATH": refusing_bubblewrap(tmp_path), "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, input="", check=False
    )
    assert (done.returncode, done.stdout) == (UNAVAILABLE_EXIT, "")
    assert "No permissions to create namespace" in done.stderr
