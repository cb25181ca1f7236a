"""A server on loopback that plays a place in the network, and the ways in which such places fail."""

import gzip
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

FAULTS = (
    *("ok", "429", "429-date", "429-silent", "503", "reset", "hang", "drip", "cut", "half", "html"),
    *("empty-body", "bomb"),
)
"""What can be wrong with the next answer; `ok` lets one request through unharmed, and `redirect ADDRESS`
sends the client elsewhere."""

BOMB_BYTES = 32 << 20
"""What a `bomb` unpacks to; it comes in a thousandth of that."""


@dataclass(frozen=True)
class Answer:
    """What the place says, when nothing is wrong."""

    body: bytes
    kind: str = "application/json"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class FaultyServer:
    """Used as a context manager, it serves from a free port of 127.0.0.1; a subclass says what.

    Attributes:
        faults: Names of `FAULTS`, used up one a request, in order.
        retry_after_s: What a 429 asks for.
        requests: (time, path with query) of each request so far.
        headers: Of each request so far.
        most_at_once: The largest number of requests that were under way together.
    """

    def __init__(self, port: int = 0) -> None:
        self.faults: list[str] = []
        self.retry_after_s = 0
        self.requests: list[tuple[float, str]] = []
        self.headers: list[dict[str, str]] = []
        self.most_at_once = 0
        self.closing = threading.Event()
        self._under_way = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", port), type("Handler", (_Handler,), {"place": self})
        )
        self._server.daemon_threads = True

    def answer(self, path: str, fault: str) -> Answer:
        """What the place says to a request for this path; faults of its own are played here."""
        raise NotImplementedError

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    def arrived(self, path: str, headers: dict[str, str]) -> str:
        """Note a request; the fault that it meets."""
        with self._lock:
            self.requests.append((time.monotonic(), path))
            self.headers.append(headers)
            self._under_way += 1
            self.most_at_once = max(self.most_at_once, self._under_way)
            return self.faults.pop(0) if self.faults else "ok"

    def left(self) -> None:
        with self._lock:
            self._under_way -= 1


class _Handler(BaseHTTPRequestHandler):
    place: FaultyServer

    def do_GET(self) -> None:
        fault = self.place.arrived(self.path, dict(self.headers))
        try:
            self._answer(fault)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client gave up, which is what hangs are for
        finally:
            self.place.left()

    def _answer(self, fault: str) -> None:
        refusals: dict[str, Callable[[], None]] = {
            "429": lambda: self._refuse(429, str(self.place.retry_after_s)),
            "429-date": lambda: self._refuse(429, formatdate(time.time() + 1, usegmt=True)),
            "429-silent": lambda: self._refuse(429, None),
            "503": lambda: self._refuse(503, None),
            "reset": lambda: None,
            "hang": lambda: void(self.place.closing.wait(60)),
            "html": lambda: self._send(
                Answer(b"<html>Log in to the hotel's network</html>", "text/html")
            ),
            "empty-body": lambda: self._send(Answer(b"")),
            "bomb": self._bomb,
        }
        if fault.startswith("redirect "):
            self._redirect(fault.removeprefix("redirect "))
        elif fault in refusals:
            refusals[fault]()
        else:
            self._send(self.place.answer(self.path, fault), fault)

    def _refuse(self, status: int, retry_after: str | None) -> None:
        self.send_response(status)
        if retry_after is not None:
            self.send_header("Retry-After", retry_after)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _redirect(self, address: str) -> None:
        self.send_response(302)
        self.send_header("Location", address)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _bomb(self) -> None:
        self._send(Answer(_bomb(), headers={"Content-Encoding": "gzip"}))

    def _send(self, answer: Answer, fault: str = "ok") -> None:
        body = answer.body[: len(answer.body) // 2] if fault == "half" else answer.body
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if fault == "drip":
            for byte in body:
                self.wfile.write(bytes([byte]))
                self.place.closing.wait(0.05)
        else:
            self.wfile.write(body[: len(body) // 2] if fault == "cut" else body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: tests read `requests`, people see the program's own progress."""


@cache
def _bomb() -> bytes:
    return gzip.compress(bytes(BOMB_BYTES), 1)


def void(_: object) -> None:
    """Nothing, whatever was given."""
