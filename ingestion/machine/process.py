"""Whether a process is the one that was meant: ids and ports are used again by others."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc/self/stat")  # Linux tells of processes here, and needs no program for it
_PS = "/bin/ps"  # elsewhere; part of macOS and of every BSD
# Of /proc/net/tcp and tcp6, proc_pid_net(5): TCP_LISTEN, and 127.0.0.1 in both.
_LISTENS = "0A"
_LOOPBACK = ("0100007F", "0000000000000000FFFF00000100007F")


def is_alive(pid: int) -> bool:
    """Whether a process of this id runs; one that ended but was not waited for does not."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    stat = _stat(pid)
    return stat[0] != "Z" if stat else not _PROC.exists()


def started(pid: int) -> str:
    """When a process started, in words that no later process of the same id has; empty where there is none."""
    if _PROC.exists():
        stat = _stat(pid)
        # Clock ticks since boot, which no change of the clock moves.
        return stat[19] if stat else ""
    shown = subprocess.run(
        [_PS, "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return shown.stdout.strip()


def listens(pid: int, port: int) -> bool:
    """Whether a port of 127.0.0.1 is this process's to listen on; true where the system does not tell."""
    listening = _listening(port)
    try:
        owned = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()}
    except OSError:  # not Linux, or another user's process
        return True
    return not listening or "socket:[0]" in listening or bool(listening & owned)


def _listening(port: int) -> set[str]:
    """The sockets that listen on a port of 127.0.0.1, as /proc/PID/fd names them."""
    lines: list[str] = []
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            lines += Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    rows = (line.split() for line in lines)
    return {
        f"socket:[{row[9]}]"
        for row in rows
        if row[3] == _LISTENS and row[1] in {f"{address}:{port:04X}" for address in _LOOPBACK}
    }


def _stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat from the state on, proc_pid_stat(5); empty where there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[-1].split()
    except OSError:
        return []
