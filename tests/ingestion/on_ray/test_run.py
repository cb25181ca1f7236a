"""An ingest on a real Ray: the same as the plain one, also where a worker or a node ends in the middle."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bench.milvus_server import MilvusServer
from ingestion.embedding import HashingEmbedder, Vectors
from ingestion.errors import AgentError
from ingestion.library import Library
from ingestion.on_ray.run import ingest_on_ray
from ingestion.paper import Paper
from ingestion.pipeline import BATCH, IngestReport
from ingestion.settings import EmbeddingSettings, StoreSettings
from ingestion.sources.metadata_files import read_papers
from tests.ingestion.conftest import Parts
from tests.papers import numbered

os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # on loopback, also where a cluster is played
# It ends workers for the memory that other programs take.
os.environ["RAY_memory_monitor_refresh_ms"] = "0"  # noqa: SIM112  # Ray's spelling
ray = pytest.importorskip("ray", reason="needs Ray: make setup-ray")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
DIM = 512
COUNT = 6 * BATCH + 7
NODE = {"node_ip_address": "127.0.0.1"}


class Marking(HashingEmbedder):
    """Notes each text it has embedded; dies at the third batch, once, where it is told to."""

    def __init__(self, folder: Path, *, dies: bool = False) -> None:
        super().__init__(DIM)
        self._folder, self._dies = folder, dies

    def encode(
        self, texts: Sequence[str], on_batch: Callable[[int], None] = lambda done: None
    ) -> Vectors:
        if self._dies and "number 600 " in "".join(texts) and not (self._folder / "died").exists():
            (self._folder / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.5)  # so that there is a middle
        vectors = super().encode(texts, on_batch)
        with (self._folder / "embedded").open("a") as file:
            file.writelines(text.partition("\n")[0] + "\n" for text in texts)
        return vectors


@pytest.fixture
def metadata(tmp_path: Path) -> Path:
    """Two files with a broken line, a withdrawn paper and a paper that stands in both."""
    rows = [
        {
            "id": paper.arxiv_id,
            "title": paper.title,
            "abstract": paper.abstract + " Nobody had measured it before.",
            "authors": ["Dara Example"],
            "categories": ["cs.CL"],
            "published": "2027-12-01",
        }
        for paper in numbered(COUNT)
    ]
    lines = [json.dumps(row) for row in rows]
    lines.insert(300, "{not json")
    folder = tmp_path / "metadata"
    folder.mkdir()
    (folder / "a.jsonl").write_text("\n".join(lines[:900]) + "\n")
    (folder / "b.jsonl").write_text("\n".join([lines[5], *lines[900:]]) + "\n")
    return folder


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A Ray cluster on this machine; a start of Ray takes a while, so the tests share one."""
    from ray.cluster_utils import Cluster

    try:
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, **NODE})
    except Exception as error:  # noqa: BLE001  # Ray raises bare exceptions where a server takes over 15 s
        pytest.skip(f"Ray does not start on so busy a machine: {error}")
    yield cluster
    cluster.shutdown()


def told(report: IngestReport) -> dict[str, object]:
    whole = report.as_json()
    return {key: whole[key] for key in whole if key not in ("seconds", "rejects_file")}


def rejects(report: IngestReport) -> list[str]:
    return Path(report.rejects_file).read_text().splitlines()


def check_all_there_once(library: Library, metadata: Path) -> None:
    papers = [each for each in read_papers([metadata]) if isinstance(each, Paper)]
    ids = [paper.arxiv_id for paper in papers]
    stored = sorted(paper.arxiv_id for paper in library.store.papers())
    assert stored == sorted(ids)
    expected = HashingEmbedder(DIM).encode([paper.text for paper in papers])
    cosines = (library.store.vectors(ids) * expected).sum(axis=1)
    assert cosines.min() >= 0.9999
    assert all(paper.keywords for paper in library.store.papers())


def test_the_same_report_rejects_and_papers_as_the_plain_way(
    empty: Library, metadata: Path, tmp_path: Path, cluster: Any
) -> None:
    make, address = partial(Marking, tmp_path), cluster.address
    on_ray = ingest_on_ray([str(metadata)], empty, EmbeddingSettings(), address, make_embedder=make)
    check_all_there_once(empty, metadata)
    fingerprints = empty.store.fingerprints([p.arxiv_id for p in empty.store.papers()])
    again = ingest_on_ray([str(metadata)], empty, EmbeddingSettings(), address, make_embedder=make)
    assert (again.embedded, again.unchanged) == (0, COUNT)
    twice = 1  # the paper that stands in both files is embedded in both, and written once
    assert len((tmp_path / "embedded").read_text().splitlines()) == COUNT + twice

    empty.store.delete(list(fingerprints))
    plain = empty.ingest_files([metadata])
    assert told(on_ray) == told(plain)
    assert rejects(on_ray) == rejects(plain)
    assert empty.store.fingerprints(list(fingerprints)) == fingerprints


def test_a_worker_killed_in_the_middle_costs_its_batch(
    empty: Library, metadata: Path, tmp_path: Path, cluster: Any
) -> None:
    make = partial(Marking, tmp_path, dies=True)
    report = ingest_on_ray(
        [str(metadata)], empty, EmbeddingSettings(), cluster.address, make_embedder=make
    )
    assert (tmp_path / "died").exists()
    assert (report.new, report.rejected) == (COUNT, 2)
    check_all_there_once(empty, metadata)
    assert len((tmp_path / "embedded").read_text().splitlines()) <= COUNT + BATCH


def test_a_node_that_goes_in_the_middle_costs_the_batches_it_held(
    empty: Library, metadata: Path, tmp_path: Path, cluster: Any
) -> None:
    second = cluster.add_node(num_cpus=2, **NODE)
    gone = False

    def on_batch(report: IngestReport) -> None:
        nonlocal gone
        gone = gone or cluster.remove_node(second, allow_graceful=False) is None

    make = partial(Marking, tmp_path)
    report = ingest_on_ray(
        [str(metadata)],
        empty,
        EmbeddingSettings(),
        cluster.address,
        make_embedder=make,
        on_batch=on_batch,
    )
    assert gone
    assert (report.new, report.rejected) == (COUNT, 2)
    check_all_there_once(empty, metadata)


def test_a_milvus_server_killed_in_the_middle_is_waited_for(
    empty: Library,
    parts: Parts,
    tmp_path: Path,
    metadata: Path,
    cluster: Any,
    own_milvus: MilvusServer,
) -> None:
    """Milvus 2.3.5 holds a collection again some 27 s after it was started anew."""
    library = Library(replace(parts, store=StoreSettings(uri=own_milvus.uri)), empty.embedder)
    killed = False

    def on_batch(report: IngestReport) -> None:
        nonlocal killed
        if not killed:
            killed = True
            own_milvus.kill()
            threading.Timer(3, own_milvus.start).start()

    report = ingest_on_ray(
        [str(metadata)],
        library,
        EmbeddingSettings(),
        cluster.address,
        make_embedder=partial(Marking, tmp_path),
        on_batch=on_batch,
    )
    assert killed
    assert (report.new, report.rejected) == (COUNT, 2)
    check_all_there_once(library, metadata)
    assert len((tmp_path / "embedded").read_text().splitlines()) <= COUNT + 1
    library.store.close()


def failing() -> HashingEmbedder:
    raise AgentError("The weights are not there", next_step="Fetch them")


def test_a_workers_error_is_told_in_its_own_words(
    empty: Library, metadata: Path, cluster: Any
) -> None:
    given = [str(metadata)]
    with pytest.raises(AgentError, match=r"The weights are not there. Fetch them"):
        ingest_on_ray(given, empty, EmbeddingSettings(), cluster.address, make_embedder=failing)
    assert empty.store.count() == 0
