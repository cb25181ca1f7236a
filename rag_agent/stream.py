"""Work on a question as a stream of events, in a thread of its own."""

import queue
import threading
from collections.abc import Callable, Iterator

from ingestion.errors import AgentError
from rag_agent.answer import Answer
from rag_agent.events import Answered, Event, Failed

Emit = Callable[[Event], None]


def streamed(work: Callable[[Emit], None], stopped: threading.Event) -> Iterator[Event]:
    """The events that `work` emits; an error of it is the last one, `Failed`.

    Args:
        work: Takes what emits an event.
        stopped: Set when the consumer goes away, so that the work can end.
    """
    events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
    worker = threading.Thread(target=_work, args=(work, events), daemon=True)
    worker.start()
    try:
        while (event := events.get()) is not None:
            yield event
    finally:
        stopped.set()


def answer_of(events: Iterator[Event]) -> Answer:
    """The answer that a stream of events ends with.

    Raises:
        AgentError: It ended without one.
    """
    for event in events:
        if isinstance(event, Answered):
            return event.answer
        if isinstance(event, Failed):
            raise event.as_error()
    raise AgentError("The question ended without an answer", next_step="Ask again")


def _work(work: Callable[[Emit], None], events: "queue.SimpleQueue[Event | None]") -> None:
    try:
        work(events.put)
    except AgentError as error:
        events.put(Failed(error.what, error.kept, error.next_step, type(error).__name__))
    except Exception as error:
        what = f"An error of the program: {type(error).__name__}: {error}"
        events.put(Failed(what, "The conversation is kept", "Please report it"))
        raise
    finally:
        events.put(None)
