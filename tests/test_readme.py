"""The documentation says what is so: commands, targets, settings, modules, links."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer.core
import typer.main

from docs.generate import MAP, SETTINGS, map_page, settings_page
from ui.cli import app

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md")] + sorted(
    path for path in (ROOT / "docs").glob("*.md") if path.name != "decisions.md"
)
TEXT = {page.name: page.read_text() for page in PAGES}


def commands() -> set[str]:
    """Every command of `arxiv-agent`, those of groups with their group's name before them."""
    program = typer.main.get_command(app)
    assert isinstance(program, typer.core.TyperGroup)
    found = set()
    for name, command in program.commands.items():
        within = getattr(command, "commands", None) or {"": command}
        found |= {f"{name} {inner}".strip() for inner in within}
    return found


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M)) - {""}


def named_commands() -> set[str]:
    """What stands behind `arxiv-agent` anywhere in the documentation."""
    found = set()
    for line in re.findall(r"arxiv-agent (?!-)([a-z].*)", "\n".join(TEXT.values())):
        words = re.findall(r"^[a-z]+(?: [a-z]+)?", line)[0].split()
        pair = " ".join(words[:2])
        found.add(pair if words[0] in ("library", "session", "jobs", "keys", "watch") else words[0])
    return found


def test_the_map_names_every_module() -> None:
    assert MAP.read_text() == map_page(), "run: make docs"


def test_the_settings_are_those_of_the_program() -> None:
    assert SETTINGS.read_text() == settings_page(), "run: make docs"


@pytest.mark.parametrize("command", sorted(commands()))
def test_every_command_is_documented(command: str) -> None:
    words = command.split()
    readme = TEXT["README.md"]
    table = readme[readme.index("## What it can do") : readme.index("## How good it is")]
    assert all(re.search(rf"\b{word}\b", table) for word in words)


def test_every_documented_command_exists() -> None:
    assert named_commands() - commands() == set()


def test_every_documented_target_exists() -> None:
    named = set(re.findall(r"(?m)(?:`|^)make ([a-z][a-z-]+)\b", "\n".join(TEXT.values())))
    assert named - targets() == set()


def test_every_target_is_documented_and_helped() -> None:
    text = "\n".join(TEXT.values())
    assert {name for name in targets() if f"make {name}" not in text} == set()
    makefile = (ROOT / "Makefile").read_text()
    assert {name for name in targets() if not re.search(rf"^{name}:.*##", makefile, re.M)} == set()


def test_every_setting_named_anywhere_exists() -> None:
    named = set(re.findall(r"ARXIV_AGENT_[A-Z_]+", "\n".join(TEXT.values())))
    known = set(re.findall(r"ARXIV_AGENT_[A-Z_]+", settings_page()))
    assert named - known <= {"ARXIV_AGENT_TEST_HOME"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_module_that_is_run_by_name_exists() -> None:
    named = set(re.findall(r"python -m ([a-z_.]+[a-z])", "\n".join(TEXT.values())))
    named -= {"build", "pip", "venv"}
    script = (
        "import sys, importlib.util as u; print([m for m in sys.argv[1:] if not u.find_spec(m)])"
    )
    found = subprocess.run(
        [sys.executable, "-c", script, *named], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert found.stdout.strip() in ("[]", "['bench.NAME']")


def test_the_readme_is_one_screen() -> None:
    assert len(TEXT["README.md"].splitlines()) <= 75
