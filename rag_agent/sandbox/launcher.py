"""Generated programs run here: in namespaces of their own, with hard limits, or not at all.

Bubblewrap builds the walls: new mount, process, network, IPC and host-name namespaces, a root that
holds only the interpreter, the system libraries (read-only) and one empty folder. A launcher inside
them sets kernel limits, gives up every right, and only then starts the program. This side reads the
output, watches time and memory, and kills the whole process namespace at once.
"""

import argparse
import os
import re
import secrets
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any, Literal

from ingestion.errors import SandboxUnavailable
from rag_agent.sandbox import bubblewrap
from rag_agent.sandbox.system_calls import deny_filter
from rag_agent.settings import SandboxSettings, load_settings

Outcome = Literal["passed", "failed", "timed out", "out of memory", "output limit", "killed"]

FOLDER = "/sandbox"
_TEMPORARY, _SHARED_MEMORY = "/tmp", "/dev/shm"  # noqa: S108 inside the walls
PROGRAM = "/program.py"
UNAVAILABLE_EXIT = 125  # of `python -m rag_agent.sandbox.launcher`, as container tools use it

_POLL_S = 0.02
_GONE_S = 10.0  # the kernel needs milliseconds to end a process namespace; more means it is stuck
_OPEN_FILES = 64

# Runs inside the walls, before the program. Where the caller is root, the process limit would not
# bind (the kernel exempts root), so the launcher first becomes a user id that nobody else has.
# DATA bounds what a process can write to, not its address space: PyTorch's CUDA build, which a package
# index gives on Linux, maps 3.2 GB of libraries and writes to 0.7 GB.
_LAUNCHER = """
import os, resource, sys
ready, uid, *limits = (int(n) for n in sys.argv[1:8])
if uid:
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
names = ("DATA", "NPROC", "FSIZE", "NOFILE", "CORE")
for name, limit in zip(names, limits, strict=True):
    resource.setrlimit(getattr(resource, "RLIMIT_" + name), (limit, limit))
os.set_inheritable(ready, False)
os.write(ready, b"1")
try:
    os.execv(sys.executable, [sys.executable, "-P", "-s", "-B", "-u", sys.argv[8]])
finally:
    os.write(ready, b"!")
"""


@dataclass(frozen=True, slots=True)
class Run:
    """How one program ended.

    Args:
        outcome: `passed` when it exited with 0; else the limit it hit, `failed`, or `killed` by a
            signal.
        exit_code: Of the program; negative for the signal that ended it, as in `subprocess`.
        stdout: What it printed, cut at the output limit.
        stderr: What it printed there, cut at the same limit.
        seconds: Wall time, start of the sandbox included.
        memory_mb: Highest memory of all its processes together that was seen, sampled every 20 ms.
    """

    outcome: Outcome
    exit_code: int
    stdout: str
    stderr: str
    seconds: float
    memory_mb: float

    def as_json(self) -> dict[str, Any]:
        """The fields that `code --json` prints."""
        return {
            "outcome": self.outcome,
            "exit_code": self.exit_code,
            "stdout": self.stdout,
            "stderr": self.stderr,
            "seconds": round(self.seconds, 3),
            "memory_mb": round(self.memory_mb, 1),
        }


class Sandbox:
    """Runs untrusted Python programs one at a time, each in a fresh process and an empty folder.

    A program sees the interpreter and its packages, the system libraries and `/sandbox`, where all
    that it writes together stays under `file_mb`. It has no network (its loopback is its own), no
    environment of ours, no rights, and no process survives it. Process limits need Linux 5.14.
    """

    def __init__(self, settings: SandboxSettings | None = None) -> None:
        self.settings = settings or SandboxSettings()

    def run(self, program: str, *, stdin: str = "") -> Run:
        """Run a program to its end or to a limit.

        Args:
            program: Python source.
            stdin: What the program can read from its standard input.

        Raises:
            SandboxUnavailable: The walls cannot be built here; the program was not run.
        """
        started = time.perf_counter()
        files = (_held(_utf8(program)), _held(_utf8(stdin)), _held(self._denied))
        with files[0] as source, files[1] as given, files[2] as denied:
            ready, told = os.pipe()
            process = subprocess.Popen(
                self._command(source.fileno(), denied.fileno(), told),
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_ENVIRONMENT,
                cwd="/",
                pass_fds=(source.fileno(), denied.fileno(), told),
                start_new_session=True,
            )
            os.close(told)
        watch = _Watch(process, self.settings, started)
        with os.fdopen(ready, "rb") as launched:
            watch.to_the_end()
            if launched.read() != b"1":
                raise _unavailable(f"bubblewrap failed: {watch.text('stderr').strip()[-300:]}")
        return watch.result()

    def _command(self, source: int, denied: int, told: int) -> list[str]:
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
        return [*walls, "--", *launch, str(told), str(uid), *map(str, limits), PROGRAM]

    @cached_property
    def _bubblewrap(self) -> str:
        found = bubblewrap.newest()
        if found is None:
            raise _unavailable("no bubblewrap runs on this machine")
        if not Path(f"/proc/self/task/{os.getpid()}/children").exists():
            raise _unavailable("the kernel lists no child processes, so memory cannot be watched")
        return str(found.path)

    @cached_property
    def _denied(self) -> bytes:
        try:
            return deny_filter()
        except KeyError as error:
            raise _unavailable(f"no filter of system calls for {error} processors") from error

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
                raise _unavailable(f"the interpreter's folder {root} contains the home folder")
        # Bubblewrap closes the folders above a mount to all but root, which the program is not.
        above = {("--dir", str(folder)) for root in roots for folder in root.parents[:-1]}
        mounts: list[tuple[str, ...]] = sorted(above)
        mounts += [("--ro-bind", str(root), str(root)) for root in sorted(roots)]
        for name in ("/bin", "/lib", "/lib32", "/lib64"):
            if Path(name).is_symlink():
                mounts.append(("--symlink", str(Path(name).readlink()), name))
            elif Path(name).is_dir():
                mounts.append(("--ro-bind", name, name))
        return mounts


_UNPRIVILEGED = ("--unshare-user", "--uid", "65534", "--gid", "65534")

_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": FOLDER,
    "TMPDIR": FOLDER,
    "USER": "nobody",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",  # a program that passed once passes again
    "OMP_NUM_THREADS": "1",  # threads count as processes, and each reserves address space
    "OPENBLAS_NUM_THREADS": "1",
}


class _Watch:
    """Reads a running program's output and kills it at the first limit."""

    def __init__(
        self, process: subprocess.Popen[bytes], settings: SandboxSettings, started: float
    ) -> None:
        self.process = process
        self.settings = settings
        self.started = started
        self.outcome: Outcome | None = None
        self.kept = {"stdout": bytearray(), "stderr": bytearray()}
        self.memory_mb = 0.0

    def to_the_end(self) -> None:
        """Return when the program and every process it left behind are gone."""
        with self.process, selectors.DefaultSelector() as selector:
            for name in self.kept:
                selector.register(getattr(self.process, name), selectors.EVENT_READ, name)
            try:
                while selector.get_map() or self.process.poll() is None:
                    for key, _ in selector.select(_POLL_S):
                        self._read(selector, key)
                    self._check()
            finally:
                self.process.kill()
        self.seconds = time.perf_counter() - self.started

    def _read(self, selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
        data = os.read(key.fd, 1 << 16)
        if not data:
            selector.unregister(key.fileobj)
        room = self.settings.output_kb * 1024 - sum(map(len, self.kept.values()))
        self.kept[key.data] += data[: max(room, 0)]
        if len(data) > room:
            self._stop("output limit")

    def _check(self) -> None:
        elapsed = time.perf_counter() - self.started
        if elapsed > self.settings.timeout_s:
            self._stop("timed out")
        if elapsed > self.settings.timeout_s + _GONE_S:
            raise _unavailable("a killed program did not end")
        used_mb = sum(map(_memory_mb, _descendants(self.process.pid)))
        self.memory_mb = max(self.memory_mb, used_mb)
        if used_mb > self.settings.memory_mb:
            self._stop("out of memory")

    def _stop(self, outcome: Outcome) -> None:
        # Killing bubblewrap kills the first process of the namespace, and the kernel then the rest.
        self.outcome = self.outcome or outcome
        self.process.kill()

    def text(self, name: str) -> str:
        """What the program wrote to `stdout` or `stderr`, as text."""
        return self.kept[name].decode("utf-8", errors="replace")

    def result(self) -> Run:
        code = self.process.returncode
        exit_code = 128 - code if code > 128 else code  # bubblewrap reports a signal as 128 + n
        stderr = self.text("stderr")
        outcome = self.outcome or _outcome(exit_code, stderr)
        return Run(outcome, exit_code, self.text("stdout"), stderr, self.seconds, self.memory_mb)


def _outcome(exit_code: int, stderr: str) -> Outcome:
    if exit_code == 0:
        return "passed"
    if exit_code < 0:
        return "killed"
    last = stderr.strip().rpartition("\n")[2]
    refused = re.match(r"(\w+\.)*_?(Array)?MemoryError\b", last) or "can't allocate memory" in last
    return "out of memory" if refused else "failed"


def _descendants(pid: int) -> Iterator[int]:
    """The processes below `pid`; the sandbox's first process adopts what a program abandons."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:  # it ended meanwhile
        return
    for child in map(int, children.split()):
        yield child
        yield from _descendants(child)


def _memory_mb(pid: int) -> float:
    """Memory that a process holds beyond mapped files, megabytes; 0 when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    held = re.findall(r"^Rss(?:Anon|Shmem):\s+(\d+) kB", status, re.MULTILINE)
    return sum(map(int, held)) / 1024


def _held(content: bytes) -> IO[bytes]:
    """An unnamed file that holds `content`, to be read from its start."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 the caller closes it
    file.write(content)
    file.seek(0)
    return file


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", errors="replace")  # a model may write half a surrogate pair


def _unavailable(why: str) -> SandboxUnavailable:
    return SandboxUnavailable(
        f"Code cannot be isolated here: {why}",
        kept="The program was written but not run",
        next_step="Programs run on Linux, for a user who may make namespaces: a container has to "
        "grant them as docker-compose.yml does; Ubuntu 24.04 wants "
        "`sysctl kernel.apparmor_restrict_unprivileged_userns=0`",
    )


def main() -> int:
    """Run one file in the sandbox; exit with its code, 1 where a limit ended it, 125 if unable."""
    parser = argparse.ArgumentParser(
        prog="python -m rag_agent.sandbox.launcher", description=main.__doc__
    )
    parser.add_argument("file", type=Path, help="Python program; its standard input is ours")
    program = parser.parse_args().file.read_text(encoding="utf-8")
    stdin = "" if sys.stdin.isatty() else sys.stdin.read()
    try:
        run = Sandbox(load_settings().sandbox).run(program, stdin=stdin)
    except SandboxUnavailable as error:
        print(error, file=sys.stderr)
        return UNAVAILABLE_EXIT
    sys.stdout.write(run.stdout)
    sys.stderr.write(run.stderr)
    print(f"{run.outcome}: {run.seconds:.2f} s, {run.memory_mb:.0f} MB", file=sys.stderr)
    return run.exit_code if run.exit_code > 0 else int(run.outcome != "passed")


if __name__ == "__main__":
    sys.exit(main())
