"""Doors of the kernel that stay shut."""

import os

import pytest

from rag_agent.sandbox import Sandbox
from rag_agent.sandbox.system_calls import deny_filter


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


def test_the_filter_knows_two_processors_and_no_third() -> None:
    assert len(deny_filter("x86_64")) == len(deny_filter("aarch64"))
    with pytest.raises(KeyError):
        deny_filter("vax")


@pytest.mark.parametrize("call", ["semget(0, 1, 0o1600)", "msgget(0, 0o1600)"])
def test_system_v_queues_and_semaphores_are_shut(sandbox: Sandbox, call: str) -> None:
    run = sandbox.run(
        "import ctypes\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        f"print(libc.{call}, ctypes.get_errno())\n"
    )
    assert run.stdout == "-1 1\n"


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
