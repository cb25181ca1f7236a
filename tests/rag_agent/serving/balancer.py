"""A load balancer for tests: each connection goes to the next server that takes it."""

import socket
import socketserver
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress


class Balancer(socketserver.ThreadingTCPServer):
    """Listens on a free port of loopback.

    Args:
        ports: Of the servers.
    """

    daemon_threads = True

    def __init__(self, ports: Sequence[int]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self._ports, self._next = list(ports), 0
        self._lock = threading.Lock()
        self.taken: Counter[int] = Counter()
        """Connections by port."""
        self.last = 0
        """Port of the latest connection."""

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def connect(self) -> socket.socket:
        """A connection to the next server; one that is gone is passed over."""
        with self._lock:
            for _ in self._ports:
                port = self._ports[self._next % len(self._ports)]
                self._next += 1
                with suppress(OSError):
                    connected = socket.create_connection(("127.0.0.1", port), 2)
                    connected.settimeout(None)
                    self.taken[port] += 1
                    self.last = port
                    return connected
        raise OSError("no server is left")


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, Balancer)
        with self.server.connect() as there:
            back = threading.Thread(target=_copy, args=(there, self.request), daemon=True)
            back.start()
            _copy(self.request, there)
            back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextmanager
def balancing(ports: Sequence[int]) -> Iterator[Balancer]:
    """A balancer that listens while the block runs."""
    with Balancer(ports) as balancer:
        threading.Thread(target=balancer.serve_forever, daemon=True).start()
        yield balancer
        balancer.shutdown()
