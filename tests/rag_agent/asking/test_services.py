"""What one question's steps tell, and how arXiv is asked for it."""

from pathlib import Path
from typing import Any, cast

import pytest

from ingestion.errors import ArxivUnavailable, PaperNotFound, StoreError
from ingestion.sources.arxiv_api import ArxivApi
from rag_agent.asking.services import Services, Stopped
from rag_agent.events import Event, Notice, StepFinished, StepStarted
from rag_agent.prompts.reader import Prompts
from rag_agent.settings import load_settings

ARXIV = cast(ArxivApi, object())


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
def services(home: Path, events: list[Event]) -> Services:
    """Services whose parts nobody needs here."""
    nothing = cast(Any, None)
    return Services(
        settings=load_settings(),
        library=nothing,
        embedder=nothing,
        full_text=nothing,
        arxiv=ARXIV,
        sandbox=nothing,
        prompts=Prompts(),
        reader=None,
        open_coder=nothing,
        emit=events.append,
    )


def test_an_error_leaves_no_step_open(services: Services, events: list[Event]) -> None:
    with pytest.raises(StoreError), services.step("search", "ponds"):
        raise StoreError("The disk is gone")
    assert [event.kind for event in events] == ["step_started", "step_finished"]
    (step,) = services.steps
    assert (step.name, step.detail) == ("search", "ponds")
    assert events[1] == StepFinished("search", step.seconds, "ponds")


def test_a_stop_closes_the_steps_under_way_and_begins_none(
    services: Services, events: list[Event]
) -> None:
    def stop() -> None:
        services.stopped.set()
        services.say(Notice("never said"))

    with pytest.raises(Stopped), services.step("read", "2711.00001"):
        stop()
    with pytest.raises(Stopped), services.step("answer"):
        raise AssertionError("the step is not begun")
    assert [type(event) for event in events] == [StepStarted, StepFinished]


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (ArxivUnavailable("arXiv is down"), False),
        (PaperNotFound("arXiv has no such paper"), True),
        (StoreError("The disk is full"), True),
    ],
)
def test_what_arxiv_cannot_give_is_told_and_looked_for_at_home(
    services: Services, error: Exception, again: bool
) -> None:
    asked: list[ArxivApi | None] = []

    def ask(arxiv: ArxivApi | None) -> str:
        asked.append(arxiv)
        if arxiv is not None:
            raise error
        return "from home"

    assert services.ask_arxiv(ask) == "from home"
    assert asked == [ARXIV, None]
    assert len(services.notices) == 1
    services.ask_arxiv(ask)
    assert asked[2:] == ([ARXIV, None] if again else [None])


def test_arxiv_is_not_asked_where_settings_forbid_it(services: Services) -> None:
    services.settings = load_settings(agent={"fetch": False})
    assert services.ask_arxiv(lambda arxiv: arxiv) is None
    assert services.notices == []
