"""The walls around a program, as a command line of bubblewrap, and what is done inside them before it starts.

New mount, process, network, IPC and host-name namespaces; a root that holds only the interpreter, the system
libraries (read-only) and one empty folder. A launcher inside sets kernel limits, gives up every right, and
only then starts the program.
"""

import os
import secrets
import sys
from collections.abc import Collection
from functools import cached_property
from pathlib import Path

from ingestion.errors import SandboxUnavailable
from rag_agent.sandbox import bubblewrap
from rag_agent.sandbox.system_calls import deny_filter
from rag_agent.settings import SandboxSettings

FOLDER, PROGRAM = "/sandbox", "/program.py"
_TEMPORARY, _SHARED_MEMORY = "/tmp", "/dev/shm"  # noqa: S108 inside the walls
_OPEN_FILES = 64

ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": FOLDER,
    "TMPDIR": FOLDER,
    "USER": "nobody",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",  # a program that passed once passes again
    "OMP_NUM_THREADS": "1",  # threads count as processes, and each reserves address space
    "OPENBLAS_NUM_THREADS": "1",
}
"""All that a program finds in its environment."""

# Runs inside the walls, before the program. It hands out the two folders that can be written, so that the files
# in them can be counted from outside. Where the caller is root, the process limit would not bind (the kernel
# exempts root), so the launcher becomes a user id that nobody else has. DATA bounds what a process can write to,
# not its address space: PyTorch's CUDA build, which a package index gives on Linux, maps 3.2 GB of libraries and
# writes to 0.7 GB.
_LAUNCHER = f"""
import _socket, array, os, resource, sys
ready, uid, *limits = (int(n) for n in sys.argv[1:8])
folders = [os.open(path, os.O_RDONLY) for path in ("{FOLDER}", "{_SHARED_MEMORY}")]
if uid:
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
names = ("DATA", "NPROC", "FSIZE", "NOFILE", "CORE")
for name, limit in zip(names, limits, strict=True):
    resource.setrlimit(getattr(resource, "RLIMIT_" + name), (limit, limit))
os.set_inheritable(ready, False)
line = _socket.socket(fileno=ready)
line.sendmsg([b"1"], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, array.array("i", folders))])
try:
    os.execv(sys.executable, [sys.executable, "-P", "-s", "-B", "-u", sys.argv[8]])
finally:
    line.send(b"!")
"""
_UNPRIVILEGED = ("--unshare-user", "--uid", "65534", "--gid", "65534")


class Walls:
    """What a program sees and may do on this machine, the same for every run."""

    def __init__(self, settings: SandboxSettings) -> None:
        self.settings = settings

    def command(self, source: int, denied: int, line: int) -> list[str]:
        """The command that starts a program inside.

        Args:
            source: File descriptor of the program's text.
            denied: Of the filter of system calls.
            line: Socket to which the launcher writes `1` and the two folders before the program starts.

        Raises:
            SandboxUnavailable: The walls cannot be built here.
        """
        settings, mb = self.settings, 1 << 20
        memory_b, file_b = settings.memory_mb * mb, settings.file_mb * mb
        limits = (memory_b, settings.processes, file_b, _OPEN_FILES, 0)
        room = ("--size", str(file_b), "--perms", "0777", "--tmpfs")
        # systemd gives services passing user ids from the same range (systemd.exec, DynamicUser=).
        uid = 61184 + secrets.randbelow(4336) if os.getuid() == 0 else 0
        walls = [
            *(self._bubblewrap, "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"),
            *("--unshare-cgroup-try", "--hostname", "sandbox", "--new-session"),
            *("--die-with-parent", "--seccomp", str(denied), "--cap-drop", "ALL"),
            # The launcher of a root caller needs these two to become nobody; they go with that.
            *(("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID") if uid else _UNPRIVILEGED),
            *(part for mount in self._visible for part in mount),
            *("--proc", "/proc", "--dev", "/dev", *room, _SHARED_MEMORY, "--remount-ro", "/dev"),
            *(*room, FOLDER, *self._temporary, "--chdir", FOLDER),
            *("--perms", "0444", "--ro-bind-data", str(source), PROGRAM, "--remount-ro", "/"),
        ]
        launch = [sys.executable, "-I", "-S", "-c", _LAUNCHER]
        return [*walls, "--", *launch, str(line), str(uid), *map(str, limits), PROGRAM]

    @cached_property
    def denied(self) -> bytes:
        """The filter of system calls.

        Raises:
            SandboxUnavailable: This processor's calls are not known.
        """
        try:
            return deny_filter()
        except KeyError as error:
            raise unavailable(f"no filter of system calls for {error} processors") from error

    @cached_property
    def _bubblewrap(self) -> str:
        found = bubblewrap.newest()
        if found is None:
            raise unavailable("no bubblewrap runs on this machine")
        if not Path(f"/proc/self/task/{os.getpid()}/children").exists():
            raise unavailable("the kernel lists no child processes, so memory cannot be watched")
        return str(found.path)

    @cached_property
    def _temporary(self) -> tuple[str, ...]:
        """`/tmp` is the writable folder, unless the interpreter lies there: then it is read-only."""
        taken = any(_TEMPORARY in mount[-1:] for mount in self._visible)
        return () if taken else ("--symlink", FOLDER, _TEMPORARY)

    @cached_property
    def _visible(self) -> list[tuple[str, ...]]:
        """Read-only mounts: the interpreter, its packages, the system libraries."""
        python = Path(sys.executable).resolve().parent.parent
        roots = {Path("/usr"), Path(sys.prefix), Path(sys.base_prefix), python}
        for root in roots:
            if Path.home().is_relative_to(root):
                raise unavailable(f"the interpreter's folder {root} contains the home folder")
        # Bubblewrap closes the folders above a mount to all but root, which the program is not.
        links = _links_outside(Path(sys.executable), roots)
        above = {
            ("--dir", str(folder)) for path in (*roots, *links) for folder in path.parents[:-1]
        }
        mounts: list[tuple[str, ...]] = sorted(above)
        mounts += [("--ro-bind", str(root), str(root)) for root in sorted(roots)]
        mounts += [("--symlink", str(link.readlink()), str(link)) for link in links]
        for name in ("/bin", "/lib", "/lib32", "/lib64"):
            if Path(name).is_symlink():
                mounts.append(("--symlink", str(Path(name).readlink()), name))
            elif Path(name).is_dir():
                mounts.append(("--ro-bind", name, name))
        return mounts


def _links_outside(path: Path, roots: Collection[Path]) -> list[Path]:
    """The links on the way from a path to its file that no root shows.

    An environment made from a link to Python, as version managers place them, leads through it.
    """
    links = []
    while path.is_symlink():
        if not any(path.is_relative_to(root) for root in (*roots, Path("/bin"))):
            links.append(path)
        path = path.parent / path.readlink()
    return links


def unavailable(why: str) -> SandboxUnavailable:
    """The error that says why nothing is run here, and what helps."""
    return SandboxUnavailable(
        f"Code cannot be isolated here: {why}",
        kept="The program was written but not run",
        next_step="Programs run on Linux, for a user who may make namespaces: a container has to "
        "grant them as docker-compose.yml does; Ubuntu 24.04 wants "
        "`sysctl kernel.apparmor_restrict_unprivileged_userns=0`",
    )
