"""A real Milvus server for tests and measurements: the binary of the PyPI package milvus==2.3.5.

The package wants an environment of its own, which is made once.
"""

import subprocess
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGES = ("setuptools<81", "milvus==2.3.5")  # the package imports pkg_resources

# Ends with the process that started it: its standard input closes then.
_SERVE = """
import sys, milvus
server = milvus.MilvusServer()
server.set_base_dir(sys.argv[1])
server.start()
print(server.listen_port, flush=True)
sys.stdin.read()
server.stop()
"""


class MilvusUnavailable(Exception):
    """The package cannot be installed or its server does not start here."""


@contextmanager
def milvus_server(environment: Path, data: Path) -> Iterator[str]:
    """Run the server with its data in `data`; yields its address.

    Raises:
        MilvusUnavailable: What pip or the server said last.
    """
    python = _installed(environment)
    with (data / "server.log").open("w+") as log:
        process = subprocess.Popen(
            [python, "-c", _SERVE, str(data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            port = process.stdout.readline().strip()
            if not port:
                log.seek(0)
                raise MilvusUnavailable(log.read()[-300:])
            yield f"http://127.0.0.1:{port}"
        finally:
            process.stdin.close()
            process.wait(timeout=30)


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
