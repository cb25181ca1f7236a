"""Every limit of the sandbox, proven by a program that tries to break it."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from rag_agent.sandbox import Sandbox
from rag_agent.sandbox.watch import _descendants
from tests.rag_agent.sandboxes import MARK, TEMPORARY, TIGHT


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


@pytest.mark.long
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


@pytest.mark.long
def test_processes_that_end_while_they_are_counted_are_no_fault() -> None:
    forks = "import os\nfor _ in range(500):\n    os.fork() or os._exit(0)\n    os.wait()"
    with subprocess.Popen([sys.executable, "-c", forks]) as process:
        while process.poll() is None:
            list(_descendants(process.pid))


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


@pytest.mark.long
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


@pytest.mark.parametrize("folder", [".", TEMPORARY, "/dev/shm"])
def test_all_files_together_stay_under_the_limit(sandbox: Sandbox, folder: str) -> None:
    run = sandbox.run(f"for n in range(9): open(f'{folder}/{{n}}', 'wb').write(bytes(1 << 19))\n")
    assert run.outcome == "failed"
    assert "No space left on device" in run.stderr


def test_one_file_stays_under_the_limit(sandbox: Sandbox) -> None:
    run = sandbox.run("open('big', 'wb').write(bytes(64 << 20))")
    assert "OSError" in run.stderr


@pytest.mark.long
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


@pytest.mark.long
def test_closing_its_outputs_does_not_hide_a_program(sandbox: Sandbox) -> None:
    run = Sandbox(TIGHT.model_copy(update={"timeout_s": 1.0})).run(
        "import os, time\nos.close(1); os.close(2); time.sleep(60)\n"
    )
    assert run.outcome == "timed out"


@pytest.mark.parametrize("parent", ["", "time.sleep(60)"])
@pytest.mark.long
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


@pytest.mark.long
def test_page_tables_count_as_memory(sandbox: Sandbox) -> None:
    """A page of zeros read in every 2 MB of an empty mapping costs the kernel 4 kB each time."""
    run = sandbox.run(
        "import mmap\n"
        "room = mmap.mmap(-1, 1 << 39, mmap.MAP_PRIVATE | 0x4000, mmap.PROT_READ)\n"
        "for place in range(0, 1 << 39, 1 << 21): room[place]\n"
    )
    assert run.outcome == "out of memory"


@pytest.mark.parametrize("make", ["open(f'{n}', 'w').close()", "os.symlink('x', f'/dev/shm/{n}')"])
@pytest.mark.long
def test_the_number_of_files_is_bounded(sandbox: Sandbox, make: str) -> None:
    run = sandbox.run(f"import os\nfor n in range(400_000): {make}\n")
    assert run.outcome == "too many files"
