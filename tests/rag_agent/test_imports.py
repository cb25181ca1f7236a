"""The doors of the agent: each of these modules can be the first that is imported."""

import subprocess
import sys

import pytest

DOORS = """answer asking asking.graph citation code code.result code.writing conversations conversations.memory database
    events grounding grounding.evidence progress prompts prompts.reader sandbox""".split()

# One process for all: what others wrote stays imported between them, since loading it takes seconds.
_EACH_FIRST = """
import importlib, sys, traceback

for name in sys.argv[1:]:
    for loaded in [each for each in sys.modules if each.startswith(("rag_agent", "ingestion"))]:
        del sys.modules[loaded]
    try:
        importlib.import_module(f"rag_agent.{name}")
    except ImportError:
        traceback.print_exc()
        print("imported first:", name, file=sys.stderr)
"""


@pytest.mark.long
def test_each_door_can_be_imported_first() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _EACH_FIRST, *DOORS], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
