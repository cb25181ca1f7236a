"""Every text of the page is there in both languages."""

import re
from pathlib import Path
from typing import get_args

import pytest

import rag_agent
from rag_agent.progress import StepName
from ui.web import texts


@pytest.mark.parametrize("name", get_args(StepName))
def test_every_step_has_its_chinese_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "language", lambda: "zh")
    assert re.search("[\u4e00-\u9fff]", texts.step_name(name))


def test_every_step_that_is_told_is_a_known_one() -> None:
    sources = Path(rag_agent.__file__).parent.rglob("*.py")
    told = {name for file in sources for name in re.findall(r'\.step\("([^"]+)"', file.read_text())}
    assert told <= set(get_args(StepName))
    assert "revise" in told
