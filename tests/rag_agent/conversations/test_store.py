"""What every database of conversations keeps to; the same in SQLite and in PostgreSQL."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ingestion.errors import AgentError
from rag_agent.conversations.memory import MOST_TURNS, Remembered
from rag_agent.conversations.migrations import SCHEMA
from rag_agent.conversations.store import Conversations, checked_name
from rag_agent.conversations.turn import Turn
from rag_agent.database import Databases
from tests.rag_agent.conversations.talk import long_turn, turn
from tests.rag_agent.test_schemas import CODE

Opened = Callable[[], Conversations]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def opened(request: pytest.FixtureRequest, home: Path) -> Opened:
    """Opens the conversations as another program does."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    return lambda: Conversations(Databases(home, url).of(SCHEMA))


@pytest.fixture
def kept(opened: Opened) -> Conversations:
    return opened()


def questions(conversations: Conversations, name: str) -> list[str]:
    return [turn.question for turn in conversations.turns(name)]


def test_looking_makes_nothing(home: Path, kept: Conversations) -> None:
    assert kept.sessions() == []
    assert kept.turns("bread") == ()
    assert kept.remember("bread") == Remembered()
    assert not home.exists()


def test_turns_come_back_as_they_were_kept(opened: Opened, kept: Conversations) -> None:
    first, second = turn("When?", "At noon.", "2711.00001"), long_turn(1)
    assert [kept.append("bread", one) for one in (first, second)] == [0, 1]
    kept.append("other", turn("x?"))
    again = opened().turns("bread")
    assert [one.as_json()["answer"] for one in again] == [
        one.as_json()["answer"] for one in (first, second)
    ]
    assert all(one.at for one in again)


def test_the_latest_conversation_is_listed_first(kept: Conversations) -> None:
    for name, at in (("old", "2026-01-01"), ("new", "2026-03-01"), ("old", "2026-02-01")):
        kept.append(name, Turn(f"{name} {at}?", turn("x").answer, at))
    assert [(one.name, one.title, one.turns) for one in kept.sessions()] == [
        ("new", "new 2026-03-01?", 1),
        ("old", "old 2026-01-01?", 2),
    ]


def test_a_title_a_rating_and_a_program_change_their_row_alone(kept: Conversations) -> None:
    for question in ("a?", "b?"):
        kept.append("bread", turn(question, "said"))
    kept.rename("bread", "  Loaves ")
    kept.rate("bread", 1, "up")
    kept.keep_code("bread", 1, CODE)
    kept.keep_code("gone", 0, CODE)
    before, after = kept.turns("bread")
    assert (before.rating, before.answer.code) == ("", None)
    assert (after.rating, after.answer.reply) == ("up", "said")
    assert after.answer.code is not None
    assert after.answer.code.program == CODE.program
    assert kept.sessions()[0].title == kept.title("bread") == "Loaves"
    assert kept.markdown("bread").startswith("# Loaves")


def test_a_deleted_conversation_is_gone_with_its_turns(kept: Conversations) -> None:
    kept.append("bread", turn("a secret?"))
    kept.delete("bread")
    assert kept.sessions() == []
    assert kept.turns("bread") == ()
    assert kept.append("bread", turn("anew?")) == 0


def test_a_question_looks_back_on_the_latest_turns_and_the_summary(kept: Conversations) -> None:
    for number in range(MOST_TURNS + 5):
        kept.append("bread", turn(f"{number}?"), Remembered(summary=f"{number}", summarised=number))
    remembered = kept.remember("bread")
    assert len(remembered.turns) == MOST_TURNS
    assert remembered.first == 5
    assert remembered.turns[0].question == "5?"
    assert (remembered.summary, remembered.summarised) == ("34", 34)
    kept.append("bread", turn("late?"), Remembered(summary="older", summarised=3))
    assert kept.remember("bread").summary == "34"


def test_two_programs_and_four_threads_write_one_conversation(opened: Opened) -> None:
    programs = [opened(), opened()]

    def work(number: int) -> None:
        for n in range(10):
            programs[number % 2].append("bread", turn(f"{number}-{n}?"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asked = questions(programs[0], "bread")
    assert len(asked) == len(set(asked)) == 40


@pytest.mark.long
def test_programs_that_begin_at_the_same_moment_lose_no_turn(home: Path) -> None:
    """SQLite's change to a write-ahead log fails beside another's, however long one would wait."""
    for round_ in range(20):
        begin = threading.Barrier(6)

        def work(number: int, at: Path, begin: threading.Barrier = begin) -> None:
            conversations = Conversations(Databases(at, "").of(SCHEMA))
            begin.wait()
            conversations.append("bread", turn(f"{number}?"))

        place = home / f"{round_}"
        threads = [threading.Thread(target=work, args=(number, place)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        asked = questions(Conversations(Databases(place, "").of(SCHEMA)), "bread")
        assert sorted(asked) == [f"{number}?" for number in range(6)]


@pytest.mark.parametrize("name", ["", "   ", "a" * 81, "two\nlines", "bell\a"])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(AgentError, match="80"):
        checked_name(name)


def test_names_are_trimmed_and_may_be_chinese(kept: Conversations) -> None:
    assert checked_name("  面包 ") == "面包"
    kept.append("  面包 ", turn("a?"))
    assert len(kept.turns("面包")) == 1


def test_an_owner_sees_their_own_alone(kept: Conversations) -> None:
    anna, ben = kept.of("anna"), kept.of("ben")
    for one, said in ((anna, "of anna"), (ben, "of ben"), (kept, "of nobody")):
        one.append("bread", turn(said))
    anna.rate("bread", 0, "up")
    anna.rename("bread", "Loaves")
    assert [(s.name, s.title, s.turns) for s in ben.sessions()] == [("bread", "of ben", 1)]
    assert (anna.title("bread"), kept.title("bread")) == ("Loaves", "of nobody")
    assert [t.rating for one in (anna, ben) for t in one.turns("bread")] == ["up", ""]
    assert [t.question for t in ben.remember("bread").turns] == ["of ben"]
    anna.delete("bread")
    assert anna.sessions() == []
    assert questions(ben, "bread") == ["of ben"]


def test_what_stands_in_no_text_is_kept_too(kept: Conversations) -> None:
    kept.append("bread", turn("a \0 b?", "said \0 that"))
    (one,) = kept.turns("bread")
    assert one.question.replace("\0", "") == "a  b?"
    assert one.answer.reply == "said \0 that"
