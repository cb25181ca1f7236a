"""The one process that owns a Milvus Lite folder and serves every other process over loopback.

Milvus Lite lets one process open a folder. So the first process that needs the library starts this owner,
which opens the folder, listens on a free port of 127.0.0.1 and writes port, process id and a random token
into `owner.json` beside the data (readable by its user only). Every process, the first one included, is a
client. The owner ends by itself after `idle_s` without a call.

Milvus Lite takes one writer at a time, so the owner lets writing calls in one by one.
"""

import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Callable
from concurrent import futures
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ingestion.errors import StoreUnavailable

_START_TIMEOUT_S = 60.0  # opening 100,000 papers took 9 s, Milvus Lite 3.2.2 on two cores
_POLL_S = 0.05
_IDLE_S = 900.0
_WORKERS = 10  # Milvus Lite's own default
_MAX_MESSAGE_BYTES = 256 * 1024 * 1024  # as Milvus standalone
_WRITES = (
    "Insert",
    "Upsert",
    "Delete",
    "Flush",
    "CreateCollection",
    "DropCollection",
    "CreateIndex",
)


@dataclass(frozen=True, slots=True)
class Owner:
    """A running owner: where it listens, its process id and the token it asks for."""

    port: int
    pid: int
    token: str

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def owner_of(folder: Path, *, idle_s: float = _IDLE_S) -> Owner:
    """The running owner of `folder`, started if there is none.

    Raises:
        StoreUnavailable: The owner did not start; the message holds the last line of its log.
    """
    from filelock import FileLock

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    owner = running_owner(folder)
    if owner is not None:
        return owner
    with FileLock(folder / "start.lock", timeout=_START_TIMEOUT_S):
        return running_owner(folder) or _start(folder, idle_s)


def running_owner(folder: Path) -> Owner | None:
    """The owner that serves `folder` now, or None."""
    try:
        owner = Owner(**json.loads((folder / "owner.json").read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return owner if _listens(owner.port) and _is_alive(owner.pid) else None


def stop_owner(folder: Path, timeout_s: float = 10.0) -> None:
    """End the owner of `folder`, if one runs, after its last call; its data is flushed and safe."""
    owner = running_owner(folder)
    if owner is None:
        return
    os.kill(owner.pid, signal.SIGTERM)
    deadline = time.monotonic() + timeout_s
    while _is_alive(owner.pid) and time.monotonic() < deadline:
        time.sleep(_POLL_S)


def _start(folder: Path, idle_s: float) -> Owner:
    log = folder / "owner.log"
    command = [sys.executable, "-m", "ingestion.store_owner", str(folder), str(idle_s)]
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        owner = running_owner(folder)
        if owner is not None:
            return owner
        if process.poll() is not None:
            break
        time.sleep(_POLL_S)
    lines = log.read_text(errors="replace").strip().splitlines()
    raise StoreUnavailable(
        f"The library in {folder} could not be opened: {lines[-1] if lines else 'its owner did not start'}",
        kept="Nothing was changed",
        next_step=f"See {log}; another program may hold the folder, or the disk may be full",
    )


def _listens(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    # A child that ended but was not waited for still has its id.
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rsplit(")", 1)[-1].split()[0] != "Z"


class _Calls:
    """Counts calls in progress and remembers when the last one ended."""

    def __init__(self) -> None:
        self.writing = threading.Lock()
        self._lock = threading.Lock()
        self._running = 0
        self._last_s = time.monotonic()

    def count(self, change: int) -> None:
        with self._lock:
            self._running += change
            self._last_s = time.monotonic()

    def idle_s(self) -> float:
        with self._lock:
            return 0.0 if self._running else time.monotonic() - self._last_s


def _interceptor(calls: _Calls, token: str) -> Any:
    import grpc

    expected = b64encode(token.encode()).decode()  # how pymilvus sends a token

    class Gate(grpc.ServerInterceptor):  # type: ignore[misc]
        """Lets in only who knows the token, and one writing call at a time."""

        def intercept_service(self, continuation: Callable[[Any], Any], details: Any) -> Any:
            metadata = dict(details.invocation_metadata)
            handler = continuation(details)
            if handler is None or handler.unary_unary is None:
                return handler
            if not secrets.compare_digest(str(metadata.get("authorization", "")), expected):
                return grpc.unary_unary_rpc_method_handler(_refuse)
            write = details.method.rsplit("/", 1)[-1] in _WRITES

            def serve(request: Any, context: Any) -> Any:
                calls.count(+1)
                try:
                    if not write:
                        return handler.unary_unary(request, context)
                    with calls.writing:
                        return handler.unary_unary(request, context)
                finally:
                    calls.count(-1)

            return grpc.unary_unary_rpc_method_handler(
                serve, handler.request_deserializer, handler.response_serializer
            )

    def _refuse(request: Any, context: Any) -> None:
        context.abort(grpc.StatusCode.UNAUTHENTICATED, "this library belongs to another user")

    return Gate()


def serve(folder: Path, idle_s: float) -> None:
    """Open `folder`, serve it until idle for `idle_s` or told to end, and close it properly."""
    import grpc
    from milvus_lite.adapter.grpc.servicer import MilvusServicer
    from milvus_lite.db import MilvusLite
    from pymilvus.grpc_gen import milvus_pb2_grpc

    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is meant for the client in the terminal
    calls = _Calls()
    token = f"owner:{secrets.token_urlsafe(24)}"
    database = MilvusLite(str(folder / "milvus"))
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=_WORKERS),
        interceptors=[_interceptor(calls, token)],
        options=[
            ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
            ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
        ],
    )
    milvus_pb2_grpc.add_MilvusServiceServicer_to_server(MilvusServicer(database), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    _announce(folder / "owner.json", Owner(port=port, pid=os.getpid(), token=token))
    while not ended.wait(1.0) and calls.idle_s() < idle_s and folder.is_dir():
        pass
    (folder / "owner.json").unlink(missing_ok=True)
    server.stop(grace=5).wait()
    database.close()


def _announce(path: Path, owner: Owner) -> None:
    part = path.with_suffix(".part")
    part.touch(mode=0o600)
    part.write_text(json.dumps(asdict(owner)))
    part.rename(path)


if __name__ == "__main__":
    os.umask(0o077)
    serve(Path(sys.argv[1]), float(sys.argv[2]))
