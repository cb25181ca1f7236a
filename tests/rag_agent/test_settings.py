"""Where a setting's value comes from, and what a wrong one gets."""

from pathlib import Path
from typing import Any

import pytest

from ingestion.errors import AgentError
from rag_agent.settings import load_settings, origins


def test_argument_then_environment_then_file_then_default(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir()
    assert load_settings().retrieval.threshold == 0.5
    (home / "settings.toml").write_text("[retrieval]\nthreshold = 0.4\ntop_k = 5\n")
    assert load_settings().retrieval.threshold == 0.4
    monkeypatch.setenv("ARXIV_AGENT_RETRIEVAL__THRESHOLD", "0.3")
    assert load_settings().retrieval.threshold == 0.3
    arguments = {"retrieval": {"threshold": 0.2}}
    settings = load_settings(**arguments)
    assert (settings.retrieval.threshold, settings.retrieval.top_k) == (0.2, 5)
    known = origins(settings, arguments)
    assert known["retrieval.threshold"] == (0.2, "argument")
    assert known["retrieval.top_k"] == (5, "file")
    assert known["agent.rounds"] == (3, "default")
    assert origins(load_settings(), {})["retrieval.threshold"] == (0.3, "environment")


@pytest.mark.parametrize(
    ("name", "value", "part", "field"),
    [
        ("READER__BASE_URL", "http://127.0.0.1:8000/v1", "reader", "base_url"),
        ("READER__MODEL", "big", "reader", "model"),
        ("CODER__ADAPTER", "a.gguf", "coder", "adapter"),
        ("STORE__URI", "http://127.0.0.1:19530", "store", "uri"),
        ("EMBEDDING__MODEL", "/models/mine", "embedding", "model"),
        ("ARXIV__API_URL", "http://127.0.0.1:1/api/query", "arxiv", "api_url"),
        ("ARXIV__PDF_URL", "http://127.0.0.1:1/pdf", "arxiv", "pdf_url"),
    ],
)
def test_documented_variables(
    home: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, part: str, field: str
) -> None:
    monkeypatch.setenv(f"ARXIV_AGENT_{name}", value)
    assert getattr(getattr(load_settings(), part), field) == value


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"retrieval": {"threshold": 2}}, "retrieval.threshold"),
        ({"retrieval": {"treshold": 0.4}}, "retrieval.treshold"),
        ({"agent": {"rounds": 0}}, "agent.rounds"),
        ({"store": {"collection": "a b; drop"}}, "store.collection"),
        ({"embedding": {"precision": "int8"}}, "embedding.precision"),
    ],
)
def test_a_wrong_value_is_named(home: Path, arguments: dict[str, Any], named: str) -> None:
    with pytest.raises(AgentError, match=named):
        load_settings(**arguments)


@pytest.mark.parametrize("address", ["http://127.0.0.1:99999", "http://[::1", "http://", "x"])
@pytest.mark.parametrize(
    ("part", "field"),
    [("reader", "base_url"), ("coder", "base_url"), ("store", "uri"), ("arxiv", "api_url")],
)
def test_an_address_that_is_none_is_named(home: Path, part: str, field: str, address: str) -> None:
    with pytest.raises(AgentError, match=rf"{part}\.{field}: .* is no address"):
        load_settings(**{part: {field: address}})


def test_a_file_that_is_no_toml_is_named(home: Path) -> None:
    home.mkdir()
    (home / "settings.toml").write_text("[retrieval\n")
    with pytest.raises(AgentError, match=r"settings\.toml"):
        load_settings()


def test_a_file_that_is_not_utf8_is_named_with_the_way_on(home: Path) -> None:
    home.mkdir()
    (home / "settings.toml").write_bytes(b'[reader]\nmodel = "caf\xe9"\n')
    with pytest.raises(AgentError, match=r"settings\.toml is not UTF-8 text.*Save it as UTF-8"):
        load_settings()


def test_a_home_of_nobody_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARXIV_AGENT_HOME", "~nouser/papers")
    with pytest.raises(AgentError, match="no such user"):
        load_settings()


@pytest.mark.parametrize("name", ["*", "http://a.example", "a.example:8501", "a b", ""])
def test_hosts_are_names_without_scheme_and_port(home: Path, name: str) -> None:
    with pytest.raises(AgentError, match=r"page\.allowed_hosts"):
        load_settings(page={"allowed_hosts": [name]})


def test_secrets_stay_masked(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARXIV_AGENT_READER__API_KEY", "sk-very-secret")
    monkeypatch.setenv("ARXIV_AGENT_STORE__TOKEN", "root:very-secret")
    settings = load_settings()
    assert "very-secret" not in f"{settings!r}{settings}{origins(settings, {})}"
    assert settings.reader.api_key.get_secret_value() == "sk-very-secret"


def test_reading_the_settings_makes_nothing(home: Path) -> None:
    load_settings()
    assert not home.exists()
