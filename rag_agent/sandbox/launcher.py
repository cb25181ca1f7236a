"""Generated programs run here: within walls, watched from outside."""

import copy
import socket
import subprocess
import tempfile
import time
from typing import IO, Self

from rag_agent.sandbox.run import Run
from rag_agent.sandbox.walls import ENVIRONMENT, Walls
from rag_agent.sandbox.watch import Watch
from rag_agent.settings import SandboxSettings

_LEAST_RUN_S = 0.1


class Sandbox:
    """Runs untrusted Python programs one at a time, each in a fresh process and an empty folder.

    A program sees the interpreter and its packages, the system libraries and `/sandbox`, where all
    that it writes together stays under `file_mb`. It has no network (its loopback is its own), no
    environment of ours, no rights, and no process survives it. Process limits need Linux 5.14.
    """

    def __init__(self, settings: SandboxSettings | None = None) -> None:
        self.settings = settings or SandboxSettings()
        self._walls = Walls(self.settings)

    def within(self, seconds: float) -> Self:
        """The same sandbox, whose runs end after so many seconds at the latest."""
        least = min(self.settings.timeout_s, max(_LEAST_RUN_S, seconds))
        limited = copy.copy(self)
        limited.settings = self.settings.model_copy(update={"timeout_s": least})
        return limited

    def run(self, program: str, *, stdin: str = "") -> Run:
        """Run a program to its end or to a limit.

        Args:
            program: Python source.
            stdin: What the program can read from its standard input.

        Raises:
            SandboxUnavailable: The walls cannot be built here; the program was not run.
        """
        started = time.perf_counter()
        files = (_held(_utf8(program)), _held(_utf8(stdin)), _held(self._walls.denied))
        ours, theirs = socket.socketpair()
        with ours, files[0] as source, files[1] as given, files[2] as denied:
            with theirs:
                inside = (source.fileno(), denied.fileno(), theirs.fileno())
                process = subprocess.Popen(
                    self._walls.command(*inside),
                    stdin=given,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env=ENVIRONMENT,
                    cwd="/",
                    pass_fds=inside,
                    start_new_session=True,
                )
            return Watch(process, ours, self.settings, started).to_the_end()


def _held(content: bytes) -> IO[bytes]:
    """An unnamed file that holds `content`, to be read from its start."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 the caller closes it
    file.write(content)
    file.seek(0)
    return file


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", errors="replace")  # a model may write half a surrogate pair
