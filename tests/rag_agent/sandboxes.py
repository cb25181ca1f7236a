"""A sandbox for the tests that run programs; they skip where isolation cannot be had."""

import pytest

from ingestion.errors import SandboxUnavailable
from rag_agent.sandbox.launcher import Sandbox
from rag_agent.settings import SandboxSettings


def opened(settings: SandboxSettings) -> Sandbox:
    """A sandbox that was seen to run a program."""
    box = Sandbox(settings)
    try:
        box.run("pass")
    except SandboxUnavailable as error:
        pytest.skip(f"needs namespaces and bubblewrap: {error}")
    return box
