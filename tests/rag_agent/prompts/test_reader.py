"""Every prompt of the reader can be replaced by name, from the settings to what the model is asked."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rag_agent.prompts.reader import DEFAULTS, Prompts
from rag_agent.settings import load_settings

SAID: dict[str, Callable[[Prompts], object]] = {
    "plan": lambda prompts: prompts.plan("Why?", ""),
    "read_fact": lambda prompts: prompts.read("How many?", "fact", ["One."]),
    "read_yes_no": lambda prompts: prompts.read("Is it?", "yes_no", ["One."]),
    "read_explain": lambda prompts: prompts.read("Why?", "explain", ["One."]),
    "to_english": lambda prompts: prompts.to_english("为什么？"),
    "to_chinese": lambda prompts: prompts.to_chinese("Why?"),
    "alone": lambda prompts: prompts.alone("Which on SVHN?", "What accuracy on CIFAR-10?"),
    "rewrite": lambda prompts: prompts.rewrite("Why?", ["ponds"]),
    "hyde": lambda prompts: prompts.hyde("Why?"),
    "chat": lambda prompts: prompts.chat("Hello"),
    "summary": lambda prompts: prompts.summary("Hello"),
}


def test_all_prompts_are_tried_here() -> None:
    assert set(SAID) == set(DEFAULTS)


@pytest.mark.parametrize("name", sorted(DEFAULTS))
def test_a_prompt_replaced_in_the_settings_is_the_one_said(name: str, home: Path) -> None:
    home.mkdir()
    (home / "settings.toml").write_text(f'[prompts]\n{name} = "Mind {{this}} and {{}}."\n')
    said = str(SAID[name](Prompts(load_settings().prompts)))
    assert "Mind {this} and {}." in said
    assert DEFAULTS[name][:40] not in said
