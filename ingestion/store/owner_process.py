"""The one process that owns a Milvus Lite folder and serves every other process over loopback.

Milvus Lite takes one writer at a time, so the owner lets writing calls in one by one.
"""

import ctypes
import os
import secrets
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Callable
from concurrent import futures
from contextlib import nullcontext, suppress
from itertools import count
from pathlib import Path
from typing import Any

from ingestion.machine import loopback_service
from ingestion.machine.loopback_service import Calls, Service

_LOOK_S = 1.0
_LOCKED_S = 20.0  # an owner looks every second, and closes a large library in a few
_LOOKS_A_TRIM = 10
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


def _gate(calls: Calls, token: str) -> Any:
    """A gRPC interceptor that lets in only who knows the token, and one writing call at a time."""
    import grpc

    writing = threading.Lock()
    expected = b64encode(token.encode()).decode()  # how pymilvus sends a token

    def refuse(request: Any, context: Any) -> None:
        context.abort(grpc.StatusCode.UNAUTHENTICATED, "this library belongs to another user")

    class Gate(grpc.ServerInterceptor):  # type: ignore[misc]
        def intercept_service(self, continuation: Callable[[Any], Any], details: Any) -> Any:
            metadata = dict(details.invocation_metadata)
            handler = continuation(details)
            if handler is None or handler.unary_unary is None:
                return handler
            if not secrets.compare_digest(str(metadata.get("authorization", "")), expected):
                return grpc.unary_unary_rpc_method_handler(refuse)
            writes = details.method.rsplit("/", 1)[-1] in _WRITES

            def serve(request: Any, context: Any) -> Any:
                with calls.answering(), writing if writes else nullcontext():
                    return handler.unary_unary(request, context)

            return grpc.unary_unary_rpc_method_handler(
                serve, handler.request_deserializer, handler.response_serializer
            )

    return Gate()


def _give_back_memory() -> None:
    """Return freed memory to the system: glibc keeps it, twice what the rows need (bench/LOG.md)."""
    with suppress(OSError, AttributeError):  # not glibc
        ctypes.CDLL(None).malloc_trim(0)


def _opened(folder: Path) -> Any:
    """Milvus Lite's folder, waited for while an owner that nobody finds any more still closes it."""
    from milvus_lite.db import MilvusLite
    from milvus_lite.exceptions import DataDirLockedError

    deadline = time.monotonic() + _LOCKED_S
    while True:
        try:
            return MilvusLite(str(folder))
        except DataDirLockedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_LOOK_S / 10)


def serve(folder: Path, idle_s: float, ended: threading.Event) -> None:
    """Open `folder`, serve it until idle for `idle_s` or until `ended` is set, and close it properly."""
    import grpc
    from pymilvus.grpc_gen import milvus_pb2_grpc

    from ingestion.store.owner_search import SearchingServicer

    calls = Calls()
    token = f"owner:{secrets.token_urlsafe(24)}"
    database = _opened(folder / "milvus")
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=_WORKERS),
        interceptors=[_gate(calls, token)],
        options=[
            ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
            ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
            # pymilvus pings every 10 s; gRPC servers by default cut off who pings so often.
            ("grpc.http2.min_ping_interval_without_data_ms", 5000),
            ("grpc.keepalive_permit_without_calls", 1),
            ("grpc.http2.max_ping_strikes", 0),
        ],
    )
    milvus_pb2_grpc.add_MilvusServiceServicer_to_server(SearchingServicer(database), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    announcement = folder / "owner.json"
    service = Service(port=port, pid=os.getpid(), token=token)
    loopback_service.announce(announcement, service)
    for look in count(1):
        if ended.wait(_LOOK_S) or calls.idle_s() >= idle_s:
            break
        if not loopback_service.is_announced(announcement, service):
            break
        if look % _LOOKS_A_TRIM == 0:
            _give_back_memory()
    if loopback_service.is_announced(announcement, service):
        announcement.unlink(missing_ok=True)
    server.stop(grace=5).wait()
    database.close()


if __name__ == "__main__":
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    serve(Path(sys.argv[1]), float(sys.argv[2]), loopback_service.as_service())
