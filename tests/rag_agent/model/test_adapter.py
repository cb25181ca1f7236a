"""Which adapter a role's model carries, and that `none` takes a shipped one off."""

from pathlib import Path
from typing import Any

import pytest

from rag_agent.model.adapter import adapter_name, adapter_of
from rag_agent.settings import load_settings

MODEL = "qwen2.5-coder-1.5b-instruct"
SERVER = "http://127.0.0.1:2/v1"


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    (tmp_path / f"reader-{MODEL}.gguf").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("changes", "file"),
    [
        ({}, f"reader-{MODEL}.gguf"),
        ({"reader": {"adapter": "none"}}, None),
        ({"reader": {"adapter": "/tuned/mine.gguf"}}, "mine.gguf"),
        ({"reader": {"model": "qwen2.5-coder-0.5b-instruct"}}, None),
        ({"reader": {"base_url": SERVER, "model": MODEL}}, None),
    ],
)
def test_the_readers_adapter(shipped: Path, changes: dict[str, Any], file: str | None) -> None:
    found = adapter_of("reader", load_settings(**changes), shipped)
    assert (found and found.name) == file


def test_the_coder_has_its_own(shipped: Path) -> None:
    assert adapter_of("coder", load_settings(), shipped) is None
    (shipped / f"coder-{MODEL}.gguf").touch()
    found = adapter_of("coder", load_settings(), shipped)
    assert found is not None
    assert found.stem == f"coder-{MODEL}"
    assert adapter_of("coder", load_settings(coder={"adapter": "none"}), shipped) is None


def test_on_a_server_an_adapter_is_a_name() -> None:
    assert (
        adapter_name("coder", load_settings(coder={"base_url": SERVER, "adapter": "evol"}))
        == "evol"
    )
    assert adapter_name("coder", load_settings(coder={"base_url": SERVER, "adapter": "none"})) == ""
    assert adapter_name("coder", load_settings(coder={"adapter": "/tuned/evol.gguf"})) == "evol"
