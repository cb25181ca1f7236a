"""Settings that a surface changes."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.errors import AgentError
from rag_agent.settings import load_settings, settings_file
from rag_agent.settings_file import _put, save_settings

MINE = """\
# My settings

[reader]   # the big machine
base_url = "http://127.0.0.1:8000/v1" # not the old one
api_key = "sk-very-secret"

[retrieval]
# found by trial
threshold = 0.4
mode = 'dense'

[prompts]
chat = \"\"\"
Say "no"\"\"\"
"""


def test_changes_are_kept_beside_what_stands_there(home: Path) -> None:
    home.mkdir()
    settings_file(home).write_text('[prompts]\nchat = "Say \\"no\\""\n[agent]\nrounds = 2\n')
    saved = save_settings(home, {"retrieval.threshold": 0.3, "reader.model": 'a"b\\c'})
    assert saved == load_settings()
    assert (saved.retrieval.threshold, saved.reader.model) == (0.3, 'a"b\\c')
    assert (saved.agent.rounds, saved.prompts) == (2, {"chat": 'Say "no"'})


def test_only_the_changed_value_changes_in_the_file(home: Path) -> None:
    home.mkdir()
    settings_file(home).write_text(MINE)
    save_settings(home, {"retrieval.threshold": 0.3, "agent.rounds": 2})
    after = settings_file(home).read_text()
    assert after.startswith(MINE.replace("threshold = 0.4", "threshold = 0.3"))
    assert after.removeprefix(MINE.replace("0.4", "0.3")).split() == ["[agent]", "rounds", "=", "2"]
    assert load_settings().agent.rounds == 2


def test_a_new_file_is_private(home: Path) -> None:
    save_settings(home, {"retrieval.top_k": 5})
    assert settings_file(home).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in home.iterdir()] == ["settings.toml"]


def test_a_bad_value_changes_nothing(home: Path) -> None:
    with pytest.raises(AgentError, match=r"retrieval\.top_k"):
        save_settings(home, {"retrieval.top_k": 0})
    assert not settings_file(home).exists()


@pytest.mark.parametrize("content", [b"[reader\n", b'[reader]\nmodel = "caf\xe9"\n'])
def test_a_file_that_cannot_be_read_is_not_touched(home: Path, content: bytes) -> None:
    home.mkdir()
    settings_file(home).write_bytes(content)
    with pytest.raises(AgentError, match=r"settings\.toml"):
        save_settings(home, {"retrieval.top_k": 5})
    assert settings_file(home).read_bytes() == content


def test_a_key_is_not_sent_to_another_server(home: Path) -> None:
    home.mkdir()
    settings_file(home).write_text(MINE)
    saved = save_settings(home, {"reader.base_url": "http://elsewhere.example/v1"})
    assert saved.reader.api_key.get_secret_value() == ""
    assert "very-secret" not in settings_file(home).read_text()


def test_a_key_typed_with_the_new_address_is_kept(home: Path) -> None:
    home.mkdir()
    settings_file(home).write_text(MINE)
    there = {"reader.base_url": "http://elsewhere.example/v1", "reader.api_key": "sk-new"}
    assert save_settings(home, there).reader.api_key.get_secret_value() == "sk-new"


def test_a_key_stays_where_the_address_does(home: Path) -> None:
    home.mkdir()
    settings_file(home).write_text(MINE)
    same = {
        "reader.base_url": "http://127.0.0.1:8000/v1",
        "coder.base_url": "http://127.0.0.1:1/v1",
    }
    assert save_settings(home, same).reader.api_key.get_secret_value() == "sk-very-secret"


def test_a_key_of_the_environment_holds_its_server_fast(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARXIV_AGENT_CODER__API_KEY", "sk-very-secret")
    with pytest.raises(AgentError, match="ARXIV_AGENT_CODER__API_KEY"):
        save_settings(home, {"coder.base_url": "http://elsewhere.example/v1"})
    assert not settings_file(home).exists()


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back(text: str) -> None:
    import tomlkit

    document = tomlkit.parse(MINE)
    values: Any = document
    _put(values, "reader.model", text)
    assert tomllib.loads(tomlkit.dumps(document))["reader"]["model"] == text
