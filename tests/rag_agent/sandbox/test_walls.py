"""What a program can see, reach and change: nothing of this machine's."""

import os
import socket
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import pytest

from ingestion.errors import SandboxUnavailable
from rag_agent.sandbox import Sandbox
from tests.rag_agent.sandboxes import MARK, REPOSITORY, TEMPORARY, refusing_bubblewrap


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


def test_an_environment_made_from_a_link_to_python_runs_programs(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    link = tools / "python3"
    link.symlink_to(Path(sys.executable).resolve())
    subprocess.run([link, "-m", "venv", "--without-pip", tmp_path / "made"], check=True)
    packages = [path for path in sys.path if path.endswith("site-packages")]
    ran = subprocess.run(
        [
            tmp_path / "made" / "bin" / "python",
            "-c",
            "from rag_agent.sandbox import Sandbox\n"
            "run = Sandbox().run('import json\\nprint(2)')\n"
            "print(run.stdout, run.stderr)",
        ],
        env={"PYTHONPATH": ":".join([str(REPOSITORY), *packages]), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.startswith("2\n")
