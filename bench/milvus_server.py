"""A real Milvus server for tests and measurements: the binary of the PyPI package milvus==2.3.5.

The package wants an environment of its own, which is made once.
"""

import subprocess
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

PACKAGES = ("setuptools<81", "milvus==2.3.5")  # the package imports pkg_resources

# Ends with the process that started it: its standard input closes then.
_SERVE = """
import socket, sys, milvus

def bound(config, port):
    # The package's own check takes a port for used while connections of a killed server wait for their end.
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError:
        return None

milvus.MilvusServerConfig.try_bind_port = bound
server = milvus.MilvusServer()
server.set_base_dir(sys.argv[1])
if sys.argv[2:]:
    server.config.configs["proxy_port"] = sys.argv[2]
server.start()
print(server.listen_port, flush=True)
sys.stdin.read()
server.stop()
"""


class MilvusUnavailable(Exception):
    """The package cannot be installed or its server does not start here."""


class MilvusServer:
    """A server with its data in a folder, which can be killed and started again at the same address.

    Args:
        environment: Folder of the package's own environment.
        data: Its data.

    Raises:
        MilvusUnavailable: What pip or the server said last.
    """

    def __init__(self, environment: Path, data: Path) -> None:
        self._python = _installed(environment)
        self.data = data
        self._port = ""
        self.start()

    @property
    def uri(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it, at the address that it had before.

        Raises:
            MilvusUnavailable: What it said last.
        """
        with (self.data / "server.log").open("w+") as log:
            self._process = subprocess.Popen(
                [self._python, "-c", _SERVE, str(self.data), *filter(None, [self._port])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
            assert self._process.stdout is not None
            self._port = self._process.stdout.readline().strip()
            if not self._port:
                log.seek(0)
                raise MilvusUnavailable(log.read()[-300:])

    def kill(self) -> None:
        """End it without a word, as a power cut does."""
        for process in psutil.Process(self._process.pid).children(recursive=True):
            process.kill()
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End it in order."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)


@contextmanager
def milvus_server(environment: Path, data: Path) -> Iterator[MilvusServer]:
    """Run a server with its data in `data`.

    Raises:
        MilvusUnavailable: What pip or the server said last.
    """
    server = MilvusServer(environment, data)
    try:
        yield server
    finally:
        server.stop()


def _installed(environment: Path) -> Path:
    python = environment / "bin" / "python"
    ready = environment / "ready"
    if not ready.exists():
        venv.create(environment, with_pip=True)
        command = [str(python), "-m", "pip", "install", "--quiet", *PACKAGES]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode:
            raise MilvusUnavailable(result.stderr[-300:])
        ready.touch()
    return python
