"""Work as a stream of events."""

import threading

import pytest

from ingestion.errors import StoreError
from rag_agent.events import Event, Failed, Notice
from rag_agent.stream import Emit, streamed


def test_events_come_as_they_are_emitted() -> None:
    def work(emit: Emit) -> None:
        emit(Notice("one"))
        emit(Notice("two"))

    stopped = threading.Event()
    assert list(streamed(work, stopped)) == [Notice("one"), Notice("two")]


def test_an_error_is_the_last_event_in_a_sentence() -> None:
    def work(emit: Emit) -> None:
        emit(Notice("one"))
        raise StoreError("The disk is gone", kept="All is kept", next_step="Mend it")

    *_, last = streamed(work, threading.Event())
    assert last == Failed("The disk is gone", "All is kept", "Mend it", "StoreError")
    assert isinstance(last, Failed)
    assert isinstance(last.as_error(), StoreError)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_error_of_the_program_is_told_too() -> None:
    def work(emit: Emit) -> None:
        raise ZeroDivisionError("one by nought")

    (only,) = streamed(work, threading.Event())
    assert isinstance(only, Failed)
    assert "ZeroDivisionError: one by nought" in only.what


def test_a_consumer_that_goes_away_stops_the_work() -> None:
    stopped = threading.Event()
    ended = threading.Event()

    def work(emit: Emit) -> None:
        emit(Notice("one"))
        assert stopped.wait(10)
        ended.set()

    events = streamed(work, stopped)
    first: Event = next(iter(events))
    assert first == Notice("one")
    events.close()  # type: ignore[attr-defined]
    assert ended.wait(10)
