"""Every limit of the sandbox, proven by a program that tries to break it."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

import pytest

from ingestion.errors import SandboxUnavailable
from rag_agent.sandbox import Run, Sandbox
from rag_agent.sandbox.__main__ import UNAVAILABLE_EXIT
from rag_agent.sandbox.system_calls import deny_filter
from rag_agent.settings import SandboxSettings
from tests.rag_agent import sandboxes

# A sandbox whose interpreter lies below /tmp leaves /tmp read-only; a test of its own shows that.
TEMPORARY = "." if Path(sys.prefix).is_relative_to("/tmp") else "/tmp"
TIGHT = SandboxSettings(timeout_s=30, memory_mb=256, processes=8, file_mb=2, output_kb=8)
REPOSITORY = Path(__file__).parents[3]
MARK = "sandboxed-4f1c"  # in the command line of nothing else


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return sandboxes.opened(TIGHT)


def alive() -> list[str]:
    """Command lines of processes that a test's program left on this machine."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if MARK in line:
            found.append(line)
    return found


def test_a_program_that_ends_well_passes(sandbox: Sandbox) -> None:
    run = sandbox.run("import sys; print(sys.stdin.read().upper())", stdin="grüße")
    assert (run.outcome, run.exit_code, run.stdout, run.stderr) == ("passed", 0, "GRÜSSE\n", "")
    assert 0 < run.seconds < TIGHT.timeout_s


def test_a_failing_program_keeps_its_traceback(sandbox: Sandbox) -> None:
    run = sandbox.run("def f():\n    return 1 / 0\nf()\n")
    assert (run.outcome, run.exit_code) == ("failed", 1)
    assert "line 2, in f" in run.stderr
    assert run.stderr.endswith("ZeroDivisionError: division by zero\n")


def test_the_exit_code_is_the_programs_own(sandbox: Sandbox) -> None:
    assert sandbox.run("raise SystemExit(7)").exit_code == 7


def test_a_crash_is_a_kill_by_signal(sandbox: Sandbox) -> None:
    run = sandbox.run("import os; os.abort()")
    assert (run.outcome, run.exit_code) == ("killed", -6)


def test_numpy_and_torch_can_be_imported(sandbox: Sandbox) -> None:
    program = "import numpy, torch; print((torch.ones(2, 3) @ torch.ones(3)).numpy().sum())"
    run = Sandbox(SandboxSettings(timeout_s=90)).run(program)
    assert (run.outcome, run.stdout) == ("passed", "6.0\n"), run.stderr
    assert run.memory_mb > 20


def test_runs_share_nothing_and_inherit_nothing(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "hunter2")
    program = (
        "import os, sys\n"
        "print(os.listdir(), sorted(os.environ), os.listdir('/proc/self/fd'), sys.argv)\n"
        f"open('left', 'w').write('x'); open('{TEMPORARY}/left2', 'w').write('x')\n"
    )
    first, second = sandbox.run(program), sandbox.run(program)
    assert first.outcome == "passed", first.stderr
    assert first.stdout == second.stdout
    assert first.stdout.startswith("[]")
    assert "SECRET" not in first.stdout
    assert "['0', '1', '2', '3']" in first.stdout  # the fourth is the listing itself


def test_a_fork_bomb_is_contained(sandbox: Sandbox) -> None:
    bomb = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass\n"
    run = Sandbox(TIGHT.model_copy(update={"timeout_s": 3.0})).run(bomb)
    assert run.outcome in ("timed out", "out of memory")
    assert run.seconds < 10


def test_processes_are_counted(sandbox: Sandbox) -> None:
    program = (
        "import os, time\n"
        "made = 0\n"
        "try:\n"
        "    while made < 500:\n"
        "        if os.fork() == 0: time.sleep(9)\n"
        "        made += 1\n"
        "except BlockingIOError: print(made)\n"
    )
    run = sandbox.run(program)
    assert run.outcome == "passed", run
    assert int(run.stdout) < TIGHT.processes


def test_threads_are_counted(sandbox: Sandbox) -> None:
    run = sandbox.run(
        "import threading, time\n"
        "for _ in range(200): threading.Thread(target=time.sleep, args=(9,), daemon=True).start()\n"
    )
    assert run.outcome == "failed"
    assert "can't start new thread" in run.stderr


def test_endless_output_is_cut(sandbox: Sandbox) -> None:
    run = sandbox.run("while True: print('spam' * 1000)")
    assert run.outcome == "output limit"
    assert len(run.stdout) == TIGHT.output_kb * 1024


def test_endless_errors_are_cut_too(sandbox: Sandbox) -> None:
    run = sandbox.run("import sys\nwhile True: sys.stderr.write('é' * 999)")
    assert run.outcome == "output limit"
    assert len(run.stdout) + len(run.stderr.encode()) <= TIGHT.output_kb * 1024 + 3


def test_a_memory_hog_is_refused(sandbox: Sandbox) -> None:
    run = sandbox.run("hog = bytearray(1 << 30)")
    assert run.outcome == "out of memory"
    assert run.memory_mb < TIGHT.memory_mb


def test_shared_memory_of_a_process_counts_too(sandbox: Sandbox) -> None:
    run = sandbox.run(
        "import mmap, time\n"
        "hog = mmap.mmap(-1, 1 << 30)\n"
        "for start in range(0, 1 << 30, 1 << 20): hog[start:start + (1 << 20)] = bytes(1 << 20)\n"
        "time.sleep(60)\n"
    )
    assert run.outcome == "out of memory"
    assert run.seconds < TIGHT.timeout_s


def test_libraries_that_are_only_mapped_do_not_count_as_memory(sandbox: Sandbox) -> None:
    """PyTorch's CUDA build maps 3 GB of libraries: no program with it could run under a limit of 1 GB."""
    run = sandbox.run("import mmap; mmap.mmap(-1, 4 << 30, mmap.MAP_PRIVATE, mmap.PROT_READ)")
    assert run.outcome == "passed", run.stderr


def test_processes_together_stay_under_the_memory_limit(sandbox: Sandbox) -> None:
    run = sandbox.run(
        "import os, time\n"
        "for _ in range(2): os.fork() or os.setsid()\n"
        "hog = bytearray(os.urandom(1)) * (100 << 20)\n"
        "time.sleep(60)\n"
    )
    assert run.outcome == "out of memory"
    assert run.seconds < TIGHT.timeout_s


def test_memory_outside_processes_is_shut(sandbox: Sandbox) -> None:
    run = sandbox.run(
        "import ctypes, os\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "print(libc.shmget(0, 1 << 20, 0o1600), libc.unshare(0x10000000))\n"
        "os.memfd_create('hog')\n"
    )
    assert run.stdout == "-1 -1\n"
    assert "PermissionError" in run.stderr


def test_a_new_user_namespace_is_refused_to_clone_as_well(sandbox: Sandbox) -> None:
    number = {"x86_64": 56, "aarch64": 220}[os.uname().machine]
    run = sandbox.run(
        "import ctypes\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        f"print(libc.syscall({number}, 0x10000000 | 17, 0, 0, 0, 0), ctypes.get_errno())\n"
    )
    assert run.stdout == "-1 1\n"


@pytest.mark.parametrize("folder", [".", TEMPORARY, "/dev/shm"])
def test_all_files_together_stay_under_the_limit(sandbox: Sandbox, folder: str) -> None:
    run = sandbox.run(f"for n in range(9): open(f'{folder}/{{n}}', 'wb').write(bytes(1 << 19))\n")
    assert run.outcome == "failed"
    assert "No space left on device" in run.stderr


def test_one_file_stays_under_the_limit(sandbox: Sandbox) -> None:
    run = sandbox.run("open('big', 'wb').write(bytes(64 << 20))")
    assert "OSError" in run.stderr


def test_the_users_files_are_not_there(sandbox: Sandbox, tmp_path: Path) -> None:
    secret = tmp_path / "data" / "secret.txt"
    secret.parent.mkdir()
    secret.write_text("the data folder")
    secret.chmod(0o644)
    wanted = [
        str(secret),
        str(Path.home() / ".ssh"),
        str(Path.home() / ".bashrc"),
        "/etc/shadow",
        "/etc/passwd",
        "/var/log",
        "/run",
        str(Path(__file__).resolve()),
        f"/proc/{os.getpid()}/environ",
    ]
    run = sandbox.run(f"import os\nprint([p for p in {wanted!r} if os.path.lexists(p)])\n")
    assert run.stdout == "[]\n", run.stderr


def test_the_root_of_another_process_is_no_way_out(sandbox: Sandbox) -> None:
    run = sandbox.run(
        "import os\n"
        "for pid in filter(str.isdigit, os.listdir('/proc')):\n"
        "    try: print(pid, os.listdir(f'/proc/{pid}/root/etc'))\n"
        "    except OSError: pass\n"
        "print('end')\n"
    )
    assert run.stdout == "end\n"


@pytest.mark.parametrize(
    "path",
    [
        "/escaped",
        "/usr/escaped",
        "/dev/escaped",
        "/program.py",
        f"{sys.prefix}/escaped",
        "/proc/sys/kernel/hostname",
    ],
)
def test_nothing_outside_the_folder_can_be_written(sandbox: Sandbox, path: str) -> None:
    run = sandbox.run(f"open({path!r}, 'w').write('x')")
    assert run.outcome == "failed"
    assert "OSError" in run.stderr or "PermissionError" in run.stderr
    if path != "/proc/sys/kernel/hostname":
        assert not Path(path).exists()


def test_the_program_has_no_rights(sandbox: Sandbox) -> None:
    run = sandbox.run(
        "import os\n"
        "status = dict(line.split(':', 1) for line in open('/proc/self/status'))\n"
        "print(os.getuid() != 0, status['CapEff'].strip(), status['NoNewPrivs'].strip())\n"
        "try: os.setuid(0)\n"
        "except OSError: print('refused')\n"
        "import resource\n"
        "try: resource.setrlimit(resource.RLIMIT_NPROC, (999, 999))\n"
        "except ValueError: print('refused')\n"
    )
    assert run.stdout == "True 0000000000000000 1\nrefused\nrefused\n", run.stderr


def test_no_connection_leaves_not_even_to_loopback(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        run = sandbox.run(
            "import socket\n"
            f"for address in [('127.0.0.1', {port}), ('1.1.1.1', 53), ('::1', {port})]:\n"
            "    try: socket.create_connection(address, timeout=1); print('connected')\n"
            "    except OSError as error: print(error.errno)\n"
            "print(sorted(name for _, name in socket.if_nameindex()))\n"
        )
        with pytest.raises(TimeoutError):
            server.accept()
    assert run.outcome == "passed", run.stderr
    assert "connected" not in run.stdout
    assert run.stdout.endswith("['lo']\n")


def test_an_abstract_socket_of_the_machine_cannot_be_reached(sandbox: Sandbox) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0{MARK}")
        server.listen()
        run = sandbox.run(f"import socket\nsocket.socket(socket.AF_UNIX).connect('\\0{MARK}')\n")
    assert "ConnectionRefusedError" in run.stderr


def test_ignoring_signals_does_not_help(sandbox: Sandbox) -> None:
    started = time.perf_counter()
    run = Sandbox(TIGHT.model_copy(update={"timeout_s": 1.0})).run(
        "import signal, time\n"
        "for name in ('TERM', 'INT', 'HUP'):\n"
        "    signal.signal(getattr(signal, 'SIG' + name), signal.SIG_IGN)\n"
        "print('waiting')\n"
        "while True: time.sleep(1)\n"
    )
    assert (run.outcome, run.stdout) == ("timed out", "waiting\n")
    assert time.perf_counter() - started < 4


def test_closing_its_outputs_does_not_hide_a_program(sandbox: Sandbox) -> None:
    run = Sandbox(TIGHT.model_copy(update={"timeout_s": 1.0})).run(
        "import os, time\nos.close(1); os.close(2); time.sleep(60)\n"
    )
    assert run.outcome == "timed out"


@pytest.mark.parametrize("parent", ["", "time.sleep(60)"])
def test_a_daemon_does_not_outlive_its_program(sandbox: Sandbox, parent: str) -> None:
    run = Sandbox(TIGHT.model_copy(update={"timeout_s": 1.5})).run(
        "import os, sys, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0:\n"
        "        nap = 'import time; time.sleep(60)'\n"
        f"        os.execv(sys.executable, [sys.executable, '-c', nap, '{MARK}'])\n"
        "    os._exit(0)\n"
        "time.sleep(0.3)\n"
        f"{parent}\n"
    )
    assert run.outcome == ("timed out" if parent else "passed"), run.stderr
    assert run.seconds < 4
    assert alive() == []


def test_no_program_outlives_this_process(sandbox: Sandbox) -> None:
    here = (
        "from rag_agent.sandbox import Sandbox\n"
        "Sandbox().run('import os, sys; print(os.execv(sys.executable, [sys.executable, "
        f'"-c", "import time; time.sleep(60)", "{MARK}"]))\')\n'
    )
    process = subprocess.Popen([sys.executable, "-c", here])
    deadline = time.perf_counter() + 20
    while not alive() and time.perf_counter() < deadline:
        time.sleep(0.05)
    assert alive()
    process.kill()
    process.wait()
    deadline = time.perf_counter() + 5
    while [line for line in alive() if "rag_agent" not in line] and time.perf_counter() < deadline:
        time.sleep(0.05)
    assert alive() == []


def refusing_bubblewrap(folder: Path) -> str:
    """A PATH with a bubblewrap newer than any that may build no namespaces."""
    program = folder / "bwrap"
    program.write_text(
        '#!/bin/sh\ntest "$1" = --version && echo "bubblewrap 99.0" && exit\n'
        "echo 'bwrap: No permissions to create namespace' >&2\nexit 1\n"
    )
    program.chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


def test_where_namespaces_are_refused_nothing_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", refusing_bubblewrap(tmp_path))
    with pytest.raises(SandboxUnavailable, match="No permissions to create namespace"):
        Sandbox().run("print('ran')")


def test_an_interpreter_above_the_home_folder_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", f"{sys.base_prefix}/somebody")
    with pytest.raises(SandboxUnavailable, match="home folder"):
        Sandbox().run("print('ran')")


def test_an_interpreter_below_tmp_can_be_used_and_leaves_tmp_read_only(sandbox: Sandbox) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        venv.create(folder, symlinks=True)
        packages = [path for path in sys.path if path.endswith("site-packages")]
        program = (
            "from rag_agent.sandbox import Sandbox\n"
            'run = Sandbox().run(\'print(1)\\nopen("/tmp/x", "w")\')\n'
            "print(run.stdout, run.stderr)"
        )
        ran = subprocess.run(
            [f"{folder}/bin/python", "-c", program],
            env={"PYTHONPATH": ":".join([str(REPOSITORY), *packages]), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=True,
        )
    assert ran.stdout.startswith("1\n")
    assert "Read-only file system" in ran.stdout


def test_the_command_passes_on_output_and_exit_code(
    sandbox: Sandbox, tmp_path: Path, home: Path
) -> None:
    program = tmp_path / "program.py"
    program.write_text("print(input()); raise SystemExit(3)")
    command = [sys.executable, "-m", "rag_agent.sandbox", str(program)]
    done = subprocess.run(command, input="hello\n", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (3, "hello\n")
    assert done.stderr.startswith("failed: ")


def test_the_command_says_when_it_cannot_isolate(tmp_path: Path, home: Path) -> None:
    (tmp_path / "program.py").write_text("print('ran')")
    command = [sys.executable, "-m", "rag_agent.sandbox", str(tmp_path / "program.py")]
    environment = {"PATH": refusing_bubblewrap(tmp_path), "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, input="", check=False
    )
    assert (done.returncode, done.stdout) == (UNAVAILABLE_EXIT, "")
    assert "No permissions to create namespace" in done.stderr


def test_the_filter_knows_two_processors_and_no_third() -> None:
    assert len(deny_filter("x86_64")) == len(deny_filter("aarch64"))
    with pytest.raises(KeyError):
        deny_filter("vax")


def test_a_run_is_json() -> None:
    run = Run("failed", 1, "out", "err", 0.12345, 7.89)
    assert run.as_json() == {
        "outcome": "failed",
        "exit_code": 1,
        "stdout": "out",
        "stderr": "err",
        "seconds": 0.123,
        "memory_mb": 7.9,
    }


def test_children_of_threads_are_counted(sandbox: Sandbox) -> None:
    run = sandbox.run(
        "import os, threading, time\n"
        "def child():\n"
        "    if os.fork() == 0:\n"
        "        hog = bytearray(os.urandom(1)) * (100 << 20)\n"
        "        time.sleep(20)\n"
        "        os._exit(0)\n"
        "    time.sleep(20)\n"
        "threads = [threading.Thread(target=child) for _ in range(3)]\n"
        "for thread in threads: thread.start()\n"
        "time.sleep(20)\n"
    )
    assert run.outcome == "out of memory"
    assert run.seconds < 10


def test_page_tables_count_as_memory(sandbox: Sandbox) -> None:
    """A page of zeros read in every 2 MB of an empty mapping costs the kernel 4 kB each time."""
    run = sandbox.run(
        "import mmap\n"
        "room = mmap.mmap(-1, 1 << 39, mmap.MAP_PRIVATE | 0x4000, mmap.PROT_READ)\n"
        "for place in range(0, 1 << 39, 1 << 21): room[place]\n"
    )
    assert run.outcome == "out of memory"


@pytest.mark.parametrize("call", ["semget(0, 1, 0o1600)", "msgget(0, 0o1600)"])
def test_system_v_queues_and_semaphores_are_shut(sandbox: Sandbox, call: str) -> None:
    run = sandbox.run(
        "import ctypes\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        f"print(libc.{call}, ctypes.get_errno())\n"
    )
    assert run.stdout == "-1 1\n"


@pytest.mark.parametrize("make", ["open(f'{n}', 'w').close()", "os.symlink('x', f'/dev/shm/{n}')"])
def test_the_number_of_files_is_bounded(sandbox: Sandbox, make: str) -> None:
    run = sandbox.run(f"import os\nfor n in range(400_000): {make}\n")
    assert run.outcome == "too many files"


def test_only_families_of_sockets_that_programs_need_can_be_opened(sandbox: Sandbox) -> None:
    run = sandbox.run(
        "import socket\n"
        "for family in (1, 2, 10, 16, 40, 17, 38, 31):\n"
        "    kind = socket.SOCK_RAW if family == 16 else socket.SOCK_STREAM\n"
        "    try: socket.socket(family, kind).close(); print(family)\n"
        "    except OSError as error: print(error.errno == 97, end=' ')\n"
        "print(len(socket.socketpair()))\n"
    )
    assert run.stdout == "1\n2\n10\n16\nTrue True True True 2\n", run
