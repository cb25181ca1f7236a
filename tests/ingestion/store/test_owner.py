"""The process that owns Milvus Lite's folder, with real processes and real kills."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import grpc
import psutil
import pytest
from pymilvus.grpc_gen import milvus_pb2, milvus_pb2_grpc

from ingestion.embedding import HashingEmbedder
from ingestion.errors import StoreUnavailable
from ingestion.machine import loopback_service, process
from ingestion.machine.loopback_service import Service
from ingestion.settings import StoreSettings
from ingestion.store.collection import Store
from ingestion.store.owner import owner_of, stop_owner
from tests.papers import LIGHTHOUSE, PONDS, SOURDOUGH


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder that nobody has used yet."""
    home = tmp_path_factory.mktemp("fresh") / "not" / "yet"
    yield home
    stop_owner(home / "library")


@pytest.fixture
def own(folder: Path, embedder: HashingEmbedder) -> Iterator[Store]:
    """A library with an owner that a test may kill."""
    store = Store(StoreSettings(), folder, embedder.name, lambda: embedder.dim)
    yield store
    store.close()


def announced(folder: Path) -> Service:
    service = loopback_service.find(folder / "library" / "owner.json")
    assert service is not None
    return service


def ended_within(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while process.is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not process.is_alive(pid)


@pytest.mark.long
def test_the_owner_listens_on_loopback_alone(own: Store, folder: Path) -> None:
    service = announced(folder)
    listening = {
        (connection.laddr.ip.removeprefix("::ffff:"), connection.laddr.port)
        for connection in psutil.Process(service.pid).net_connections()
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {("127.0.0.1", service.port)}


def test_only_the_user_can_read_the_folder_and_the_token(own: Store, folder: Path) -> None:
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "library").stat().st_mode) == 0o700
    for name in ("owner.json", "owner.log", "owner.lock"):
        assert stat.S_IMODE((folder / "library" / name).stat().st_mode) == 0o600, name


def test_a_wrong_token_is_refused(own: Store, folder: Path, embedder: HashingEmbedder) -> None:
    uri = announced(folder).uri
    with pytest.raises(StoreUnavailable):
        Store(
            StoreSettings(uri=uri, token="owner:guess"), folder, embedder.name, lambda: embedder.dim
        )
    with grpc.insecure_channel(uri.removeprefix("http://")) as channel:
        owner = milvus_pb2_grpc.MilvusServiceStub(channel)
        for metadata in ((), (("authorization", "b3duZXI6Z3Vlc3M="),)):
            with pytest.raises(grpc.RpcError) as refused:
                owner.GetVersion(milvus_pb2.GetVersionRequest(), metadata=metadata)
            assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.long
def test_the_owner_killed_under_a_client_is_started_again_and_nothing_is_lost(
    own: Store, folder: Path, embedder: HashingEmbedder
) -> None:
    own.upsert([SOURDOUGH, PONDS], embedder.encode([SOURDOUGH.text, PONDS.text]))
    before = announced(folder)
    os.kill(before.pid, signal.SIGKILL)
    assert own.get([SOURDOUGH.arxiv_id]) == {SOURDOUGH.arxiv_id: SOURDOUGH}
    assert announced(folder).pid != before.pid
    own.upsert([LIGHTHOUSE], embedder.encode([LIGHTHOUSE.text]))
    os.kill(announced(folder).pid, signal.SIGKILL)
    own.upsert([LIGHTHOUSE], embedder.encode([LIGHTHOUSE.text]))
    assert own.count() == 3
    assert own.keyword("lighthous", 3)[0][0] == LIGHTHOUSE.arxiv_id


@pytest.mark.long
def test_an_owner_told_to_end_keeps_everything(
    own: Store, folder: Path, embedder: HashingEmbedder
) -> None:
    own.upsert([SOURDOUGH], embedder.encode([SOURDOUGH.text]))
    pid = announced(folder).pid
    stop_owner(folder / "library")
    assert ended_within(pid, 60)
    assert own.get([SOURDOUGH.arxiv_id]) == {SOURDOUGH.arxiv_id: SOURDOUGH}


@pytest.mark.long
def test_an_announcement_that_names_another_program_heals_by_itself(
    own: Store, folder: Path, embedder: HashingEmbedder
) -> None:
    own.upsert([SOURDOUGH], embedder.encode([SOURDOUGH.text]))
    own.close()
    file = folder / "library" / "owner.json"
    with socket.create_server(("127.0.0.1", 0)) as other:
        changes: list[dict[str, object]] = [
            {"port": other.getsockname()[1]},
            {"port": "broken"},
            {"pid": os.getpid()},  # the id of an owner that ended, used again by another program
        ]
        for change in changes:
            file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
            with closing(Store(StoreSettings(), folder, embedder.name, lambda: 512)) as again:
                assert again.get([SOURDOUGH.arxiv_id]) == {SOURDOUGH.arxiv_id: SOURDOUGH}


_OPEN = """
import sys
from pathlib import Path
from ingestion.settings import StoreSettings
from ingestion.store.collection import Store
print(Store(StoreSettings(), Path(sys.argv[1]), "hashing-512", lambda: 512).count())
"""


@pytest.mark.long
def test_programs_that_open_a_new_library_at_once_share_one_owner(tmp_path: Path) -> None:
    home = tmp_path / "home"
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", _OPEN, str(home)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        )
        for _ in range(2)
    ]
    try:
        said = [program.communicate(timeout=60) for program in programs]
        assert [out.strip() for out, _ in said] == ["0", "0"], said
        owners = [
            process
            for process in psutil.process_iter(["cmdline"])
            if str(home / "library") in (process.info["cmdline"] or [])
        ]
        assert len(owners) == 1
    finally:
        stop_owner(home / "library")


@pytest.mark.long
def test_the_owner_outlives_its_starter_and_ends_when_idle(tmp_path: Path) -> None:
    library = tmp_path / "library"
    service = owner_of(library, idle_s=0.5)
    assert owner_of(library).pid == service.pid
    assert ended_within(service.pid, 60)
    assert not (library / "owner.json").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreUnavailable, match="could not be opened") as caught:
        owner_of(tmp_path / "file" / "library")
    assert "owner.log" in str(caught.value)


def test_an_announcement_of_a_dead_process_or_a_foreign_port_is_not_believed(
    tmp_path: Path,
) -> None:
    file = tmp_path / "owner.json"
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        loopback_service.announce(file, Service(port, os.getpid(), "token"))
        assert loopback_service.find(file) is not None
        ended = subprocess.run(
            [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
        )
        loopback_service.announce(file, Service(port, int(ended.stdout), "token"))
        assert loopback_service.find(file) is None
    loopback_service.announce(file, Service(port, os.getpid(), "token"))
    assert loopback_service.find(file) is None
