"""From a stream of papers to the library: what is new is embedded and written, batch by batch."""

import json
import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TextIO, TypeVar

import tenacity

from ingestion.embedding import Embedder, Vectors
from ingestion.errors import ServerAway, SourceError
from ingestion.keywords import keywords_of
from ingestion.machine.private_folder import make_private
from ingestion.machine.whole_lines import append_line
from ingestion.paper import Paper
from ingestion.sources.metadata_files import Reject
from ingestion.store import Store, fingerprint, same_text

logger = logging.getLogger(__name__)
Item = TypeVar("Item")
SERVER_WAIT_S = 180.0
"""How long an ingest waits for a Milvus server that went away: one that was killed answers some 50 s later."""


def patiently(call: Callable[[], Item]) -> Item:
    """`call()`, which may be done twice, again and again while the Milvus server is away.

    Raises:
        ServerAway: It was away for longer than `SERVER_WAIT_S`.
    """
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(ServerAway),
        wait=tenacity.wait_exponential(max=10),
        stop=tenacity.stop_after_delay(SERVER_WAIT_S),
        before_sleep=lambda state: logger.warning(
            "the Milvus server is away; waiting for it, %.0f s so far", state.seconds_since_start
        ),
        reraise=True,
    )
    return retrying(call)


BATCH = 256
"""Papers embedded and written at once. A killed process embeds two batches again, at most."""


@dataclass
class IngestReport:
    """Counts of one ingest; `read` is the sum of new, updated, unchanged and rejected.

    Args:
        read: Records read.
        new: Papers the library did not have.
        updated: Papers whose record changed; a starter summary replaced by the real record is one.
        unchanged: Papers that stand there already, as they are or in a later version.
        rejected: Records that are no usable paper.
        embedded: Papers whose text went through the embedding model.
        seconds: Wall time.
        reasons: Rejects by reason.
        rejects_file: JSON lines with path, line, reason and excerpt of each reject; empty if none.
    """

    read: int = 0
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    embedded: int = 0
    seconds: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)
    rejects_file: str = ""

    def as_json(self) -> dict[str, Any]:
        """The object that `ingest --json` prints."""
        return {**asdict(self), "seconds": round(self.seconds, 2), "reasons": dict(self.reasons)}


def ingest(
    found: Iterable[Paper | Reject],
    store: Store,
    embedder: Embedder,
    home: Path,
    *,
    source: str,
    keywords: Callable[[Paper], tuple[str, ...]] = keywords_of,
    on_batch: Callable[[IngestReport], None] = lambda report: None,
) -> IngestReport:
    """Bring papers into the library. Memory holds two batches, whatever the length of the stream.

    While one batch is embedded the one before is written, so after a crash the same call goes on where it
    stopped. A Milvus server that goes away is waited for. What was done is noted in `home/ingests.jsonl`, rejects in
    `home/rejects/`.

    Args:
        found: Papers and rejects as a source yields them.
        store: Where papers go.
        embedder: The model that the store's vectors come from.
        home: Data folder.
        source: What is read, for the log: paths, or `arxiv: keywords`, or `starter`.
        keywords: Makes a paper's keywords.
        on_batch: Told of the counts so far after every batch that was written.

    Raises:
        StoreError: The store failed; all batches before stand.
    """
    report = IngestReport()
    started = time.perf_counter()

    def write(batch: Batch) -> None:
        patiently(lambda: batch.write(store, keywords))
        batch.count(report)

    def tell() -> None:
        report.seconds = time.perf_counter() - started
        on_batch(report)

    with ExitStack() as stack, ThreadPoolExecutor(1) as writer:
        rejects = _Rejects(home, stack)
        embedded: Batch | None = None  # and not yet written
        for items in in_batches(found, BATCH):
            papers = _usable(items, rejects, report)
            if embedded and embedded.has_any(
                papers
            ):  # the store must know it before they are compared
                write(embedded)
                tell()
                embedded = None
            batch = patiently(partial(compared, papers, store))
            writing = writer.submit(write, embedded) if embedded else None
            batch.embed(embedder)
            if writing:
                writing.result()
                tell()
            embedded = batch
        if embedded:
            write(embedded)
            tell()
    if report.new or report.updated:
        patiently(store.flush)
    report.seconds = time.perf_counter() - started
    _note(home, source, report)
    return report


def past_ingests(home: Path) -> list[dict[str, Any]]:
    """Reports of earlier ingests with `at` (ISO time) and `source`, oldest first; broken lines are skipped."""
    log = home / "ingests.jsonl"
    try:
        lines = log.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    found = [_noted(line) for line in lines]
    if broken := found.count(None):
        logger.warning("%s holds %d broken lines, which were skipped", log, broken)
    return [past for past in found if past is not None]


def _noted(line: bytes) -> dict[str, Any] | None:
    try:
        past = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return past if isinstance(past, dict) and {"at", "source"} <= past.keys() else None


@dataclass(slots=True)
class Batch:
    """Papers of one batch by what is to be done with them.

    Args:
        added: The store does not have them.
        changed: Their text differs from the stored one.
        same: Their text does not, something else does.
        unchanged: Number of the others.
        vectors: Of `added` and `changed`, once they are embedded.
    """

    added: list[Paper]
    changed: list[Paper]
    same: list[Paper]
    unchanged: int
    vectors: Vectors | None = None

    def has_any(self, papers: list[Paper]) -> bool:
        """Whether one of these papers is to be written with this batch."""
        to_write = {paper.arxiv_id for paper in (*self.added, *self.changed, *self.same)}
        return any(paper.arxiv_id in to_write for paper in papers)

    def embed(self, embedder: Embedder) -> None:
        """Embed what the store has no vector of."""
        if to_embed := self.added + self.changed:
            self.vectors = embedder.encode([paper.text for paper in to_embed])

    def write(self, store: Store, keywords: Callable[[Paper], tuple[str, ...]]) -> None:
        """Write what was embedded, and what keeps its vector."""
        if self.vectors is not None:
            to_write = self.added + self.changed
            store.upsert([replace(p, keywords=keywords(p)) for p in to_write], self.vectors)
        if self.same:
            vectors = store.vectors([paper.arxiv_id for paper in self.same])
            store.upsert([replace(p, keywords=keywords(p)) for p in self.same], vectors)

    def count(self, report: IngestReport) -> None:
        """Add this batch to the counts."""
        report.new += len(self.added)
        report.updated += len(self.changed) + len(self.same)
        report.unchanged += self.unchanged
        report.embedded += len(self.added) + len(self.changed)


def _usable(items: list[Paper | Reject], rejects: "_Rejects", report: IngestReport) -> list[Paper]:
    """The papers among what was read; the rejects are written down."""
    report.read += len(items)
    for item in items:
        if isinstance(item, Reject):
            report.rejected += 1
            report.reasons[item.reason] += 1
            report.rejects_file = rejects.write(item)
    return [item for item in items if isinstance(item, Paper)]


def compared(papers: list[Paper], store: Store) -> Batch:
    """What is to be done with papers, by what the store has of them."""
    newest = {paper.arxiv_id: paper for paper in sorted(papers, key=lambda paper: paper.version)}
    known = store.fingerprints(list(newest))
    added = [paper for id_, paper in newest.items() if id_ not in known]
    differs = [p for id_, p in newest.items() if id_ in known and known[id_] != fingerprint(p)]
    before = store.get([paper.arxiv_id for paper in differs])
    differs = [paper for paper in differs if _supersedes(paper, before[paper.arxiv_id])]
    same = [p for p in differs if same_text(known[p.arxiv_id], fingerprint(p))]
    changed = [paper for paper in differs if paper not in same]
    return Batch(added, changed, same, len(papers) - len(added) - len(differs))


def _supersedes(paper: Paper, stored: Paper) -> bool:
    """Whether `paper` replaces `stored`: never arXiv's record by another source's, nor a version by an older one."""
    if paper.origin != "arxiv" and stored.origin == "arxiv":
        return False
    return stored.origin == "starter" or not paper.version or paper.version >= stored.version


def in_batches(found: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Lists of `size` items, the last one shorter."""
    batch: list[Item] = []
    for item in found:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


class _Rejects:
    """The rejects file of one ingest, made at the first reject."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        self._folder = home / "rejects"
        self._stack = stack
        self._file: TextIO | None = None

    def write(self, reject: Reject) -> str:
        """Write one down; the file's name."""
        try:
            file = self._file = self._file or self._stack.enter_context(self._opened())
            row = {**asdict(reject), "path": str(reject.path)}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
        except OSError as error:
            raise SourceError(
                f"The list of rejected records in {self._folder} could not be written: {error}",
                kept="What was written to the library before is kept",
                next_step="Make room on the disk and run the same command again: it goes on from there",
            ) from error
        return str(file.name)

    def _opened(self) -> TextIO:
        make_private(self._folder)
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.jsonl"
        return (self._folder / name).open("a", 1, encoding="utf-8", errors="backslashreplace")


def _note(home: Path, source: str, report: IngestReport) -> None:
    row = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "source": source,
        **report.as_json(),
    }
    try:
        make_private(home)
        append_line(home / "ingests.jsonl", json.dumps(row, ensure_ascii=False))
    except (
        OSError
    ) as error:  # the papers are in the library; only the list of ingests lacks this one
        logger.warning("This ingest could not be noted in %s: %s", home / "ingests.jsonl", error)
