"""A PostgreSQL server of the tests' own, by Debian's package `postgresql`: on loopback, as a user without rights."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.system_programs import SYSTEM_PATH

PASSWORD = "a-password-of-the-tests"


class PostgresMissing(Exception):
    """Why there can be no server here."""


class Postgres:
    """A running server.

    Args:
        programs: Folder of `initdb` and `postgres`.
        data: Its data folder.
        port: On loopback.
    """

    def __init__(self, programs: Path, data: Path, port: int) -> None:
        self._programs, self._data, self.port = programs, data, port
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "postgres") -> str:
        """Address of one of its databases."""
        return f"postgresql://tester:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [
            str(self._programs / "postgres"), "-D", str(self._data), "-p", str(self.port),
            "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self._data}",
            "-c", "fsync=off", "-c", "log_min_messages=fatal",
        ]  # fmt: skip
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=_user()
        )
        import psycopg

        deadline = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.url(), connect_timeout=2).close()
            except psycopg.OperationalError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise
                time.sleep(0.1)
            else:
                return

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """End it: at once, as after a fault, or with another signal."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
        self._process = None

    def make(self, database: str) -> str:
        """An empty database; its address."""
        import psycopg

        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{database}"'.encode())
        return self.url(database)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server with one user, which ends with the block.

    Raises:
        PostgresMissing: It is not installed, or the extra `server` is not.
    """
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        raise PostgresMissing("needs the extra server: make setup-server") from error
    programs = _programs()
    # Not below pytest's folders, which another user may not enter.
    with TemporaryDirectory(prefix="postgres-") as folder:
        data, password = Path(folder) / "data", Path(folder) / "password"
        password.write_text(PASSWORD)
        for path in (Path(folder), password):
            _hand_over(path)
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "tester", "--auth=scram-sha-256", f"--pwfile={password}",
             "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"],
            check=True, capture_output=True, user=_user(),
        )  # fmt: skip
        server = Postgres(programs, data, free_port())
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _programs() -> Path:
    found = [Path(path).parent for path in (shutil.which("initdb", path=SYSTEM_PATH),) if path]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in found:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise PostgresMissing("needs PostgreSQL's server: Debian's package postgresql")


def _user() -> str | None:
    """PostgreSQL refuses to run as root."""
    return "nobody" if os.geteuid() == 0 else None


def _hand_over(path: Path) -> None:
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(path, nobody.pw_uid, nobody.pw_gid)


def free_port() -> int:
    """A port of loopback that nothing listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
