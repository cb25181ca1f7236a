"""One suite of faults that every place that papers come from has to pass."""

import socket
import time

import pytest

from ingestion.errors import AgentError, SourceUnavailable
from ingestion.sources import connection, gate
from tests.fake_arxiv import FakeArxiv
from tests.ingestion.sources.catalogues.asked import PLAYED, Asked


class Clock:
    """The time of day, which sleeping moves on at once."""

    def __init__(self) -> None:
        self.slept_s = 0.0

    def time(self) -> float:
        return time.time() + self.slept_s

    def sleep(self, seconds: float) -> None:
        self.slept_s += seconds


FOUND = "Tide tables for garden ponds"


def test_it_finds_a_paper(asked: Asked) -> None:
    assert asked.search() == [FOUND]


def test_an_answer_is_served_from_disk_the_second_time(asked: Asked) -> None:
    assert asked.search() == asked.search()
    once = 3 if asked.name == "oai" else 1  # its lists change under the same address
    assert len(asked.server.requests) == (2 * once if asked.name == "oai" else once)


@pytest.mark.parametrize("fault", ["429", "429-silent", "503", "reset", "cut"])
@pytest.mark.long
def test_what_may_be_gone_in_a_moment_is_tried_again(asked: Asked, fault: str) -> None:
    asked.server.faults = [fault, fault]
    assert asked.search() == [FOUND]
    assert len(asked.server.requests) >= 3


def test_retry_after_is_honoured_and_said(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(gate, "time", clock)
    asked.server.faults, asked.server.retry_after_s = ["429"], 20
    assert asked.search() == [FOUND]
    assert clock.slept_s == pytest.approx(20, abs=1)
    assert any("answered 429" in reason for _, reason in asked.waits)


def test_a_long_retry_after_ends_at_once_and_is_remembered(asked: Asked) -> None:
    asked.server.faults, asked.server.retry_after_s = ["429"], 600
    for _ in range(2):
        with pytest.raises(SourceUnavailable, match="pause of"):
            asked.search()
    assert len(asked.server.requests) == 1


def test_a_refusal_that_outlasts_every_try(asked: Asked) -> None:
    asked.server.faults = ["503"] * 9
    with pytest.raises(SourceUnavailable, match="in 3 tries"):
        asked.search()
    assert len(asked.server.requests) == 3


@pytest.mark.long
def test_a_hang_ends_in_time(asked: Asked) -> None:
    asked.server.faults = ["hang"]
    began = time.monotonic()
    with pytest.raises(SourceUnavailable, match="did not answer"):
        asked.search(timeout_s=0.2)
    assert time.monotonic() - began < 2


@pytest.mark.long
def test_a_slow_drip_ends_in_time(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BODY_TIMEOUTS", 1)
    asked.server.faults = ["drip"]
    began = time.monotonic()
    with pytest.raises(SourceUnavailable, match="takes too long"):
        asked.search(timeout_s=0.3)
    assert time.monotonic() - began < 3


@pytest.mark.long
def test_half_an_answer_is_never_taken_for_a_whole_one(asked: Asked) -> None:
    asked.server.faults = ["half"] * 9
    with pytest.raises(AgentError, match=r"broke off|in 3 tries|damaged"):
        asked.search()
    asked.server.faults = []
    assert asked.search() == [FOUND]  # and is not kept


@pytest.mark.parametrize("fault", ["html", "empty-body"])
def test_something_else_that_answers_is_not_an_empty_result(asked: Asked, fault: str) -> None:
    asked.server.faults = [fault] * 3
    with pytest.raises(SourceUnavailable):
        asked.search()


def test_a_redirect_to_another_host_is_not_followed(asked: Asked) -> None:
    with FakeArxiv() as other:
        asked.server.faults = [f"redirect {other.api_url}?key=secret"]
        with pytest.raises(SourceUnavailable, match="another address") as refused:
            asked.search()
        assert other.requests == []
        assert "secret" not in str(refused.value)


def test_a_bomb_is_not_unpacked_to_its_end(asked: Asked) -> None:
    asked.server.faults = ["bomb"]
    with pytest.raises(SourceUnavailable, match=r"larger than any real one|Something other"):
        asked.search(timeout_s=5)
    assert len(asked.server.requests) == 1


def test_nobody_listens(asked: Asked) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}/x"
    with pytest.raises(SourceUnavailable, match="cannot be reached"):
        asked.search(**{PLAYED[asked.name][1]: address})


def test_the_requests_of_a_question_are_capped(asked: Asked) -> None:
    asked.server.faults = ["503"]
    with pytest.raises(SourceUnavailable, match="used up its 1 requests"):
        asked.search(max_requests=1)
