"""Finding, starting and stopping a process that a user's programs share."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ingestion.errors import AgentError
from ingestion.machine import loopback_service, process
from ingestion.machine.loopback_service import Service
from ingestion.machine.private_folder import make_private

# Announces itself and listens until it is told to end.
_SERVICE = """
import os, socket, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from ingestion.machine import loopback_service, process
listener = socket.create_server(("127.0.0.1", 0))
service = loopback_service.Service(listener.getsockname()[1], os.getpid(), "secret")
loopback_service.announce(Path(sys.argv[1]), service)
while True:
    listener.accept()
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A service that can be started as `python -m`."""
    (tmp_path / "small_service.py").write_text(_SERVICE.format(root=str(Path.cwd())))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "small_service"


def test_a_service_is_started_once_found_and_stopped(tmp_path: Path, module: str) -> None:
    file = tmp_path / "run" / "small.json"
    service = loopback_service.ensure(file, module, [str(file)], 60)
    assert service.uri == f"http://127.0.0.1:{service.port}"
    assert loopback_service.ensure(file, module, [str(file)], 60) == service
    assert loopback_service.find(file) == service
    assert service.started
    loopback_service.stop(file)
    assert not process.is_alive(service.pid)
    assert loopback_service.find(file) is None
    loopback_service.stop(file)


def test_announcement_and_log_are_for_the_user_alone(tmp_path: Path, module: str) -> None:
    file = tmp_path / "run" / "small.json"
    loopback_service.ensure(file, module, [str(file)], 60)
    try:
        for name in ("small.json", "small.log", "small.lock"):
            assert stat.S_IMODE((file.parent / name).stat().st_mode) == 0o600, name
    finally:
        loopback_service.stop(file)


def test_a_service_that_does_not_start_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_service.py").write_text("raise SystemExit('the disk is on fire')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(AgentError, match="the disk is on fire"):
        loopback_service.ensure(tmp_path / "run" / "x.json", "broken_service", [], 60)


@pytest.mark.long
def test_a_service_that_hangs_at_the_start_is_given_up_and_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slow_service.py").write_text(
        "import os, sys, time\nopen(sys.argv[1], 'w').write(str(os.getpid()))\ntime.sleep(60)"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    pid = tmp_path / "pid"
    with pytest.raises(AgentError, match="did not start within"):
        loopback_service.ensure(tmp_path / "run" / "x.json", "slow_service", [str(pid)], 3)
    time.sleep(0.2)
    assert not pid.exists() or not process.is_alive(int(pid.read_text()))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"port": 1}', '{"a": 1, "b": 2}'])
def test_a_damaged_announcement_announces_nothing(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.json"
    file.write_text(text)
    assert loopback_service.find(file) is None


def test_an_announcement_appears_whole(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    loopback_service.announce(file, Service(1, os.getpid(), "a"))
    loopback_service.announce(file, Service(2, os.getpid(), "b"))
    assert '"port": 2' in file.read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]


def test_folders_above_a_private_one_are_private_too(tmp_path: Path) -> None:
    make_private(tmp_path / "a" / "b" / "c")
    for folder in ("a", "a/b", "a/b/c"):
        assert stat.S_IMODE((tmp_path / folder).stat().st_mode) == 0o700
    make_private(tmp_path / "a")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("port", value) for value in (70000, -1, 0, "80", True)),
        *(("pid", value) for value in (0, -1, 10**30)),
        ("token", 7),
        ("started", 3),
    ],
)
def test_an_announcement_that_cannot_be_announces_nothing(
    tmp_path: Path, field: str, value: object
) -> None:
    file = tmp_path / "x.json"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        loopback_service.announce(file, Service(listener.getsockname()[1], os.getpid(), "t"))
        assert loopback_service.find(file) is not None
        file.write_text(json.dumps({**json.loads(file.read_text()), field: value}))
        assert loopback_service.find(file) is None
        if field == "pid":
            loopback_service.stop(file)  # -1 would be every process of the user


def test_a_process_id_used_again_is_neither_believed_nor_ended(tmp_path: Path, module: str) -> None:
    file = tmp_path / "run" / "small.json"
    service = loopback_service.ensure(file, module, [str(file)], 60)
    recycled = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        announced = json.loads(file.read_text())
        assert announced["started"]
        file.write_text(json.dumps({**announced, "pid": recycled.pid}))
        assert loopback_service.find(file) is None
        loopback_service.stop(file)
        assert recycled.poll() is None
        again = loopback_service.ensure(file, module, [str(file)], 60)
        assert again.pid not in (recycled.pid, service.pid)
        loopback_service.stop(file)
    finally:
        recycled.communicate(b"\n")
        os.kill(service.pid, signal.SIGKILL)


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs /proc")
def test_a_port_of_another_program_is_not_believed_and_the_service_starts_anew(
    tmp_path: Path, module: str
) -> None:
    file = tmp_path / "run" / "small.json"
    service = loopback_service.ensure(file, module, [str(file)], 60)
    with socket.create_server(("127.0.0.1", 0)) as other:
        announced = json.loads(file.read_text())
        file.write_text(json.dumps({**announced, "port": other.getsockname()[1]}))
        assert loopback_service.find(file) is None
        again = loopback_service.ensure(file, module, [str(file)], 60)
        assert again.port not in (service.port, other.getsockname()[1])
        assert not process.is_alive(service.pid), "two would serve the same folder"
    loopback_service.stop(file)


def test_an_announcement_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    (tmp_path / "x.json").mkdir()
    assert loopback_service.find(tmp_path / "x.json") is None
    (tmp_path / "y.json").write_bytes(b"\xff\xfe\x00")
    assert loopback_service.find(tmp_path / "y.json") is None
