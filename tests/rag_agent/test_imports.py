"""Every module of the agent can be the first that is imported."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module",
    """answer asking asking.graph citation code code.result code.writing conversations conversations.memory
    events grounding grounding.evidence progress prompts prompts.reader sandbox""".split(),
)
def test_a_module_can_be_imported_first(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import rag_agent.{module}"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
