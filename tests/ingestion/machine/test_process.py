"""Processes are told apart without a program of the system."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ingestion.machine.process import is_alive, started


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_a_process_is_known_while_it_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    time.sleep(0.02)  # two that start in one tick of the clock, 10 ms, are not told apart
    later = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    monkeypatch.setattr(subprocess, "run", None)  # the start of a program would be an error
    assert is_alive(os.getpid())
    assert started(os.getpid()) == started(os.getpid()) != started(later.pid) != ""
    assert not is_alive(gone.pid)
    assert started(gone.pid) == ""
    assert started(0) == ""
    later.communicate()


def test_one_that_ended_and_was_not_waited_for_is_not_alive() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert is_alive(child.pid)
    assert child.stdin
    child.stdin.close()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not is_alive(child.pid) or not Path("/proc/self/stat").exists()
    child.wait()
