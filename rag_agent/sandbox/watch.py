"""Keeping a running program within its limits: output, time, memory, files. At the first it is killed."""

import os
import re
import selectors
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from rag_agent.sandbox.run import Outcome, Run, outcome_of
from rag_agent.sandbox.walls import unavailable
from rag_agent.settings import SandboxSettings

_POLL_S = 0.02
_GONE_S = 10.0  # the kernel needs milliseconds to end a process namespace; more means it is stuck
_FILES = 10_000  # an empty one takes about 1 kB of the kernel's memory, which no other limit counts


class Watch:
    """Reads a running program's output and kills it at the first limit.

    Args:
        process: The bubblewrap that holds the program.
        line: Our end of the socket on which the launcher says that it starts the program.
        settings: The limits.
        started: `time.perf_counter()` seconds.
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        line: socket.socket,
        settings: SandboxSettings,
        started: float,
    ) -> None:
        self.process = process
        self.line = line
        self.settings = settings
        self.started = started
        self.outcome: Outcome | None = None
        self.kept = {"stdout": bytearray(), "stderr": bytearray()}
        self.memory_mb = 0.0
        self.launched = b""
        self.folders: list[int] = []

    def to_the_end(self) -> Run:
        """How the program ended; it and every process that it left behind are gone.

        Raises:
            SandboxUnavailable: The program was not run.
        """
        with self.process, selectors.DefaultSelector() as selector:
            selector.register(self.line, selectors.EVENT_READ, "line")
            for name in self.kept:
                selector.register(getattr(self.process, name), selectors.EVENT_READ, name)
            try:
                while selector.get_map() or self.process.poll() is None:
                    for key, _ in selector.select(_POLL_S):
                        self._read(selector, key)
                    self._check()
            finally:
                self.process.kill()
                for folder in self.folders:
                    os.close(folder)
        return self._result(time.perf_counter() - self.started)

    def _read(self, selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
        if key.data == "line":
            data, folders, *_ = socket.recv_fds(self.line, 1, 2)
            self.launched += data
            self.folders += folders
        else:
            data = os.read(key.fd, 1 << 16)
            room = self.settings.output_kb * 1024 - sum(map(len, self.kept.values()))
            self.kept[key.data] += data[: max(room, 0)]
            if len(data) > room:
                self._stop("output limit")
        if not data:
            selector.unregister(key.fileobj)

    def _check(self) -> None:
        elapsed = time.perf_counter() - self.started
        if elapsed > self.settings.timeout_s:
            self._stop("timed out")
        if elapsed > self.settings.timeout_s + _GONE_S:
            raise unavailable("a killed program did not end")
        used_mb = sum(map(_memory_mb, _descendants(self.process.pid)))
        self.memory_mb = max(self.memory_mb, used_mb)
        if used_mb > self.settings.memory_mb:
            self._stop("out of memory")
        if sum(map(_files, self.folders)) > _FILES:
            self._stop("too many files")

    def _stop(self, outcome: Outcome) -> None:
        # Killing bubblewrap kills the first process of the namespace, and the kernel then the rest.
        self.outcome = self.outcome or outcome
        self.process.kill()

    def _result(self, seconds: float) -> Run:
        stdout, stderr = (text.decode("utf-8", errors="replace") for text in self.kept.values())
        if self.launched != b"1":
            raise unavailable(f"bubblewrap failed: {stderr.strip()[-300:]}")
        code = self.process.returncode
        exit_code = 128 - code if code > 128 else code  # bubblewrap reports a signal as 128 + n
        outcome = self.outcome or outcome_of(exit_code, stderr)
        return Run(outcome, exit_code, stdout, stderr, seconds, self.memory_mb)


def _descendants(pid: int) -> Iterator[int]:
    """The processes below `pid`, which are all of the namespace: its first one adopts what a program abandons.

    A child belongs to the thread that made it, so every thread is asked.
    """
    for child in _children(pid):
        yield child
        yield from _descendants(child)


def _children(pid: int) -> list[int]:
    """The children of a process's threads; those that ended meanwhile, or the process, have none."""
    found: list[int] = []
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                found += map(int, (thread / "children").read_text().split())
    return found


def _memory_mb(pid: int) -> float:
    """Memory that a process holds beyond mapped files, page tables and swap with it; 0 when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    held = re.findall(r"^(?:Rss(?:Anon|Shmem)|VmPTE|VmSwap):\s+(\d+) kB", status, re.MULTILINE)
    return sum(map(int, held)) / 1024


def _files(folder: int) -> int:
    """Files, folders and links in the file system of an open folder."""
    counts = os.fstatvfs(folder)
    return counts.f_files - counts.f_ffree
