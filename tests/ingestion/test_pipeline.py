"""What an ingest embeds and writes, and what is left of one that was killed."""

import errno
import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.embedding import HashingEmbedder, Vectors
from ingestion.errors import ServerAway, SourceError, StoreError
from ingestion.paper import Paper
from ingestion.pipeline import BATCH, IngestReport, ingest, past_ingests
from ingestion.sources.metadata_files import Reject
from ingestion.sources.starter import starter_papers
from ingestion.store.collection import Store
from tests.papers import PAPERS, PONDS, SOURDOUGH, numbered


class CountingEmbedder(HashingEmbedder):
    """Remembers every text it embedded."""

    def __init__(self) -> None:
        super().__init__(512)
        self.texts: list[str] = []

    def encode(
        self, texts: Sequence[str], on_batch: Callable[[int], None] = lambda done: None
    ) -> Vectors:
        self.texts += texts
        return super().encode(texts, on_batch)


@pytest.fixture
def counting() -> CountingEmbedder:
    return CountingEmbedder()


def counts(report: IngestReport) -> dict[str, int]:
    names = ("read", "new", "updated", "unchanged", "rejected", "embedded")
    return {name: getattr(report, name) for name in names if getattr(report, name)}


def run(
    found: Sequence[Paper | Reject], store: Store, embedder: HashingEmbedder, home: Path
) -> IngestReport:
    return ingest(found, store, embedder, home, source="test")


def shortened_waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds of each wait between two tries, which takes a moment."""
    waits: list[float] = []
    sleep = time.sleep

    def shortened(wait_s: float) -> None:
        waits.append(wait_s)
        sleep(0.02)

    monkeypatch.setattr("time.sleep", shortened)
    return waits


def test_a_second_run_embeds_nothing(store: Store, counting: CountingEmbedder, home: Path) -> None:
    first = run(PAPERS, store, counting, home)
    assert counts(first) == {"read": 3, "new": 3, "embedded": 3}
    counting.texts.clear()
    second = run(PAPERS, store, counting, home)
    assert counts(second) == {"read": 3, "unchanged": 3}
    assert counting.texts == []


def test_a_changed_record_keeps_its_vector(
    store: Store, counting: CountingEmbedder, home: Path
) -> None:
    run(PAPERS, store, counting, home)
    before = store.vectors([SOURDOUGH.arxiv_id])
    changed = replace(SOURDOUGH, comment="Accepted", categories=("cs.SD",))
    report = run([changed], store, counting, home)
    assert counts(report) == {"read": 1, "updated": 1}
    stored = store.get([SOURDOUGH.arxiv_id])[SOURDOUGH.arxiv_id]
    assert (stored.comment, stored.categories) == ("Accepted", ("cs.SD",))
    np.testing.assert_array_equal(store.vectors([SOURDOUGH.arxiv_id]), before)


def test_a_changed_text_is_embedded_anew(
    store: Store, counting: CountingEmbedder, home: Path
) -> None:
    run(PAPERS, store, counting, home)
    changed = replace(SOURDOUGH, abstract="Now about rye bread instead of wheat.", version=3)
    assert counts(run([changed], store, counting, home)) == {
        "read": 1,
        "updated": 1,
        "embedded": 1,
    }
    np.testing.assert_allclose(
        store.vectors([SOURDOUGH.arxiv_id]), counting.encode([changed.text]), atol=1e-6
    )


def test_a_server_that_goes_away_is_waited_for(
    store: Store, counting: CountingEmbedder, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = shortened_waits(monkeypatch)
    upsert, failures = store.upsert, [ServerAway("The server went"), ServerAway("Not yet loaded")]

    def failing(papers: Sequence[Paper], vectors: Vectors) -> None:
        if failures:
            raise failures.pop()
        upsert(papers, vectors)

    monkeypatch.setattr(store, "upsert", failing)
    assert counts(run(PAPERS, store, counting, home)) == {"read": 3, "new": 3, "embedded": 3}
    assert sorted(paper.arxiv_id for paper in store.papers()) == sorted(
        paper.arxiv_id for paper in PAPERS
    )
    assert len(counting.texts) == 3
    assert len(waits) == 2


@pytest.mark.parametrize("error", [ServerAway("The server went"), StoreError("It refuses")])
def test_no_server_is_waited_for_without_end(
    store: Store,
    counting: CountingEmbedder,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: StoreError,
) -> None:
    waits = shortened_waits(monkeypatch)
    monkeypatch.setattr("ingestion.pipeline.SERVER_WAIT_S", 0.05)

    def failing(ids: Sequence[str]) -> dict[str, str]:
        raise error

    monkeypatch.setattr(store, "fingerprints", failing)
    with pytest.raises(type(error), match=str(error)):
        run(PAPERS, store, counting, home)
    assert bool(waits) == isinstance(error, ServerAway)


def test_an_older_version_never_replaces_a_newer_one(
    store: Store, counting: CountingEmbedder, home: Path
) -> None:
    run([SOURDOUGH], store, counting, home)
    older = replace(SOURDOUGH, version=1, abstract="The first draft, which heard nothing.")
    assert counts(run([older], store, counting, home)) == {"read": 1, "unchanged": 1}
    assert store.get([SOURDOUGH.arxiv_id])[SOURDOUGH.arxiv_id].version == 2


def test_the_newest_of_several_versions_in_one_file_stands(
    store: Store, counting: CountingEmbedder, home: Path
) -> None:
    third = replace(SOURDOUGH, version=3, abstract="The third version of the sourdough paper.")
    report = run([third, SOURDOUGH, third], store, counting, home)
    assert counts(report) == {"read": 3, "new": 1, "unchanged": 2, "embedded": 1}
    assert store.get([SOURDOUGH.arxiv_id])[SOURDOUGH.arxiv_id].version == 3


def test_the_real_record_replaces_a_starter_summary_and_never_the_reverse(
    store: Store, counting: CountingEmbedder, home: Path
) -> None:
    starter = next(starter_papers())
    real = replace(starter, abstract="The abstract of the record.", version=1, origin="arxiv")
    run([starter], store, counting, home)
    assert store.get([starter.arxiv_id])[starter.arxiv_id].origin == "starter"
    assert counts(run([real], store, counting, home))["updated"] == 1
    assert counts(run([starter], store, counting, home)) == {"read": 1, "unchanged": 1}
    stored = store.get([starter.arxiv_id])[starter.arxiv_id]
    assert (stored.origin, stored.abstract) == ("arxiv", "The abstract of the record.")


def test_a_local_pdf_does_not_replace_the_record(
    store: Store, counting: CountingEmbedder, home: Path
) -> None:
    run([SOURDOUGH], store, counting, home)
    from_pdf = replace(SOURDOUGH, origin="pdf", abstract="What a parser made of page one.")
    run([from_pdf], store, counting, home)
    assert store.get([SOURDOUGH.arxiv_id])[SOURDOUGH.arxiv_id].origin == "arxiv"


def test_new_papers_get_keywords(store: Store, counting: CountingEmbedder, home: Path) -> None:
    run([replace(SOURDOUGH, keywords=())], store, counting, home)
    assert (
        "sourdough"
        in " ".join(store.get([SOURDOUGH.arxiv_id])[SOURDOUGH.arxiv_id].keywords).lower()
    )


def test_rejects_are_counted_and_written_down(
    store: Store, counting: CountingEmbedder, home: Path
) -> None:
    rejects = [
        Reject(Path("a.jsonl"), 3, "not JSON", "{"),
        Reject(Path("a.jsonl"), 9, "no title", '{"id": 1}'),
        Reject(Path("a.jsonl"), 12, "not JSON", "}"),
    ]
    report = run([rejects[0], SOURDOUGH, *rejects[1:]], store, counting, home)
    assert counts(report) == {"read": 4, "new": 1, "rejected": 3, "embedded": 1}
    assert report.reasons == {"not JSON": 2, "no title": 1}
    rows = [json.loads(line) for line in Path(report.rejects_file).read_text().splitlines()]
    assert [(row["line"], row["reason"]) for row in rows] == [
        (3, "not JSON"),
        (9, "no title"),
        (12, "not JSON"),
    ]


def test_each_ingest_is_noted(store: Store, counting: CountingEmbedder, home: Path) -> None:
    assert past_ingests(home) == []
    run(PAPERS, store, counting, home)
    ingest([], store, counting, home, source="nothing")
    with (home / "ingests.jsonl").open("a") as log:
        log.write('{"at": "2027-01-01", "cut off by a cra')
    (first, second) = past_ingests(home)
    assert (first["source"], first["new"], first["read"]) == ("test", 3, 3)
    assert (second["source"], second["read"]) == ("nothing", 0)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_progress_is_told_after_every_batch(
    store: Store, counting: CountingEmbedder, home: Path
) -> None:
    told: list[int] = []
    ingest(
        numbered(BATCH + 1),
        store,
        counting,
        home,
        source="test",
        on_batch=lambda report: told.append(report.new),
    )
    assert told == [BATCH, BATCH + 1]


_PAPER_VERSIONS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, 3), st.sampled_from(["a", "b"])), max_size=12
)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(_PAPER_VERSIONS)
@pytest.mark.long
def test_every_record_read_is_counted_once(
    store: Store, home: Path, found: list[tuple[int, int, str]]
) -> None:
    embedder = CountingEmbedder()
    store.delete([paper.arxiv_id for paper in store.papers()])
    papers = [
        replace(PONDS, arxiv_id=f"2712.0000{number}", version=version, comment=comment)
        for number, version, comment in found
    ]
    report = run(papers, store, embedder, home)
    assert report.read == len(papers) == report.new + report.updated + report.unchanged
    assert report.new == store.count() == len({paper.arxiv_id for paper in papers})
    assert report.embedded == len(embedder.texts) == report.new


# Embeds, noting each text in a file, and kills itself with SIGKILL at a chosen point.
_KILLED = """
import os, signal, sys
from pathlib import Path
from ingestion.embedding import HashingEmbedder
from ingestion.pipeline import ingest
from ingestion.settings import StoreSettings
from ingestion.store.collection import Store
from tests.papers import numbered

home, log, point = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]

class Embedder(HashingEmbedder):
    calls = 0
    def encode(self, texts, on_batch=lambda done: None):
        vectors = super().encode(texts, on_batch)
        with log.open("a") as file:
            file.writelines(text.splitlines()[0] + chr(10) for text in texts)
        self.calls += 1
        if point == "embedded" and self.calls == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return vectors

def on_batch(report):
    if point == "written" and report.new >= 512:
        os.kill(os.getpid(), signal.SIGKILL)

embedder = Embedder(512)
store = Store(StoreSettings(), home, embedder.name, lambda: embedder.dim)
ingest(numbered(700), store, embedder, home, source="test", on_batch=on_batch)
"""


@pytest.mark.parametrize("point", [pytest.param("embedded", marks=pytest.mark.long), "written"])
@pytest.mark.long
def test_a_killed_ingest_goes_on_where_it_was(
    library: Path, store: Store, counting: CountingEmbedder, tmp_path: Path, point: str
) -> None:
    log = tmp_path / "embedded.txt"
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, str(library), str(log), point],
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    assert killed.returncode == -9
    run(numbered(700), store, counting, library)
    assert store.count() == 700
    embedded = log.read_text().splitlines() + [text.splitlines()[0] for text in counting.texts]
    assert len(set(embedded)) == 700
    assert len(embedded) - 700 <= 2 * BATCH
    assert sorted(paper.arxiv_id for paper in store.papers()) == [
        paper.arxiv_id for paper in numbered(700)
    ]


def test_a_full_disk_ends_the_ingest_and_keeps_what_was_written(
    store: Store, counting: CountingEmbedder, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upsert = Store.upsert

    def full_at_the_second_batch(self: Store, papers: Sequence[Paper], vectors: Vectors) -> None:
        if self.count():
            raise OSError(errno.ENOSPC, "No space left on device")
        upsert(self, papers, vectors)

    monkeypatch.setattr(Store, "upsert", full_at_the_second_batch)
    with pytest.raises(OSError, match="No space left"):
        run(numbered(BATCH + 10), store, counting, home)
    assert store.count() == BATCH
    monkeypatch.undo()
    monkeypatch.setenv("ARXIV_AGENT_HOME", str(home))
    assert counts(run(numbered(BATCH + 10), store, counting, home)) == {
        "read": BATCH + 10,
        "new": 10,
        "unchanged": BATCH,
        "embedded": 10,
    }


def test_half_a_line_in_the_log_is_skipped_said_and_no_line_is_glued_to_it(
    store: Store, counting: CountingEmbedder, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run(PAPERS, store, counting, home)
    log = home / "ingests.jsonl"
    with log.open("ab") as file:
        file.write(b'{"at": "2026-11-24T10:00:00", "sour')
    run(PAPERS, store, counting, home)
    with log.open("ab") as file:
        file.write(b"[1, {}\n\xff\xfe}\n[]\n")
    assert [past["unchanged"] for past in past_ingests(home)] == [0, 3]
    assert "ingests.jsonl" in caplog.text
    assert "4 broken lines" in caplog.text


def test_a_full_disk_leaves_whole_lines_and_the_ingest_stands(
    store: Store,
    counting: CountingEmbedder,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    run(PAPERS, store, counting, home)
    written = (home / "ingests.jsonl").read_bytes()
    write = os.write

    def half(descriptor: int, data: bytes) -> int:
        if len(data) < 20:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data[: len(data) // 2])

    monkeypatch.setattr(os, "write", half)
    report = run([SOURDOUGH], store, counting, home)
    monkeypatch.undo()
    assert report.unchanged == 1
    assert (home / "ingests.jsonl").read_bytes() == written
    assert "No space left" in caplog.text


def test_a_full_disk_while_rejects_are_written_says_what_to_do(
    store: Store, counting: CountingEmbedder, home: Path
) -> None:
    home.mkdir(exist_ok=True)
    (home / "rejects").write_text("in the way of the folder")
    with pytest.raises(SourceError, match=r"rejects.*could not be written.*kept"):
        run([*PAPERS, Reject(Path("x"), 1, "not JSON", "{")], store, counting, home)
