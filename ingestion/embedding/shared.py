"""The embedding model in a process of its own on loopback, warm for whoever embeds next.

Importing torch and sentence-transformers takes seconds, embedding a question milliseconds. So the first
program that embeds starts this server, every program of the same user is its client and imports neither,
and the start passes while the language model plans. It ends by itself when idle.

A request is a JSON array of texts. The reply is a row of frames, one a forward pass: the number n of its
texts (uint32), their places in the request (uint32, n), their vectors (float32, n by dim). A frame of no
texts ends it, so that a reply cut short is never taken for a whole one.
"""

import hashlib
import hmac
import json
import os
import secrets
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ingestion.embedding.model import LocalEmbedder
from ingestion.embedding.protocol import Embedder, Vectors
from ingestion.errors import AgentError, EmbeddingUnavailable
from ingestion.machine import loopback_service, weights
from ingestion.machine.loopback_service import Calls, Service
from ingestion.settings import EmbeddingSettings

_START_TIMEOUT_S = 120.0  # 5 s on an idle machine; importing is many small reads on a slow disk
_IDLE_S = 900.0
_REPLY_TIMEOUT_S = 300.0  # between two frames; a batch of 2048 tokens takes about 0.2 s
_TRIES = 3  # without a single vector between them
_FEW = 64  # texts of a call whose vectors are remembered: those of a search, not of an ingest
_REMEMBERED = 4096  # vectors, 6 MB
_DIM = "X-Dim"  # header of every reply: length of a vector
_COUNT = np.dtype(np.uint32).newbyteorder("<")
_VALUE = np.dtype(np.float32).newbyteorder("<")
_Number = TypeVar("_Number", np.uint32, np.float32)


class SharedEmbedder(Embedder):
    """The embedding model of every program of this user: the same vectors, computed in one warm process.

    Args:
        settings: Model name, precision, batch size; equal settings share one server.
        home: Data folder, in which weights lie and servers announce themselves.
        report: Told of download progress.
        idle_s: Seconds without a request after which a server started here ends.
    """

    def __init__(
        self,
        settings: EmbeddingSettings,
        home: Path,
        report: weights.Report = lambda what, share: None,
        idle_s: float = _IDLE_S,
    ) -> None:
        self.name = settings.model
        self._settings = settings
        self._home = home
        self._report = report
        self._lock = threading.Lock()
        self._idle_s = idle_s
        self._dim = 0
        self._recent: OrderedDict[str, Vectors] = OrderedDict()
        self._remembering = threading.Lock()

    @property
    def dim(self) -> int:
        """Length of a vector; starts the server where none runs.

        Raises:
            WeightsError: The weights cannot be had.
            EmbeddingUnavailable: The server does not start.
        """
        if not self._dim:
            self.load()
        return self._dim

    def load(self) -> None:
        """Start the server where none runs, and wait until its model is loaded."""
        with self._lock:
            service = self._ensure()
            try:
                self._dim = _dim_of(service)
            except (OSError, HTTPException) as error:
                raise self._failed(error) from error

    def encode(
        self,
        texts: Sequence[str],
        on_batch: Callable[[int], None] = lambda texts_done: None,
    ) -> Vectors:
        """Embed texts; see `Embedder.encode`. Those of small calls are remembered for a while.

        A question's next search finds many of the same sentences, and so does the next question.
        """
        if len(texts) > _FEW:
            return super().encode(texts, on_batch)
        with self._remembering:
            known = {text: self._recent[text] for text in texts if text in self._recent}
        new = list(dict.fromkeys(text for text in texts if text not in known))
        known |= dict(zip(new, super().encode(new, on_batch), strict=True))
        with self._remembering:
            for text in texts:
                self._recent[text] = known[text]
                self._recent.move_to_end(text)
            while len(self._recent) > _REMEMBERED:
                self._recent.popitem(last=False)
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for row, text in enumerate(texts):
            vectors[row] = known[text]
        return vectors

    def batches(self, texts: Sequence[str]) -> Iterator[tuple[list[int], Vectors]]:
        """The texts' vectors as they are computed; see `Embedder.batches`.

        A server that ends meanwhile is started again for the texts that are left, as often as it ends,
        while it gets on between.

        Raises:
            WeightsError: The weights cannot be had.
            EmbeddingUnavailable: The server does not start, or ends again and again without a vector.
        """
        left = np.arange(len(texts))
        tries = _TRIES
        while len(left):
            asked = left
            try:
                for rows, vectors in self._embedded([texts[place] for place in asked.tolist()]):
                    left, tries = np.setdiff1d(left, asked[rows]), _TRIES
                    yield asked[rows].tolist(), vectors
            except (OSError, HTTPException) as error:
                tries -= 1
                if not tries:
                    raise self._failed(error) from error

    def _embedded(self, texts: list[str]) -> Iterator[tuple[NDArray[np.uint32], Vectors]]:
        with self._lock:
            service = self._ensure()
            dim = self._dim = self._dim or _dim_of(service)
        with _reply(service, json.dumps(texts).encode()) as reply:
            while n := int(_numbers(reply, 1, _COUNT)[0]):
                rows = _numbers(reply, n, _COUNT)
                yield rows, _numbers(reply, n * dim, _VALUE).reshape(n, dim)

    def _failed(self, error: Exception) -> EmbeddingUnavailable:
        return EmbeddingUnavailable(
            f"The embedding model ended while it worked: {error or type(error).__name__}",
            kept="What was written before is kept",
            next_step=f"See {self._announcement.with_suffix('.log')}; memory may be short",
        )

    @property
    def _announcement(self) -> Path:
        digest = hashlib.blake2b(self._settings.model_dump_json().encode(), digest_size=6)
        return self._home / "run" / f"embedding-{digest.hexdigest()}.json"

    def _ensure(self) -> Service:
        running = loopback_service.find(self._announcement)
        if running is not None:
            return running
        weights.resolve(self.name, self._home, self._report)  # a download tells its progress here
        arguments = [
            str(self._announcement),
            str(self._home),
            self._settings.model_dump_json(),
            str(self._idle_s),
        ]
        try:
            return loopback_service.ensure(
                self._announcement, "ingestion.embedding.shared", arguments, _START_TIMEOUT_S
            )
        except (AgentError, OSError) as error:
            raise EmbeddingUnavailable(
                f"The embedding model {self.name} did not start: {error}",
                kept="Nothing was changed",
                next_step=f"See {self._announcement.with_suffix('.log')}; `arxiv-agent doctor` checks the weights",
            ) from error


def serve(announcement: Path, embedder: Embedder, idle_s: float, ended: threading.Event) -> None:
    """Load the model, announce the server, and serve until idle for `idle_s` or told to end.

    Args:
        announcement: File that tells other programs of this user where the server is.
        embedder: Computes the vectors.
        idle_s: Seconds without a request after which it ends.
        ended: Set it to end the server.
    """
    embedder.load()
    token = secrets.token_urlsafe(24)
    server = _Server(embedder, token)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    service = Service(port=server.server_port, pid=os.getpid(), token=token)
    loopback_service.announce(announcement, service)
    while not ended.wait(1.0) and server.calls.idle_s() < idle_s and announcement.exists():
        pass
    announcement.unlink(missing_ok=True)
    server.shutdown()
    server.server_close()


class _Server(ThreadingHTTPServer):
    """Answers requests on a free port of 127.0.0.1, each in a thread."""

    daemon_threads = True

    def __init__(self, embedder: Embedder, token: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.embedder = embedder
        self.token = token
        self.calls = Calls()


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 30.0  # a client that connects and says nothing

    def do_POST(self) -> None:
        given = self.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), self.server.token.encode()):
            self.send_error(403)
            return
        with self.server.calls.answering():
            texts = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header(_DIM, str(self.server.embedder.dim))
            self.end_headers()
            for rows, vectors in self.server.embedder.batches(texts):
                head = np.array([len(rows), *rows], _COUNT).tobytes()
                self.wfile.write(head + vectors.astype(_VALUE).tobytes())
            self.wfile.write(np.zeros(1, _COUNT).tobytes())

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not logged: they hold what users ask."""


def _dim_of(service: Service) -> int:
    with _reply(service, b"[]") as reply:
        return int(reply.headers[_DIM])


@contextmanager
def _reply(service: Service, body: bytes) -> Iterator[HTTPResponse]:
    connection = HTTPConnection("127.0.0.1", service.port, timeout=_REPLY_TIMEOUT_S)
    try:
        connection.request("POST", "/", body, {"Authorization": service.token})
        reply = connection.getresponse()
        if reply.status != 200:
            raise ConnectionError(f"refused with status {reply.status}")
        yield reply
    finally:
        connection.close()


def _numbers(reply: HTTPResponse, n: int, dtype: np.dtype[_Number]) -> NDArray[_Number]:
    """The next `n` numbers of a reply.

    Raises:
        ConnectionError: The reply ends before.
    """
    data = reply.read(n * dtype.itemsize)
    if len(data) < n * dtype.itemsize:
        raise ConnectionError("the reply was cut short")
    return np.frombuffer(data, dtype)


if __name__ == "__main__":
    serve(
        Path(sys.argv[1]),
        LocalEmbedder(EmbeddingSettings.model_validate_json(sys.argv[3]), Path(sys.argv[2])),
        float(sys.argv[4]),
        loopback_service.as_service(),
    )
