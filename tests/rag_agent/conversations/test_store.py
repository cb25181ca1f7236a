"""Conversations on disk."""

import stat
from pathlib import Path

import pytest

from ingestion.errors import AgentError
from rag_agent.conversations.store import (
    as_markdown,
    checked_name,
    list_sessions,
    open_checkpointer,
)


def test_the_file_is_for_the_user_alone(home: Path) -> None:
    assert list_sessions(open_checkpointer(home)) == []
    assert stat.S_IMODE((home / "sessions.sqlite").stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["", "   ", "a" * 81, "two\nlines", "bell\a"])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(AgentError, match="80"):
        checked_name(name)


def test_names_are_trimmed_and_may_be_chinese() -> None:
    assert checked_name("  面包 ") == "面包"


def test_markdown_holds_quotes_programs_and_one_entry_a_paper() -> None:
    citation = {
        "key": 1,
        "arxiv_id": "2711.00001",
        "version": 2,
        "title": "Sourdough & bubbles",
        "authors": ["Ada Example"],
        "year": 2027,
        "url": "https://arxiv.org/abs/2711.00001v2",
        "origin": "arxiv",
        "page": 3,
        "quote": "It peaks\nafter 5.2 hours.",
    }
    claims = [{"citations": [citation, citation]}]
    turns = [
        {"question": "When?", "answer": {"answer": "After 5.2 hours. [1]", "claims": claims}},
        {
            "question": "Code?",
            "answer": {"answer": "", "claims": [], "code": {"program": "x = 1\n"}},
        },
    ]
    text = as_markdown("Bread", turns)
    assert text.startswith("# Bread\n")
    assert "“It peaks after 5.2 hours.”" in text
    assert ", p. 3" in text
    assert text.count("@misc{") == 1
    assert r"Sourdough \& bubbles" in text
    assert "```python\nx = 1\n```" in text
    assert "No answer was found." in text
