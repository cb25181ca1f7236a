"""Collections, tags, notes and what was read: kept on disk, without touching the library."""

from pathlib import Path

import pytest

from ingestion.collections import Collections, Mark
from ingestion.errors import AgentError


def test_looking_makes_no_file(tmp_path: Path) -> None:
    collections = Collections(tmp_path / "home")
    assert (collections.sizes(), collections.papers("x"), collections.tags()) == ({}, (), ())
    assert not (tmp_path / "home").exists()


def test_papers_are_put_in_and_taken_out(tmp_path: Path) -> None:
    collections = Collections(tmp_path)
    collections.add("Ponds", ["b", "a"])
    collections.add("Ponds", ["a", "c"])
    collections.add("Empty", [])
    collections.remove("Ponds", ["b", "z"])
    again = Collections(tmp_path)
    assert again.sizes() == {"Empty": 0, "Ponds": 2}
    assert again.papers("Ponds") == ("a", "c")
    assert again.of("a") == ("Ponds",)


def test_a_collection_is_renamed_and_forgotten(tmp_path: Path) -> None:
    collections = Collections(tmp_path)
    collections.add("Ponds", ["a"])
    collections.add("Lakes", [])
    collections.rename("Ponds", " Still  water ")
    assert collections.papers("Still water") == ("a",)
    with pytest.raises(AgentError, match="already"):
        collections.rename("Lakes", "Still water")
    collections.delete("Still water")
    assert collections.sizes() == {"Lakes": 0}
    assert collections.of("a") == ()


@pytest.mark.parametrize("name", ["", "  ", "x" * 81])
def test_a_name_is_short_and_not_empty(tmp_path: Path, name: str) -> None:
    with pytest.raises(AgentError, match="1 to 80 characters"):
        Collections(tmp_path).add(name, ["a"])


def test_marks_are_kept(tmp_path: Path) -> None:
    collections = Collections(tmp_path)
    collections.mark("a", Mark(("tides", " ponds ", "tides", ""), "Read again", is_read=True))
    collections.mark("b", Mark(("tides",)))
    assert collections.marks(["a", "b", "c"]) == {
        "a": Mark(("tides", "ponds"), "Read again", is_read=True),
        "b": Mark(("tides",)),
    }
    assert collections.tagged("tides") == ("a", "b")
    assert collections.tags() == ("ponds", "tides")
    assert collections.read() == ("a",)


def test_a_broken_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "collections.sqlite").write_text("no database, " * 100)
    with pytest.raises(AgentError, match="cannot be used"):
        Collections(tmp_path).sizes()
