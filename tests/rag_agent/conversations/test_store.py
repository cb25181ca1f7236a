"""Conversations on disk: rows that are written once, and what becomes of other files."""

import os
import shutil
import sqlite3
import stat
import threading
import time
from pathlib import Path

import pytest

from ingestion.errors import AgentError
from rag_agent.conversations.memory import MOST_TURNS, Remembered
from rag_agent.conversations.store import Conversations, checked_name
from rag_agent.conversations.turn import Turn
from tests.rag_agent.conversations.talk import long_turn, turn
from tests.rag_agent.test_schemas import CODE

OLD = Path(__file__).with_name("langgraph.sqlite")
"""A file of version 0.1.0: two conversations in LangGraph's checkpoints."""


@pytest.fixture
def kept(home: Path) -> Conversations:
    return Conversations(home)


def questions(conversations: Conversations, name: str) -> list[str]:
    return [turn.question for turn in conversations.turns(name)]


def test_the_file_is_for_the_user_alone(home: Path, kept: Conversations) -> None:
    kept.append("bread", turn("a?"))
    assert stat.S_IMODE((home / "sessions.sqlite").stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_looking_makes_no_file(home: Path, kept: Conversations) -> None:
    assert kept.sessions() == []
    assert kept.turns("bread") == ()
    assert kept.remember("bread") == Remembered()
    assert not home.exists()


def test_turns_come_back_as_they_were_kept(home: Path, kept: Conversations) -> None:
    first, second = turn("When?", "At noon.", "2711.00001"), long_turn(1)
    assert [kept.append("bread", one) for one in (first, second)] == [0, 1]
    kept.append("other", turn("x?"))
    again = Conversations(home).turns("bread")
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


def test_a_deleted_conversation_is_gone_with_its_turns(home: Path, kept: Conversations) -> None:
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


def test_two_programs_and_four_threads_write_one_conversation(home: Path) -> None:
    programs = [Conversations(home), Conversations(home)]

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


def test_a_hundred_turns_cost_what_one_costs(home: Path, kept: Conversations) -> None:
    """100 turns of 7 kB: no square in size or time, and a list that reads no answer."""
    seconds = []
    for number in range(100):
        started = time.perf_counter()
        kept.append("long", long_turn(number))
        kept.remember("long")
        seconds.append(time.perf_counter() - started)
    late, early = sorted(seconds[-20:])[10], sorted(seconds[35:55])[10]
    assert late < 2 * early + 0.02
    for number in range(100):
        kept.append(f"session {number}", long_turn(number))
    started = time.perf_counter()
    assert len(kept.sessions()) == 101
    assert time.perf_counter() - started < 0.05
    for number in range(100):
        kept.delete(f"session {number}")
    kept.close()
    assert (home / "sessions.sqlite").stat().st_size < 3_000_000


def test_conversations_of_langgraph_are_taken_over_once(home: Path) -> None:
    home.mkdir()
    file = home / "sessions.sqlite"
    shutil.copyfile(OLD, file)
    for _ in range(2):
        kept = Conversations(home)
        assert [(s.name, s.title, s.turns) for s in kept.sessions()] == [
            ("问候", "你好", 1),
            ("attention", "All about attention", 2),
        ]
        what, program = kept.turns("attention")
        assert what.answer.claims[0].citations[0].kind == "pdf"
        assert what.at == "2026-10-01T08:00:00+00:00"
        assert program.answer.code is not None
        assert program.answer.code.program == CODE.program
        remembered = kept.remember("attention")
        assert (remembered.summary, remembered.summarised) == ("They spoke of attention.", 1)
        kept.close()
    tables = {name for (name,) in sqlite3.connect(file).execute("SELECT name FROM sqlite_master")}
    assert "turns" in tables
    assert "checkpoints" not in tables


def test_an_old_file_that_cannot_be_read_stays_as_it_was(home: Path) -> None:
    home.mkdir()
    file = home / "sessions.sqlite"
    shutil.copyfile(OLD, file)
    with sqlite3.connect(file) as db:
        db.execute("UPDATE checkpoints SET checkpoint = x'c1' WHERE thread_id = 'attention'")
    with pytest.raises(AgentError, match="attention") as caught:
        Conversations(home).sessions()
    assert "untouched" in caught.value.kept
    rows = sqlite3.connect(file).execute("SELECT count(*) FROM checkpoints").fetchone()
    assert rows == (4,)


@pytest.mark.parametrize("broken", [b"no database at all" * 99, None])
def test_a_broken_file_is_moved_aside_and_told(home: Path, broken: bytes | None) -> None:
    kept = Conversations(home)
    for number in range(30):
        kept.append("bread", long_turn(number))
    kept.close()
    file = home / "sessions.sqlite"
    content = broken or file.read_bytes()[:8192] + os.urandom(file.stat().st_size - 8192)
    file.write_bytes(content)
    with pytest.raises(AgentError, match="broken") as caught:
        kept.turns("bread")
    (aside,) = home.glob("sessions.sqlite.broken-*")
    assert aside.read_bytes() == content
    assert str(aside) in caught.value.kept
    assert kept.append("bread", turn("anew?")) == 0
    assert questions(kept, "bread") == ["anew?"]


def test_a_file_of_a_later_version_is_left_alone(home: Path, kept: Conversations) -> None:
    kept.append("bread", turn("a?"))
    kept.close()
    with sqlite3.connect(home / "sessions.sqlite") as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(AgentError, match="later version"):
        kept.sessions()


def test_a_file_that_cannot_be_written_is_told_in_a_sentence(
    home: Path, kept: Conversations
) -> None:
    kept.append("bread", turn("a?"))
    kept.close()
    shutil.move(home / "sessions.sqlite", home / "away")
    (home / "sessions.sqlite").mkdir()
    with pytest.raises(AgentError, match="cannot be used"):
        kept.append("bread", turn("b?"))


@pytest.mark.parametrize("name", ["", "   ", "a" * 81, "two\nlines", "bell\a"])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(AgentError, match="80"):
        checked_name(name)


def test_names_are_trimmed_and_may_be_chinese(kept: Conversations) -> None:
    assert checked_name("  面包 ") == "面包"
    kept.append("  面包 ", turn("a?"))
    assert len(kept.turns("面包")) == 1
