"""An untrusted file given to a program of its own, that limits itself and is ended at its time."""

import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


class Ended(Exception):
    """The program gave nothing; the text says why, as a clause about the file."""


def run_on(data: bytes, program: Path, arguments: Sequence[str], timeout_s: float) -> bytes:
    """What a program prints about a file's bytes.

    Args:
        data: The file, given on standard input.
        program: Python file, run isolated from this project.
        arguments: Of its command line; `timeout_s` is added as the last.
        timeout_s: Wall-clock seconds until it is killed.

    Raises:
        Ended: It took too long, needed too much memory, or failed.
    """
    command = [sys.executable, "-I", str(program), *arguments, str(timeout_s)]
    try:
        done = subprocess.run(
            command, input=data, capture_output=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired:
        raise Ended(f"takes longer than {timeout_s:.0f} s") from None
    if done.returncode:
        raise Ended(_reason(done.returncode, timeout_s))
    return done.stdout


def _reason(code: int, timeout_s: float) -> str:
    if code == -signal.SIGABRT:  # how PDFium ends where no memory is left, without a word
        return "needs more than 1 GB of memory"
    if code == -signal.SIGXCPU:
        return f"takes longer than {timeout_s:.0f} s"
    if code == -signal.SIGKILL:
        return "needs more memory than this machine has free"
    if code < 0:
        return f"makes its reader crash ({signal.Signals(-code).name})"
    return "makes its reader fail"
