"""The page's server over real sockets: it answers to its own names only."""

import base64
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bench.page_server import Served, run_page
from rag_agent.serving.access.hosts import names

pytestmark = pytest.mark.long

_SERVE = "from ui.server import serve; serve('127.0.0.1', {port}, ['papers.example.org', '*.lab.example'])"
OWN = ("127.0.0.1", "localhost", "LOCALHOST", "[::1]", "papers.example.org", "a.lab.example")
FOREIGN = (
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "evil.example#127.0.0.1",
    "lab.example.evil.example",
    "0.0.0.0",
    "",
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("home")
    with run_page([sys.executable, "-c", _SERVE], {"ARXIV_AGENT_HOME": str(home)}) as page:
        yield page
        assert list(Path(home).iterdir()) == [], "nobody opened the page, so nothing was opened"


def status(served: Served, path: str, host: str, *more: str) -> int:
    """Status of a request whose Host header is `host` and the port."""
    port = urlsplit(served.address).port
    named = f"{host}:{port}" if host else ""
    lines = (f"GET {path} HTTP/1.1", f"Host: {named}", *more, "Connection: close")
    if more:
        lines = lines[:-1]
    with socket.create_connection(("127.0.0.1", port or 0), timeout=20) as connection:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        return int(connection.recv(64).split()[1])


def handshake(served: Served, host: str) -> int:
    """Status of a websocket's handshake whose Host and Origin are of one name."""
    port = urlsplit(served.address).port
    return status(
        served,
        "/_stcore/stream",
        host,
        f"Origin: http://{host}:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: streamlit",
    )


@pytest.mark.parametrize("host", OWN)
def test_the_page_answers_to_its_own_names(served: Served, host: str) -> None:
    assert status(served, "/", host) == 200
    assert handshake(served, host) == 101


@pytest.mark.parametrize("path", ["/", "/library", "/_stcore/health", "/media/x.png"])
@pytest.mark.parametrize("host", FOREIGN)
def test_no_request_under_another_name_is_answered(served: Served, host: str, path: str) -> None:
    assert status(served, path, host) == 400


@pytest.mark.parametrize("host", FOREIGN)
def test_no_conversation_is_given_to_another_name(served: Served, host: str) -> None:
    assert handshake(served, host) in (400, 403)


def test_another_origin_is_refused_under_an_own_name(served: Served) -> None:
    upgrade = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    origin = "Origin: http://evil.example"
    assert status(served, "/_stcore/stream", "127.0.0.1", origin, key, *upgrade) == 403


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::7", "[2001:db8::7]"),
        ("Desk.example", "desk.example"),
    ],
)
def test_the_address_it_listens_on_is_its_own_name(host: str, name: str) -> None:
    assert names(host, ["more.example"])[3:] == [name, "more.example"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_to_listen_everywhere_allows_no_further_name(host: str) -> None:
    assert names(host, []) == ["localhost", "127.0.0.1", "[::1]"]
