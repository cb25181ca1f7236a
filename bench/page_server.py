"""A running page, for tests and the smoke visit, and how the browser that visits it is started."""

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BROWSER_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-background-networking --disable-quic "
    "--no-first-run --disable-component-update --disable-sync"
).split()
_START_S = 120.0
_POLL_S = 0.05


@dataclass(frozen=True)
class Served:
    """A running page: its address and its process."""

    address: str
    pid: int

    @property
    def memory_mb(self) -> float:
        """Memory of the server's process that lies in RAM."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextmanager
def run_page(
    command: Sequence[str], environment: Mapping[str, str] | None = None
) -> Iterator[Served]:
    """A page from the time it answers until the block ends.

    Args:
        command: Starts it; `{port}` becomes a free port of 127.0.0.1.
        environment: Variables beside those of this process.

    Raises:
        TimeoutError: It did not answer within two minutes.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    address = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [part.replace("{port}", port) for part in command],
        env={**os.environ, **(environment or {})},
        cwd=Path(__file__).parents[1],
    )
    try:
        _wait_for(f"{address}/_stcore/health")
        yield Served(address, server.pid)
    finally:
        server.terminate()
        server.wait(30)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + _START_S
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError as error:
            if time.monotonic() > deadline:
                raise TimeoutError("the page did not start") from error
            time.sleep(_POLL_S)
