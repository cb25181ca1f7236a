"""A question's events for an async server: it is stopped when the client that asked has gone."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator

from starlette.requests import Request

from rag_agent.events import Event

Start = Callable[[threading.Event], Iterator[Event]]
"""Asks; the event handed to it ends the question."""
_LOOK_S = 1.0


async def events_of(start: Start, request: Request) -> AsyncIterator[Event]:
    """The events of a question, asked in a thread of its own."""
    loop = asyncio.get_running_loop()
    events: asyncio.Queue[Event | None] = asyncio.Queue()
    stopped = threading.Event()

    def hand_over(event: Event | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(events.put_nowait, event)

    def work() -> None:
        try:
            for event in start(stopped):
                hand_over(event)
        finally:
            hand_over(None)

    threading.Thread(target=work, daemon=True).start()
    try:
        while (event := await _next(events, request)) is not None:
            yield event
    finally:
        stopped.set()


async def _next(events: "asyncio.Queue[Event | None]", request: Request) -> Event | None:
    """The next event; None at the end, or once the client has gone."""
    while True:
        try:
            return await asyncio.wait_for(events.get(), _LOOK_S)
        except TimeoutError:
            if await request.is_disconnected():
                return None
