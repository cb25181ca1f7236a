"""Requests as metrics count them, refused ones too."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag_agent.telemetry.metrics import Metrics

_NO_ROUTE = "none"
"""Of a request that was refused, or that asked for what is not there: its path may say anything."""


class Measured:
    """An ASGI app that counts the requests to another.

    Args:
        app: The other.
        metrics: Counts.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on, and count it once it is answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._metrics.request_begun()
        try:
            await self._app(scope, receive, told)
        finally:
            route = getattr(scope.get("route"), "path", _NO_ROUTE)
            self._metrics.request_ended(route, status, time.perf_counter() - began)
