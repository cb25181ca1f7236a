"""What `bench.torture` does to a server: its processes killed, its disk filled, its clock set."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx

_DISK_MB = 768
_KILL_EVERY_S = 2.0


class Disk:
    """The disk that the server's data is on: a small one of its own, where this user may mount one.

    Elsewhere it is the ordinary disk, and full means that the server may write no file any further (RLIMIT_FSIZE).

    Args:
        folder: Where it is mounted.
        stack: Unmounts it at its end.
    """

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={_DISK_MB}m,mode=700", "none", str(folder)],
            capture_output=True,
            check=False,
        )
        self.kind = f"tmpfs of {_DISK_MB} MB" if mounted.returncode == 0 else "RLIMIT_FSIZE"
        if mounted.returncode == 0:
            stack.callback(subprocess.run, ["umount", "--lazy", str(folder)], check=False)

    def fill(self, pid: int) -> None:
        """Leave no byte free, for the process that serves."""
        if self.kind == "RLIMIT_FSIZE":
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            return
        with suppress(OSError), (self.folder / "ballast").open("wb", buffering=0) as ballast:
            while True:
                ballast.write(b"\0" * min(1 << 20, max(1, shutil.disk_usage(self.folder).free)))

    def free(self, pid: int) -> None:
        """Give the room back."""
        if self.kind == "RLIMIT_FSIZE":
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
            return
        (self.folder / "ballast").unlink(missing_ok=True)


class Model:
    """The scripted model's server, on one port all the time.

    Args:
        port: Of loopback.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.scripted_reader", str(self.port)]
        )
        for _ in range(300):
            with suppress(httpx.HTTPError):
                httpx.get(f"http://127.0.0.1:{self.port}/v1/models", timeout=2)
                return
            time.sleep(0.1)
        raise RuntimeError("the scripted model does not start")

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = None


class Faults:
    """Each fault by name: begun, and ended again.

    Args:
        home: Data folder of the server.
        pid: The server's process.
        disk: Its disk.
        model: Its model.
        set_clock: Moves the server's clock to so many seconds from the true time.
    """

    def __init__(
        self, home: Path, pid: int, disk: Disk, model: Model, set_clock: Callable[[float], None]
    ) -> None:
        self._home, self._pid, self._disk, self._model = home, pid, disk, model
        self._set_clock = set_clock
        self.all: dict[str, Callable[[float], None]] = {
            "store killed": self._store_killed,
            "model server killed": self._model_killed,
            "disk full": self._disk_full,
            "clock a day ahead, then a day behind": self._clock_jumps,
        }
        """Each lasts for the seconds it is given."""

    def _store_killed(self, seconds: float) -> None:
        """Kill the process that owns the library, again and again; whoever needs it next starts another."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with suppress(OSError, ValueError, KeyError):
                owner = json.loads((self._home / "library" / "owner.json").read_text())
                os.kill(int(owner["pid"]), signal.SIGKILL)
            time.sleep(_KILL_EVERY_S)

    def _model_killed(self, seconds: float) -> None:
        self._model.kill()
        time.sleep(seconds)
        self._model.start()

    def _disk_full(self, seconds: float) -> None:
        self._disk.fill(self._pid)
        time.sleep(seconds)
        self._disk.free(self._pid)

    def _clock_jumps(self, seconds: float) -> None:
        for shift_s in (86_400.0, -86_400.0):
            self._set_clock(shift_s)
            time.sleep(seconds / 2)
        self._set_clock(0.0)
