"""Programs that are given an untrusted file."""

import time
from pathlib import Path

import pytest

from ingestion.fulltext.process import Ended, run_on


def program(folder: Path, body: str) -> Path:
    path = folder / "program.py"
    path.write_text(f"import os, signal, sys, time\n{body}\n")
    return path


def test_what_it_prints_about_the_bytes_comes_back(tmp_path: Path) -> None:
    echo = program(tmp_path, "print(sys.argv[1], sys.stdin.read(), sys.argv[2])")
    assert run_on(b"data", echo, ["first"], 5) == b"first data 5\n"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("os.kill(os.getpid(), signal.SIGXCPU)", "takes longer than 30 s"),
        ("os.abort()", "needs more than 1 GB of memory"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "needs more memory than this machine has free"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", r"makes its reader crash \(SIGSEGV\)"),
        ("sys.exit(3)", "makes its reader fail"),
    ],
)
def test_why_nothing_came_is_said_in_words(tmp_path: Path, body: str, reason: str) -> None:
    with pytest.raises(Ended, match=reason):
        run_on(b"", program(tmp_path, body), [], 30)


def test_it_is_ended_at_its_time(tmp_path: Path) -> None:
    started = time.perf_counter()
    with pytest.raises(Ended, match="takes longer than 1 s"):
        run_on(b"", program(tmp_path, "time.sleep(60)"), [], 0.6)
    assert time.perf_counter() - started < 30
