"""Questions on their way. They live outside of the script runs, so no rerun or reload loses one or asks it twice."""

import threading
from collections.abc import Callable, Iterator

from ingestion.errors import AgentError
from rag_agent.events import Event, Failed

Ask = Callable[[threading.Event], Iterator[Event]]
"""Gives the events of a question; ends soon after the event handed to it is set."""

_KEPT = 50  # conversations whose last question ended, kept so that a failed one can be read and asked again


class Running:
    """One question with what has come of it so far.

    Args:
        question: As asked.
        paper: Id of the one paper it is about, or empty.
        ask: Gives its events.
        passage: Where the passage stands that it is about, or empty.
    """

    def __init__(self, question: str, paper: str, ask: Ask, passage: str = "") -> None:
        self.question = question
        self.paper = paper
        self.passage = passage
        self.events: list[Event] = []
        self.stopped = threading.Event()
        self.ended = threading.Event()
        self._ask = ask

    @property
    def done(self) -> bool:
        """Whether the last event has come."""
        return self.ended.is_set()

    @property
    def failed(self) -> Failed | None:
        """Why there is no answer; None while it is written and when there is one."""
        last = self.events[-1] if self.events else None
        return last if self.done and isinstance(last, Failed) else None

    def wait(self, timeout_s: float) -> bool:
        """Wait for the last event; whether it came in time."""
        return self.ended.wait(timeout_s)

    def collect(self) -> None:
        """Ask, and keep the events as they come."""
        try:
            for event in self._ask(self.stopped):
                self.events.append(event)
        except AgentError as error:
            self.events.append(Failed(error.what, error.kept, error.next_step))


class Runs:
    """The questions of each conversation, by its name: one is answered, those asked meanwhile wait in line.

    When one fails, the line stands still until a person asks again.
    """

    def __init__(self) -> None:
        self._lines: dict[str, list[Running]] = {}  # the first of a line is answered or has ended
        self._lock = threading.Lock()

    def ask(self, session: str, question: str, paper: str, ask: Ask, passage: str = "") -> Running:
        """Answer a question, now or after those before it; one already in line is not asked twice."""
        with self._lock:
            line = self._lines.pop(session, [])
            self._lines[session] = line  # now the latest
            answering = bool(line) and not line[0].done
            if not answering:
                del line[:1]
            asked = (question, paper, passage)
            same = [one for one in line if (one.question, one.paper, one.passage) == asked]
            running = same[0] if same else Running(question, paper, ask, passage)
            if not answering:
                line[:] = [running, *(one for one in line if one is not running)]
                self._start(session, running)
            elif not same:
                line.append(running)
            self._drop_oldest()
            return running

    def get(self, session: str) -> Running | None:
        """The question of a conversation that is answered or was last; None when there is none."""
        with self._lock:
            return next(iter(self._lines.get(session, [])), None)

    @property
    def busy(self) -> bool:
        """Whether any question is being answered."""
        with self._lock:
            return any(line and not line[0].done for line in self._lines.values())

    def waiting(self, session: str) -> list[Running]:
        """The questions of a conversation that wait for the one being answered."""
        with self._lock:
            return self._lines.get(session, [])[1:]

    def take_back(self, session: str, running: Running) -> bool:
        """Take a waiting question out of the line; whether it was still waiting."""
        with self._lock:
            line = self._lines.get(session, [])
            if running not in line[1:]:
                return False
            line.remove(running)
            return True

    def forget(self, session: str) -> None:
        """Stop and drop the questions of a conversation that is deleted."""
        with self._lock:
            for running in self._lines.pop(session, []):
                running.stopped.set()

    def _start(self, session: str, running: Running) -> None:
        threading.Thread(target=self._answer, args=(session, running), daemon=True).start()

    def _answer(self, session: str, running: Running) -> None:
        try:
            running.collect()
        finally:
            with self._lock:  # nobody sees the end of this question without the start of the next
                running.ended.set()
                line = self._lines.get(session, [])
                if running.failed is None and running in line and len(line) > 1:
                    line.remove(running)
                    self._start(session, line[0])

    def _drop_oldest(self) -> None:
        idle = [name for name, line in self._lines.items() if all(one.done for one in line)]
        for name in idle[: max(0, len(idle) - _KEPT)]:
            del self._lines[name]
