"""A chat engine over HTTP on loopback, in OpenAI's protocol.

Python's own threading server: a handful of clients of one user, and nothing to install.
"""

import hmac
import json
import secrets
import select
import socket
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ingestion.machine.loopback_service import Calls
from rag_agent.model.openvino import protocol as chat_protocol
from rag_agent.model.openvino.engine import ChatEngine, Reply
from rag_agent.model.openvino.protocol import ChatRequest, Piece, RefusedRequest

_LOOK_S = 0.2  # how often a waiting request looks whether its client is still there
_MOST_BODY_BYTES = 4_000_000  # thirty times what a context of 32,768 tokens holds in English
_IDLE_CONNECTION_S = 120.0  # a client that keeps its connection open and asks nothing
_STATUS = {"server_error": 500, "not_found": 404, "unauthorized": 401}


class ChatServer(ThreadingHTTPServer):
    """Serves one engine on a free port of 127.0.0.1.

    Args:
        engine: Answers the requests.
        token: Asked of every request except `GET /health`.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, engine: ChatEngine, token: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.engine = engine
        self.token = token
        self.calls = Calls()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Only what is not a client that left goes to the log."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])


class ClientGone(Exception):
    """Nobody waits for the reply any more."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = _IDLE_CONNECTION_S
    server: ChatServer

    def do_GET(self) -> None:
        """`/health` and `/v1/models`."""
        if self.path == "/health":
            self._send(200, {"status": "ok"})
        elif not self._is_allowed():
            self._refuse("The request carries no valid token", "unauthorized")
        elif self.path == "/v1/models":
            self._send(200, {"object": "list", "data": [self._model()]})
        else:
            self._refuse(f"There is no {self.path[:80]}", "not_found")

    def do_POST(self) -> None:
        """`/v1/chat/completions`."""
        body = self._body()
        if not self._is_allowed():
            self._refuse("The request carries no valid token", "unauthorized")
        elif self.path not in ("/v1/chat/completions", "/chat/completions"):
            self._refuse(f"There is no {self.path[:80]}", "not_found")
        elif body is None:
            self._refuse(f"A body of at most {_MOST_BODY_BYTES} bytes is needed", "invalid_body")
        else:
            with self.server.calls.answering():
                self._chat(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: requests are the user's questions."""

    def _chat(self, body: bytes) -> None:
        try:
            request = chat_protocol.parse(body)
            reply = self.server.engine.submit(request)
        except RefusedRequest as refusal:
            self._refuse(str(refusal), refusal.code)
            return
        try:
            answer = self._stream if request.stream else self._whole
            answer(request, reply)
        except (ClientGone, ConnectionError, TimeoutError):
            self.close_connection = True
        finally:
            reply.cancelled.set()  # of one that has ended this changes nothing

    def _whole(self, request: ChatRequest, reply: Reply) -> None:
        try:
            pieces = list(self._pieces(reply))
        except RefusedRequest as refusal:
            self._refuse(str(refusal), refusal.code)
            return
        name, identity = self.server.engine.name, _identity()
        self._send(200, chat_protocol.completion(name, identity, pieces, reply.cost))

    def _stream(self, request: ChatRequest, reply: Reply) -> None:
        name, identity = self.server.engine.name, _identity()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for piece in self._pieces(reply):
                self._event(json.dumps(chat_protocol.chunk(name, identity, piece)))
            if request.stream_options.include_usage:
                last = chat_protocol.last_chunk(name, identity, reply.cost)
                self._event(json.dumps(last))
            self._event("[DONE]")
        except RefusedRequest as refusal:  # the status line is out: it is said inside the stream
            self._event(json.dumps(chat_protocol.refusal(str(refusal), refusal.code)))
        self.wfile.write(b"0\r\n\r\n")

    def _pieces(self, reply: Reply) -> Iterator[Piece]:
        """The reply's pieces for as long as the client waits for them."""
        while True:
            piece = reply.next(_LOOK_S)
            if _has_hung_up(self.connection):
                raise ClientGone
            if piece is None:
                continue
            yield piece
            if piece.finish is not None:
                return

    def _is_allowed(self) -> bool:
        given = self.headers.get("Authorization", "").encode()
        return hmac.compare_digest(given, f"Bearer {self.server.token}".encode())

    def _body(self) -> bytes | None:
        """The request's body; one that is not read leaves the connection unusable."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _MOST_BODY_BYTES:
            self.close_connection = True
            return None
        return self.rfile.read(int(length))

    def _model(self) -> dict[str, Any]:
        engine = self.server.engine
        meta = {"n_ctx": engine.context_tokens}
        return {"id": engine.name, "object": "model", "owned_by": "openvino", "meta": meta}

    def _refuse(self, message: str, code: str) -> None:
        self._send(_STATUS.get(code, 400), chat_protocol.refusal(message, code))

    def _send(self, status: int, value: dict[str, Any]) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _event(self, data: str) -> None:
        line = f"data: {data}\n\n".encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))


def _identity() -> str:
    return f"chatcmpl-{secrets.token_hex(8)}"


def _has_hung_up(connection: socket.socket) -> bool:
    """Whether the client closed its side, without taking anything out of the socket."""
    if not select.select([connection], [], [], 0)[0]:
        return False
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except OSError:
        return True
