"""Questions on their way: one at a time in a conversation, the others in line."""

import threading
from collections.abc import Iterator

from rag_agent.answer import Answer
from rag_agent.events import Answered, Event, Failed
from ui.web.running import Running, Runs


class Line:
    """Asks questions whose ends the test decides."""

    def __init__(self) -> None:
        self.runs = Runs()
        self.asked: list[str] = []
        self.ends: dict[str, threading.Event] = {}

    def ask(self, question: str, *, fails: bool = False, session: str = "talk") -> Running:
        if question not in self.ends or self.ends[question].is_set():
            self.ends[question] = threading.Event()  # asked anew, it ends when the test says so
        end = self.ends[question]

        def events(stopped: threading.Event) -> Iterator[Event]:
            self.asked.append(question)
            assert end.wait(30)
            yield Failed("It broke") if fails else Answered(Answer(question, "en", True))

        return self.runs.ask(session, question, "", events)

    def end(self, running: Running) -> None:
        self.ends[running.question].set()
        assert running.wait(30)


def test_questions_are_answered_in_the_order_they_were_asked() -> None:
    line = Line()
    running = [line.ask(name) for name in ("one", "two", "three")]
    assert line.runs.waiting("talk") == running[1:]
    for one in running:
        assert line.runs.get("talk") is one
        line.end(one)
    assert line.asked == ["one", "two", "three"]
    assert line.runs.waiting("talk") == []


def test_a_question_in_line_is_not_asked_twice() -> None:
    line = Line()
    first, second = line.ask("one"), line.ask("two")
    assert line.ask("one") is first
    assert line.ask("two") is second
    line.end(first)
    line.end(second)
    assert line.asked == ["one", "two"]
    assert line.ask("one") is not first, "an answered question may be asked again"


def test_a_question_taken_back_is_not_asked() -> None:
    line = Line()
    first, second = line.ask("one"), line.ask("two")
    assert line.runs.take_back("talk", second)
    assert not line.runs.take_back("talk", first), "it is being answered"
    line.end(first)
    assert line.asked == ["one"]


def test_after_a_failure_the_line_stands_until_a_person_asks_again() -> None:
    line = Line()
    broken, waiting = line.ask("one", fails=True), line.ask("two")
    line.end(broken)
    assert line.runs.get("talk") is broken
    assert broken.failed is not None
    assert line.runs.waiting("talk") == [waiting]
    again = line.ask("one")
    assert line.runs.waiting("talk") == [waiting]
    line.end(again)
    assert line.runs.get("talk") is waiting
    line.end(waiting)


def test_a_waiting_question_asked_again_after_a_failure_is_answered() -> None:
    line = Line()
    broken, waiting = line.ask("one", fails=True), line.ask("two")
    line.end(broken)
    assert line.ask("two") is waiting
    line.end(waiting)
    assert line.asked == ["one", "two"]


def test_conversations_do_not_wait_for_each_other_and_a_deleted_one_is_stopped() -> None:
    line = Line()
    first, other = line.ask("one"), line.ask("two", session="other")
    line.runs.forget("talk")
    assert first.stopped.is_set()
    assert line.runs.get("talk") is None
    line.end(other)
    line.end(first)
    assert line.runs.get("other") is other
