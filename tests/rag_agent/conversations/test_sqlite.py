"""Conversations in a SQLite file: its rights, its size, and what becomes of files of before and of broken ones."""

import json
import os
import shutil
import sqlite3
import stat
import time
from pathlib import Path

import pytest

from ingestion.errors import AgentError, DatabaseUnavailable
from rag_agent.conversations.migrations import SCHEMA
from rag_agent.conversations.store import Conversations
from rag_agent.database import Databases, Schema
from tests.rag_agent.conversations.talk import long_turn, turn
from tests.rag_agent.test_schemas import CODE

OLD = Path(__file__).with_name("langgraph.sqlite")
"""A file of version 0.1.0: two conversations in LangGraph's checkpoints."""


def opened(home: Path) -> Conversations:
    return Conversations(Databases(home, "").of(SCHEMA))


@pytest.fixture
def kept(home: Path) -> Conversations:
    return opened(home)


def test_the_file_is_for_the_user_alone(home: Path, kept: Conversations) -> None:
    kept.append("bread", turn("a?"))
    assert stat.S_IMODE((home / "sessions.sqlite").stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


@pytest.mark.long
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
        kept = opened(home)
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
        opened(home).sessions()
    assert "untouched" in caught.value.kept
    rows = sqlite3.connect(file).execute("SELECT count(*) FROM checkpoints").fetchone()
    assert rows == (4,)


@pytest.mark.parametrize("broken", [b"no database at all" * 99, None])
def test_a_broken_file_is_moved_aside_and_told(home: Path, broken: bytes | None) -> None:
    kept = opened(home)
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
    assert [one.question for one in kept.turns("bread")] == ["anew?"]


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
    with pytest.raises(DatabaseUnavailable, match="cannot be used"):
        kept.append("bread", turn("b?"))


def test_conversations_of_before_owners_are_the_data_folders_own(home: Path) -> None:
    before = Databases(home, "").of(Schema("sessions", SCHEMA.sqlite[:2], ()))
    with before.writing() as db:
        for name in ("first", "second"):
            db.execute("INSERT INTO sessions VALUES (?, '', 'so far', 1)", (name,))
            answer = json.dumps(turn("x?", "said").as_json()["answer"])
            db.execute("INSERT INTO turns VALUES (?, 0, '2026', 'up', 'x?', 1, ?)", (name, answer))
    before.close()
    kept = opened(home)
    assert [(one.name, one.turns) for one in kept.sessions()] == [("second", 1), ("first", 1)]
    assert (kept.remember("first").summary, kept.turns("first")[0].rating) == ("so far", "up")
    assert kept.of("anna").sessions() == []
    kept.delete("first")
    assert kept.turns("first") == ()
