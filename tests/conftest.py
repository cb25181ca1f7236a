"""Fixtures that every part shares. No test needs a network; sockets beyond loopback are blocked."""

import gc
import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import hypothesis
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from bench.milvus_server import MilvusServer, MilvusUnavailable, milvus_server
from ingestion.embedding import HashingEmbedder
from ingestion.settings import StoreSettings
from ingestion.store.collection import Store
from ingestion.store.owner import stop_owner
from tests.fake_arxiv import FakeArxiv
from tests.postgres import Postgres, PostgresMissing, postgres

# A busy machine is no fault of the code: time is bounded by pytest, for a whole test.
hypothesis.settings.register_profile("thorough", deadline=None)
hypothesis.settings.register_profile("quick", deadline=None, max_examples=30)
hypothesis.settings.load_profile("quick")

gc.disable()  # collecting tests makes a million objects, and none of them is garbage

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


class Rooms(LoadScopeScheduling):  # type: ignore[misc]  # xdist tells no types
    """Shares out whole files, so that a process makes their fixtures once, and whole rooms where that takes long.

    xdist's own `loadgroup` groups nothing: it writes to a name that pytest 9.2 no longer reads.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return next((room for room in _TOGETHER if file.startswith(room)), file)


_TOGETHER = ("tests/finetune/", "tests/rag_agent/serving/")
"""PyTorch is imported in one process alone; one scripted assistant serves all programs."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """See `Rooms`."""
    return Rooms(config, log)


def pytest_collection_finish() -> None:
    """What is imported by now stays: nothing looks through it again and again.

    The garbage collector would; and pytest adds handlers thrice a test to each logger that keeps its lines to
    itself, as Streamlit's 63 do.
    """
    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.propagate = True
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def bare_path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No program is found by its name: what is needed comes with Python or is a dependency."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(tmp_path_factory.mktemp("no-programs")))
        yield


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder, named by ARXIV_AGENT_HOME."""
    folder = tmp_path / "home"
    monkeypatch.setenv("ARXIV_AGENT_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def embedder() -> HashingEmbedder:
    """An embedder without weights, the one that `library` and `store` go with."""
    return HashingEmbedder(512)


@pytest.fixture(scope="session")
def milvus_lite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A Milvus Lite folder whose owner process serves the whole run: starting one takes seconds."""
    folder = tmp_path_factory.mktemp("milvus-lite")
    yield folder
    stop_owner(folder)


@pytest.fixture(scope="session")
def milvus_uri(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Address of a real Milvus server: ARXIV_AGENT_TEST_MILVUS, else one of `bench.milvus_server`."""
    if address := os.environ.get("ARXIV_AGENT_TEST_MILVUS"):
        yield address
        return
    with _milvus(request, tmp_path_factory) as server:
        yield server.uri


@pytest.fixture
def own_milvus(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MilvusServer]:
    """A real Milvus server that a test may kill."""
    with _milvus(request, tmp_path_factory) as server:
        yield server


@contextmanager
def _milvus(
    request: pytest.FixtureRequest, folders: pytest.TempPathFactory
) -> Iterator[MilvusServer]:
    named = os.environ.get("ARXIV_AGENT_MILVUS_VENV")
    environment = Path(named) if named else Path(request.config.cache.mkdir("milvus-2.3.5"))
    with ExitStack() as stack:
        try:
            server = stack.enter_context(milvus_server(environment, folders.mktemp("milvus")))
        except MilvusUnavailable as error:
            pytest.skip(f"needs the package milvus==2.3.5: {error}")
        yield server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A PostgreSQL server on loopback."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(postgres())
        except PostgresMissing as error:
            pytest.skip(str(error))
        yield server


@pytest.fixture
def postgres_url(postgres_server: Postgres) -> str:
    """Address of an empty PostgreSQL database."""
    return postgres_server.make(f"test_{uuid4().hex}")


@pytest.fixture
def library(home: Path, milvus_lite: Path, embedder: HashingEmbedder) -> Path:
    """The data folder with an empty library."""
    home.mkdir(mode=0o700)
    (home / "library").symlink_to(milvus_lite)
    store = Store(StoreSettings(), home, embedder.name, lambda: embedder.dim)
    store.delete([paper.arxiv_id for paper in store.papers()])
    store.close()
    return home


@pytest.fixture
def store(library: Path, embedder: HashingEmbedder) -> Iterator[Store]:
    """An empty library, opened."""
    store = Store(StoreSettings(), library, embedder.name, lambda: embedder.dim)
    yield store
    store.close()


@pytest.fixture(scope="session")
def real_home() -> Path:
    """A data folder with real weights, named by ARXIV_AGENT_TEST_HOME."""
    named = os.environ.get("ARXIV_AGENT_TEST_HOME")
    if not named:
        pytest.skip("needs weights: set ARXIV_AGENT_TEST_HOME to a data folder that has them")
    return Path(named)


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
