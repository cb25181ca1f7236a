"""A helper process that one user's programs share over loopback: found, started, stopped.

Milvus Lite's owner and the llama.cpp server are such processes. Each announces port, process id and a
random token in a file that only its user can read, and ends by itself when nobody has used it for a while.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ingestion.errors import AgentError
from ingestion.machine import process
from ingestion.machine.private_folder import make_private

_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Service:
    """A running service: `port` on 127.0.0.1, its process id, the token it asks for, when it started."""

    port: int
    pid: int
    token: str
    started: str = ""

    @property
    def uri(self) -> str:
        """Its address without a path."""
        return f"http://127.0.0.1:{self.port}"


class Calls:
    """The calls that a service answers: how many run, and how long there was none."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running = 0
        self._last_s = time.monotonic()

    def idle_s(self) -> float:
        """Seconds since the last call ended, or since the start; 0 while one is answered."""
        with self._lock:
            return 0.0 if self._running else time.monotonic() - self._last_s

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Count one call while it is answered."""
        self._count(+1)
        try:
            yield
        finally:
            self._count(-1)

    def _count(self, change: int) -> None:
        with self._lock:
            self._running += change
            self._last_s = time.monotonic()


def as_service() -> threading.Event:
    """Make this process a service: its files are private, and the event is set when it is told to end.

    Ctrl-C is left to the client in the terminal.
    """
    os.umask(0o077)
    told_to_end = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told_to_end.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return told_to_end


def find(announcement: Path) -> Service | None:
    """The service that this file announces, if it runs and listens.

    A process id or port that another program has by now is not taken for it.
    """
    service = _announced(announcement)
    if service is None or not 0 < service.port < 65536:
        return None
    is_its_own = process.listens(service.pid, service.port)
    return service if is_its_own and _listens(service.port) else None


def is_announced(announcement: Path, service: Service) -> bool:
    """Whether this file still announces this service; one that nobody can find any more should end."""
    found = _announced(announcement)
    return found is not None and (found.port, found.token) == (service.port, service.token)


def _announced(announcement: Path) -> Service | None:
    """What the file says, if its process is there."""
    try:
        service = Service(**json.loads(announcement.read_text()))
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    kinds = [type(value) for value in asdict(service).values()]
    if kinds != [int, int, str, str] or service.pid < 1 or not process.is_alive(service.pid):
        return None
    same = service.started in ("", process.started(service.pid))
    return service if same else None


def ensure(announcement: Path, module: str, arguments: Sequence[str], timeout_s: float) -> Service:
    """The running service, started as `python -m module *arguments` if there is none.

    Of several processes that ask at once one starts it and the others wait.

    Raises:
        AgentError: It did not start; the message ends with the last line of its log.
    """
    from filelock import FileLock

    service = find(announcement)
    if service is not None:
        return service
    make_private(announcement.parent)
    with FileLock(announcement.with_suffix(".lock"), timeout=timeout_s, mode=0o600):
        if (service := find(announcement)) is not None:
            return service
        stop(announcement)  # one that announced a port it does not have
        return _start(announcement, module, arguments, timeout_s)


def announce(announcement: Path, service: Service) -> None:
    """Tell other processes of this user where the service is; the file appears whole or not at all."""
    whole = replace(service, started=process.started(service.pid))
    part = announcement.with_suffix(".part")
    part.unlink(missing_ok=True)
    try:
        part.touch(mode=0o600)
        part.write_text(json.dumps(asdict(whole)))
        part.rename(announcement)
    finally:
        part.unlink(missing_ok=True)


def touch(announcement: Path) -> None:
    """Note a use of the service, so that it stays; nothing where it runs no more."""
    if announcement.exists():
        os.utime(announcement)


def unused_s(announcement: Path) -> float:
    """Seconds since the last noted use; infinite where the announcement is gone."""
    try:
        return time.time() - announcement.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def stop(announcement: Path, timeout_s: float = 10.0) -> None:
    """Ask the service to end, if it runs, and wait until it has."""
    service = _announced(announcement)
    if service is None or not (service.started or find(announcement)):
        return
    os.kill(service.pid, signal.SIGTERM)
    deadline = time.monotonic() + timeout_s
    while process.is_alive(service.pid) and time.monotonic() < deadline:
        time.sleep(_POLL_S)


def _start(announcement: Path, module: str, arguments: Sequence[str], timeout_s: float) -> Service:
    log = announcement.with_suffix(".log")
    log.touch(mode=0o600)
    with log.open("wb") as out:
        child = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline and child.poll() is None:
        service = find(announcement)
        if service is not None:
            return service
        time.sleep(_POLL_S)
    child.kill()  # one that is late would stand beside the next that is started
    lines = log.read_text(errors="replace").strip().splitlines()
    raise AgentError(
        lines[-1][:300] if lines else f"{module} did not start within {timeout_s:.0f} s"
    )


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0
