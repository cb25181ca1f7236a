"""The chat page: asking, watching, stopping, failing, coming back."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from ingestion.errors import ModelUnavailable, StoreUnavailable
from rag_agent.model.client import Message
from tests.papers import PONDS
from tests.ui.conftest import Page
from tests.ui.scripted import NAMES, Reply, reply
from ui.web import program

pytestmark = pytest.mark.long

QUESTION = "When does the rate of bubble bursts of sourdough peak after feeding?"
OTHER = "What is the lunar tide of the garden pond?"


def resident_mb() -> float:
    """Memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def test_an_answer_shows_its_sentence_its_source_and_its_steps(page: Page) -> None:
    page.run().ask(QUESTION)
    assert "peaks 5.2 hours after feeding" in page.text
    assert r"\[1\]" in page.buttons
    assert "Sourdough ripeness" in " ".join(page.buttons)
    assert "<b>search</b>" in page.text


def test_a_citation_opens_its_source_with_the_quote_marked(page: Page) -> None:
    page.run().ask(QUESTION).press(r"\[1\]")
    assert "<mark>The rate of bubble bursts peaks 5.2 hours" in page.text
    page.run()
    assert "<mark>" in page.text, "a rerun closed the source"


def test_a_follow_up_stays_in_the_conversation_and_a_reload_finds_it(
    page_of: Callable[..., Page],
) -> None:
    page = page_of()
    page.run().ask(QUESTION).ask(OTHER)
    reloaded = page_of()
    reloaded.at.query_params["session"] = page.session
    reloaded.run()
    assert "5.2 hours" in reloaded.text
    assert "31 nanometres" in reloaded.text


def test_reruns_while_an_answer_is_written_never_ask_twice(page_of: Callable[..., Page]) -> None:
    page = page_of(seconds_a_piece=0.02)
    page.run().at.chat_input[0].set_value(QUESTION)
    page.run()
    asked = page.running
    for _ in range(3):
        page.run()
        assert page.running is asked
    assert asked.wait(60)
    page.run()
    assert len(page.assistant.conversations.turns(page.session)) == 1


def test_the_sidebar_says_when_it_works_and_when_it_is_done(page_of: Callable[..., Page]) -> None:
    go_on = threading.Event()
    page = page_of(held_until(go_on))
    page.open("paper", id=PONDS.arxiv_id)
    program.program().open()
    while not program.program().ready:
        time.sleep(0.05)
    assert "Ready" in sidebar(page.run())
    page.at.text_input(key="ask_paper-text").set_value(OTHER)
    page.press("Ask this paper")
    assert "Working …" in sidebar(page), "a question that another page asked is told at once"
    running = page.running
    page.open("library")
    assert "Working …" in sidebar(page)
    go_on.set()
    assert running.wait(60)
    assert "Ready" in sidebar(page.run())


def held_until(go_on: threading.Event) -> Reply:
    """A model that replies when the test has seen the page work, on a machine of any speed."""

    def answer(messages: Sequence[Message]) -> Any:
        assert go_on.wait(100)
        return reply(messages)

    return answer


def sidebar(page: Page) -> str:
    """What the sidebar says."""
    return "".join(element.proto.body for element in page.at.sidebar.get("html"))


def test_stop_keeps_the_conversation_and_what_there_is(page_of: Callable[..., Page]) -> None:
    page = page_of(seconds_a_piece=0.2)
    page.run().at.chat_input[0].set_value(QUESTION)
    page.run()
    started = time.monotonic()
    page.press("Stop")
    assert page.running.wait(30)
    page.run()
    assert time.monotonic() - started < 30
    assert "Stopped" in page.text
    assert "do not answer" not in page.text


def test_a_question_asked_meanwhile_waits_its_turn(page_of: Callable[..., Page]) -> None:
    go_on = threading.Event()
    page = page_of(held_until(go_on))
    page.run().at.chat_input[0].set_value(QUESTION)
    page.run()
    first = page.running
    for _ in range(2):  # sent twice by mistake
        page.at.chat_input[0].set_value(OTHER)
        page.run()
    assert page.running is first
    assert OTHER in page.text
    assert page.buttons.count("Take back") == 1
    go_on.set()
    assert first.wait(60)
    assert page.running.question == OTHER
    assert page.running.wait(60)
    asked = [turn.question for turn in page.assistant.conversations.turns(page.session)]
    assert asked == [QUESTION, OTHER]
    assert "31 nanometres" in page.run().text


def test_a_question_sent_before_the_address_named_the_conversation_joins_it(
    page_of: Callable[..., Page],
) -> None:
    go_on = threading.Event()
    page = page_of(held_until(go_on))
    page.run().at.chat_input[0].set_value(QUESTION)
    page.run()
    first, begun = page.running, page.session
    del page.at.query_params["session"]  # a browser that was not told in time
    page.at.chat_input[0].set_value(OTHER)
    page.run()
    go_on.set()
    assert page.session == begun
    assert page.running is first
    assert OTHER in page.text
    assert first.wait(60)
    assert page.running.wait(60)
    page.run().press("New conversation").at.chat_input[0].set_value(OTHER)
    assert page.run().session != begun
    assert page.running.wait(60)


def test_a_waiting_question_can_be_taken_back(page_of: Callable[..., Page]) -> None:
    page = page_of(seconds_a_piece=0.1)
    page.run().at.chat_input[0].set_value(QUESTION)
    page.run().at.chat_input[0].set_value(OTHER)
    page.run().press("Take back")
    assert page.at.chat_input[0].proto.value == OTHER
    assert "Take back" not in page.buttons
    page.press("Stop")
    assert page.running.wait(30)
    assert len(page.assistant.conversations.turns(page.session)) == 1


def test_a_rating_given_while_an_answer_is_written_is_kept(page_of: Callable[..., Page]) -> None:
    page = page_of(seconds_a_piece=0.02)
    page.run().ask(QUESTION)
    page.at.chat_input[0].set_value(OTHER)
    page.run()
    page.at.feedback[0].set_value(0)
    page.run()
    assert page.running.wait(60)
    ratings = [turn.rating for turn in page.assistant.conversations.turns(page.session)]
    assert ratings == ["down", ""]


def test_two_tabs_get_their_own_answers(page_of: Callable[..., Page]) -> None:
    first, second = page_of().run(), page_of().run()
    first.at.chat_input[0].set_value(QUESTION)
    second.at.chat_input[0].set_value(OTHER)
    first.run()
    second.run()
    assert first.running.wait(60)
    assert second.running.wait(60)
    assert "5.2 hours" in first.run().text
    assert "31 nanometres" in second.run().text
    assert "5.2 hours" not in second.text


def test_four_at_once_and_twenty_in_a_row_are_neither_lost_nor_mixed(
    page_of: Callable[..., Page],
) -> None:
    tabs = [page_of().run() for _ in range(4)]
    memory_mb = []
    for start in range(0, 20, 4):
        names = NAMES[start : start + 4]
        for tab, name in zip(tabs, names, strict=True):
            tab.at.chat_input[0].set_value(f"What is the tide of the {name} basin?")
            tab.run()
        for tab, name in zip(tabs, names, strict=True):
            assert tab.running.wait(60)
            tab.run()
            answer = tab.assistant.conversations.turns(tab.session)[-1].answer.text
            assert f"the {name} basin is {NAMES.index(name) + 1} nanometres" in answer
            assert not any(f"the {other} basin is" in answer for other in names if other != name)
        memory_mb.append(resident_mb())
    assert memory_mb[-1] - memory_mb[1] < 60, memory_mb
    assert all(len(tab.assistant.conversations.turns(tab.session)) == 5 for tab in tabs)


def test_a_model_that_fails_in_the_middle_is_said_and_the_best_sentences_are_quoted(
    page_of: Callable[..., Page],
) -> None:
    def failing(messages: object) -> object:
        return ModelUnavailable("The model server is gone", next_step="Start it")

    page = page_of(failing)
    page.run().ask(QUESTION)
    assert "The model server is gone" in page.text
    assert 'class="claim quoted"' in page.text


def test_a_library_that_fails_is_said_with_the_way_on_and_can_be_asked_again(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.run().ask(OTHER)
    gone = StoreUnavailable("The library is gone", kept="All is kept", next_step="Start it")

    def failing(*args: object, **named: object) -> object:
        raise gone

    with monkeypatch.context() as broken:
        broken.setattr(type(page.assistant.library.store), "dense", failing)
        page.ask(QUESTION)
    assert "The library is gone" in page.text
    assert "Start it" in page.text
    assert "31 nanometres" in page.text
    page.press("Try again")
    assert page.running.wait(60)
    assert "5.2 hours" in page.run().text


def test_thumbs_are_kept_with_the_turn(page: Page) -> None:
    page.run().ask(QUESTION)
    page.at.feedback[0].set_value(1)
    page.run()
    assert page.assistant.conversations.turns(page.session)[0].rating == "up"


def test_an_offered_question_can_be_asked(page: Page) -> None:
    page.run().ask(QUESTION)
    page.at.button_group[-1].set_value(
        "What method does “Sourdough ripeness from the sound of its bubbles” use?"
    )
    page.run()
    assert page.running.wait(60)
    assert len(page.assistant.conversations.turns(page.session)) == 2


def test_the_start_page_works_before_the_models_are_loaded(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(page.assistant), "warm_up", lambda self: time.sleep(5))
    page.run()
    assert "Loading" in page.text
    page.ask(QUESTION)
    assert "5.2 hours" in page.text


def test_settings_that_cannot_be_read_are_said(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARXIV_AGENT_RETRIEVAL__THRESHOLD", "7")
    page.at.run()
    assert "retrieval.threshold" in page.text


def test_the_page_speaks_chinese(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARXIV_AGENT_PAGE__LANGUAGE", "zh")
    page.run()
    assert "你想了解什么" in page.text
    page.ask(QUESTION)
    assert "搜索" in page.text
