"""What the wheel carries, and what the declared dependencies say."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.system_programs import SYSTEM_PATH

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ROOMS = ("ingestion", "rag_agent", "finetune", "ui")
GIT = shutil.which("git", path=SYSTEM_PATH)
of_git = pytest.mark.skipif(
    GIT is None or not (ROOT / ".git").exists(),
    reason="the checkout is not git's, or git is not here",
)
DATA = {".txt", ".jsonl", ".json", ".yaml", ".toml", ".css", ".js", ".svg", ".typed"}


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of the files in a wheel built from a copy of the checkout, without network."""
    folder = tmp_path_factory.mktemp("wheel")
    assert GIT
    subprocess.run(
        [GIT, "checkout-index", "--all", f"--prefix={folder}/copy/"], cwd=ROOT, check=True
    )
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, "copy"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def tracked() -> list[Path]:
    """The files of the four packages that git knows."""
    assert GIT
    listed = subprocess.run(
        [GIT, "ls-files", "--cached", *ROOMS],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [Path(line) for line in listed.stdout.splitlines()]


@of_git
def test_the_wheel_holds_every_module_and_every_file_of_data(packed: set[str]) -> None:
    needed = {
        str(path)
        for path in tracked()
        if path.suffix == ".py" or (path.suffix in DATA and "results" not in path.parts)
    }
    assert "ingestion/machine/wheels/all-minilm-l6-v2.txt" in needed
    assert needed - packed == set()


@of_git
def test_the_wheel_holds_its_licence_and_no_tests(packed: set[str]) -> None:
    assert any(name.endswith("dist-info/licenses/LICENSE") for name in packed)
    assert not [name for name in packed if name.split("/")[0] in ("tests", "bench")]


def test_every_declared_dependency_has_its_pin() -> None:
    def name(requirement: str) -> str:
        return re.split(r"[;=<>\[]", requirement)[0].strip().lower()

    locks = sorted(ROOT.glob("requirements*.lock"))
    assert len(locks) == 3
    locked = {name(line) for lock in locks for line in lock.read_text().splitlines()}
    extras = [each for group in PROJECT["optional-dependencies"].values() for each in group]
    declared = {name(each) for each in [*PROJECT["dependencies"], *extras]}
    assert declared - locked == set()
