"""Every text is there in both languages, and is used."""

import re
import string
from pathlib import Path
from typing import get_args

import pytest

import rag_agent
import ui
from rag_agent.progress import StepName
from ui import doctor
from ui.texts import TEXTS, step_name, text

_CHINESE = re.compile("[\u4e00-\u9fff]")
_ALIKE = {"as_json", "check arXiv"}  # names


def _fields(said: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(said) if field}


@pytest.mark.parametrize("name", TEXTS)
def test_every_text_is_there_in_both_languages_and_tells_the_same_values(name: str) -> None:
    english, chinese = TEXTS[name]
    assert _fields(english) == _fields(chinese)
    assert not _CHINESE.search(english)
    assert _CHINESE.search(chinese) or name in _ALIKE


@pytest.mark.parametrize("name", get_args(StepName))
def test_every_step_has_its_chinese_name(name: str) -> None:
    assert step_name("en", name) == name
    assert _CHINESE.search(step_name("zh", name))


def test_every_step_that_is_told_is_a_known_one() -> None:
    sources = Path(rag_agent.__file__).parent.rglob("*.py")
    told = {name for file in sources for name in re.findall(r'\.step\("([^"]+)"', file.read_text())}
    assert told <= set(get_args(StepName))
    assert "revise" in told


def test_every_check_of_the_doctor_has_its_chinese_name() -> None:
    assert [name for name in get_args(doctor.Name) if f"check {name}" not in TEXTS] == []


def test_every_text_that_is_said_is_there() -> None:
    sources = "\n".join(file.read_text() for file in Path(ui.__file__).parent.rglob("*.py"))
    said = set(re.findall(r"""\bsay\(\s*["']([a-z_0-9]+)["']\s*[,)]""", sources))
    assert said - set(TEXTS) == set()
    assert len(said) > 80


def test_values_are_filled_in_and_not_read_as_places() -> None:
    assert text("en", "missing", what="{other}") == "Not found: {other}"
    assert text("zh", "page", page=3) == "第 3 页"
