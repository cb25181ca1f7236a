"""Before every request of another program: its host name, its key, and limits on size, rate and parallel work."""

import asyncio
import json
import time
from collections.abc import Sequence

import anyio.to_thread
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ingestion.errors import AgentError
from rag_agent.serving.access.keys import Keys
from rag_agent.serving.access.token import is_token
from rag_agent.settings import ServeSettings

OPEN = ("/health", "/docs", "/openapi.json")
"""Paths that ask for no key: they tell nothing of the library."""
_BUSY_S = 5  # after which a refused client may try again


def guarded(
    app: ASGIApp,
    token: str,
    settings: ServeSettings,
    host_names: Sequence[str],
    keys: Keys | None = None,
) -> ASGIApp:
    """The app behind its guard; see `Guard`."""
    guard = Guard(app, token, settings, keys)
    return TrustedHostMiddleware(guard, allowed_hosts=list(host_names), www_redirect=False)


class _Refusal(Exception):
    """Why a request is not let through: HTTP status, one sentence, a code, and when to try again."""

    def __init__(self, status: int, message: str, code: str, retry_after_s: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s


class Guard:
    """An ASGI app that lets through what its limits allow; refusals have the form of OpenAI's errors.

    Whose request it is stands in `scope["state"]["user"]`: a key's user, or nobody (empty) with the token.

    Args:
        app: What is guarded.
        token: Asked of every request but those of `OPEN`, or a key.
        settings: The limits.
        keys: Those of users; None: the token alone is valid.
    """

    def __init__(
        self, app: ASGIApp, token: str, settings: ServeSettings, keys: Keys | None = None
    ) -> None:
        self._app = app
        self._token = token
        self._settings = settings
        self._keys = keys
        self._rates: dict[str | None, _Rate] = {}  # None: of those who show no key
        self._working = asyncio.Semaphore(settings.parallel)
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            whole = await self._allowed(scope, receive)
            if scope["method"] == "POST":
                await self._take_a_turn()
        except _Refusal as refusal:
            await _refuse(refusal, send)
            return
        try:
            await self._app(scope, whole, send)
        finally:
            if scope["method"] == "POST":
                self._working.release()

    async def _allowed(self, scope: Scope, receive: Receive) -> Receive:
        """The request's body, read, once its token and the limits allow it."""
        user = None if scope["path"].startswith(OPEN) else await self._user(scope)
        rate = self._rates.setdefault(user, _Rate(self._settings.requests_per_minute))
        if not rate.allows():
            raise _Refusal(429, "Too many requests a minute", "rate_limited", _BUSY_S)
        scope.setdefault("state", {})["user"] = user or ""
        return await _read(receive, self._settings.max_body_kb * 1000)

    async def _user(self, scope: Scope) -> str:
        """Whose key the request carries."""
        headers = {name.decode("latin-1"): value for name, value in scope["headers"]}
        given = headers.get("authorization", b"").decode("latin-1")
        if is_token(given, self._token):
            return ""
        scheme, _, key = given.partition(" ")
        if self._keys is not None and scheme == "Bearer" and key:
            try:
                user = await anyio.to_thread.run_sync(self._keys.user_of, key)
            except AgentError as error:
                name = type(error).__name__
                raise _Refusal(503, str(error), name, _BUSY_S) from error
            if user is not None:
                return user
        raise _Refusal(401, "The request carries no valid key", "unauthorized")

    async def _take_a_turn(self) -> None:
        """Wait until there is room for one more request to be worked on."""
        if self._working.locked() and self._waiting >= self._settings.waiting:
            raise _Refusal(503, "Too many requests wait already", "busy", _BUSY_S)
        self._waiting += 1
        try:
            await self._working.acquire()
        finally:
            self._waiting -= 1


async def _read(receive: Receive, most_bytes: int) -> Receive:
    """What gives a request's whole body, read here within a limit, and then the client's further messages."""
    parts: list[bytes] = []
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        if sum(map(len, parts)) > most_bytes:
            raise _Refusal(413, f"A request has at most {most_bytes // 1000} kB", "too_large")
        more = message.get("more_body", False)
    first: list[Message] = [{"type": "http.request", "body": b"".join(parts), "more_body": False}]

    async def replay() -> Message:
        return first.pop() if first else await receive()

    return replay


class _Rate:
    """A bucket that holds a minute's requests and is refilled all the time."""

    def __init__(self, a_minute: int) -> None:
        self._a_minute = a_minute
        self._left = float(a_minute)
        self._at = time.monotonic()

    def allows(self) -> bool:
        now = time.monotonic()
        self._left = min(self._a_minute, self._left + (now - self._at) * self._a_minute / 60)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


def error_body(message: str, code: str, status: int = 400) -> dict[str, object]:
    """An error in the form that OpenAI's clients read; from status 500 on asking again may help."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return {"error": {"message": message, "type": kind, "code": code}}


async def _refuse(refusal: _Refusal, send: Send) -> None:
    body = json.dumps(error_body(str(refusal), refusal.code, refusal.status)).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    if refusal.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if refusal.retry_after_s:
        headers.append((b"retry-after", b"%d" % refusal.retry_after_s))
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
