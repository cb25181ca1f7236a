"""Fixtures that every part shares. No test needs a network; sockets beyond loopback are blocked."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fake_arxiv import FakeArxiv

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder, named by ARXIV_AGENT_HOME."""
    folder = tmp_path / "home"
    monkeypatch.setenv("ARXIV_AGENT_HOME", str(folder))
    return folder


@pytest.fixture
def arxiv() -> Iterator[FakeArxiv]:
    """A server on loopback that plays arXiv: `api_url`, `pdf_url`, `papers`, `faults`, `requests`."""
    with FakeArxiv() as server:
        yield server


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data beside the repository; the tests that need it skip where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("needs the shared data folder beside the repository (../shared/data)")
    return SHARED_DATA
