"""How work on a question tells where it is: what it says, its steps, what went another way than planned."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Literal, Protocol

from ingestion.errors import AgentError
from rag_agent.answer import Step
from rag_agent.events import Event, Notice, StepFinished, StepStarted
from rag_agent.telemetry import span

StepName = Literal[
    "plan",
    "search",
    "search the full texts",
    "look at the library",
    "find the paper",
    "read",
    "answer",
    "follow references",
    "rethink the query",
    "fetch from arXiv",
    "reply",
    "summarise the conversation",
    "tools",
    "instruct",
    "write",
    "run",
    "repair",
    "review",
    "revise",
    "compare",
]
"""Every step there is; the page has a Chinese name for each."""


class Progress(Protocol):
    """Takes what happens while a question is worked on; `rag_agent.asking.services.Services` is one."""

    notices: list[str]
    """What went another way so far."""

    def say(self, event: Event) -> None:
        """Hand on an event."""

    def notice(self, what: AgentError | str) -> None:
        """Tell what went another way than planned."""

    def step(self, name: StepName, detail: str = "") -> AbstractContextManager[list[str]]:
        """Time one step, also one that an error ends; what is appended to the list becomes its closing detail."""


class Telling:
    """Hands each event on, and keeps steps and notices: progress of any work, in a question or outside of one.

    Args:
        emit: Takes each event.
    """

    emit: Callable[[Event], None]
    steps: list[Step]
    """Made so far, in order."""
    notices: list[str]
    """What went another way so far."""

    def __init__(self, emit: Callable[[Event], None] = lambda event: None) -> None:
        self.emit, self.steps, self.notices = emit, [], []

    def say(self, event: Event) -> None:
        """Hand on an event."""
        self.emit(event)

    def notice(self, what: AgentError | str) -> None:
        """Tell what went another way than planned, and keep it."""
        self.notices.append(str(what))
        self.say(Notice(str(what)))

    @contextmanager
    def step(self, name: StepName, detail: str = "") -> Iterator[list[str]]:
        """Time one step; see `Progress.step`. Its end is told even where nothing more may be said."""
        self.say(StepStarted(name, detail))
        started, closing = time.perf_counter(), list[str]()
        try:
            with span(name):
                yield closing
        finally:
            seconds, said = time.perf_counter() - started, " ".join(closing) or detail
            self.steps.append(Step(name, seconds, said))
            self.emit(StepFinished(name, seconds, said))
