"""Settings that a surface changes."""

from pathlib import Path

import pytest

from ingestion.errors import AgentError
from rag_agent.settings import load_settings, settings_file
from rag_agent.settings_file import save_settings


def test_changes_are_kept_beside_what_stands_there(home: Path) -> None:
    home.mkdir()
    settings_file(home).write_text('[prompts]\nchat = "Say \\"no\\""\n[agent]\nrounds = 2\n')
    saved = save_settings(home, {"retrieval.threshold": 0.3, "reader.model": 'a"b\\c'})
    assert saved == load_settings()
    assert (saved.retrieval.threshold, saved.reader.model) == (0.3, 'a"b\\c')
    assert (saved.agent.rounds, saved.prompts) == (2, {"chat": 'Say "no"'})


def test_a_bad_value_changes_nothing(home: Path) -> None:
    with pytest.raises(AgentError, match=r"retrieval\.top_k"):
        save_settings(home, {"retrieval.top_k": 0})
    assert not settings_file(home).exists()
