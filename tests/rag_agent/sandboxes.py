"""A sandbox for the tests that run programs: on Linux it must be there."""

import sys

import pytest

from rag_agent.sandbox import Sandbox
from rag_agent.settings import SandboxSettings


def opened(settings: SandboxSettings) -> Sandbox:
    """A sandbox that was seen to run a program."""
    if sys.platform != "linux":
        pytest.skip("programs run on Linux only")
    box = Sandbox(settings)
    box.run("pass")
    return box
