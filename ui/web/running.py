"""Questions on their way. They live outside of the script runs, so no rerun or reload loses one or asks it twice."""

import threading
from collections.abc import Callable, Iterator

from ingestion.errors import AgentError
from rag_agent.events import Event, Failed

Ask = Callable[[threading.Event], Iterator[Event]]
"""Gives the events of a question; ends soon after the event handed to it is set."""

_KEPT = 50  # finished questions remembered, so that a failed one can still be read and asked again


class Running:
    """One question, answered in a thread of its own.

    Args:
        question: As asked.
        paper: Id of the one paper it is about, or empty.
        ask: Gives its events.
    """

    def __init__(self, question: str, paper: str, ask: Ask) -> None:
        self.question = question
        self.paper = paper
        self.events: list[Event] = []
        self.stopped = threading.Event()
        self._done = threading.Event()
        threading.Thread(target=self._collect, args=(ask,), daemon=True).start()

    @property
    def done(self) -> bool:
        """Whether the last event has come."""
        return self._done.is_set()

    @property
    def failed(self) -> Failed | None:
        """Why there is no answer; None while it is written and when there is one."""
        last = self.events[-1] if self.events else None
        return last if self.done and isinstance(last, Failed) else None

    def wait(self, timeout_s: float) -> bool:
        """Wait for the last event; whether it came in time."""
        return self._done.wait(timeout_s)

    def _collect(self, ask: Ask) -> None:
        try:
            for event in ask(self.stopped):
                self.events.append(event)
        except AgentError as error:
            self.events.append(Failed(error.what, error.kept, error.next_step))
        finally:
            self._done.set()


class Runs:
    """The latest question of each conversation, by the conversation's name."""

    def __init__(self) -> None:
        self._latest: dict[str, Running] = {}
        self._lock = threading.Lock()

    def start(self, session: str, question: str, paper: str, ask: Ask) -> Running:
        """Ask, unless the conversation is still waiting for an answer: then that one is returned."""
        with self._lock:
            latest = self._latest.pop(session, None)
            if latest is None or latest.done:
                latest = Running(question, paper, ask)
            self._latest[session] = latest
            finished = [name for name, running in self._latest.items() if running.done]
            for name in finished[: max(0, len(finished) - _KEPT)]:
                del self._latest[name]
            return latest

    def get(self, session: str) -> Running | None:
        """The latest question of a conversation, running or ended; None when there is none."""
        return self._latest.get(session)

    def forget(self, session: str) -> None:
        """Stop and drop the question of a conversation that is deleted."""
        with self._lock:
            latest = self._latest.pop(session, None)
        if latest is not None:
            latest.stopped.set()
