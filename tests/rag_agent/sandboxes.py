"""A sandbox for the tests that run programs: on Linux it must be there."""

import sys
import uuid
from pathlib import Path

import pytest

from rag_agent.sandbox import Run, Sandbox
from rag_agent.settings import SandboxSettings

# A sandbox whose interpreter lies below /tmp leaves /tmp read-only; a test of its own shows that.
TEMPORARY = "." if Path(sys.prefix).is_relative_to("/tmp") else "/tmp"
TIGHT = SandboxSettings(timeout_s=30, memory_mb=256, processes=8, file_mb=2, output_kb=8)
REPOSITORY = Path(__file__).parents[2]
MARK = f"sandboxed-{uuid.uuid4().hex[:8]}"  # in the command line of nothing else, nor of another worker's program


def opened(settings: SandboxSettings) -> Sandbox:
    """A sandbox that was seen to run a program."""
    if sys.platform != "linux":
        pytest.skip("programs run on Linux only")
    box = Sandbox(settings)
    box.run("pass")
    return box


class RememberingSandbox(Sandbox):
    """Runs each program once; asked again, it tells how that run ended."""

    def __init__(self, settings: SandboxSettings) -> None:
        super().__init__(settings)
        self.ended: dict[tuple[str, str], Run] = {}

    def run(self, program: str, *, stdin: str = "") -> Run:
        if (program, stdin) not in self.ended:
            self.ended[program, stdin] = super().run(program, stdin=stdin)
        return self.ended[program, stdin]


def remembering(settings: SandboxSettings) -> Sandbox:
    """A sandbox that was seen to run a program, for tests that share programs and look at what follows a run."""
    opened(settings)
    return RememberingSandbox(settings)


def refusing_bubblewrap(folder: Path) -> str:
    """A PATH with a bubblewrap newer than any that may build no namespaces."""
    program = folder / "bwrap"
    program.write_text(
        '#!/bin/sh\ntest "$1" = --version && echo "bubblewrap 99.0" && exit\n'
        "echo 'bwrap: No permissions to create namespace' >&2\nexit 1\n"
    )
    program.chmod(0o755)
    return f"{folder}:/usr/bin:/bin"
