"""From a stream of papers to the library: what is new is embedded and written, batch by batch."""

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from ingestion.embedding import Embedder
from ingestion.keywords import extract_keywords
from ingestion.metadata_files import Reject
from ingestion.paper import Paper
from ingestion.private_folder import make_private
from ingestion.store import Store, fingerprint, same_text

BATCH = 256
"""Papers embedded and written at once: what a killed process embeds again, at most."""


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
    on_batch: Callable[[IngestReport], None] = lambda report: None,
) -> IngestReport:
    """Bring papers into the library. Memory holds one batch, whatever the length of the stream.

    Every batch is written before the next is embedded, so after a crash the same call goes on where it
    stopped. What was done is noted in `home/ingests.jsonl`, rejects in `home/rejects/`.

    Args:
        found: Papers and rejects as a source yields them.
        store: Where papers go.
        embedder: The model that the store's vectors come from.
        home: Data folder.
        source: What is read, for the log: paths, or `arxiv: keywords`, or `starter`.
        on_batch: Told of the counts so far after every batch.

    Raises:
        StoreError: The store failed; all batches before stand.
    """
    report = IngestReport()
    started = time.perf_counter()
    with ExitStack() as stack:
        rejects = _Rejects(home, stack)
        for batch in _batches(found, BATCH):
            papers = []
            for item in batch:
                report.read += 1
                if isinstance(item, Reject):
                    report.rejected += 1
                    report.reasons[item.reason] += 1
                    report.rejects_file = rejects.write(item)
                else:
                    papers.append(item)
            _write_batch(papers, store, embedder, report)
            report.seconds = time.perf_counter() - started
            on_batch(report)
    if report.new or report.updated:
        store.flush()
    report.seconds = time.perf_counter() - started
    _note(home, source, report)
    return report


def past_ingests(home: Path) -> list[dict[str, Any]]:
    """Reports of earlier ingests with `at` (ISO time) and `source`, oldest first."""
    try:
        lines = (home / "ingests.jsonl").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in lines if line.endswith("}")]


def _write_batch(
    papers: list[Paper], store: Store, embedder: Embedder, report: IngestReport
) -> None:
    newest = {paper.arxiv_id: paper for paper in sorted(papers, key=lambda paper: paper.version)}
    report.unchanged += len(papers) - len(newest)
    known = store.fingerprints(list(newest))
    added = [paper for id_, paper in newest.items() if id_ not in known]
    changed = [p for id_, p in newest.items() if id_ in known and known[id_] != fingerprint(p)]
    before = store.get([paper.arxiv_id for paper in changed])
    changed = [paper for paper in changed if _supersedes(paper, before[paper.arxiv_id])]
    same = [p for p in changed if same_text(known[p.arxiv_id], fingerprint(p))]
    to_embed = added + [paper for paper in changed if paper not in same]
    if to_embed:
        to_embed = [_with_keywords(paper) for paper in to_embed]
        store.upsert(to_embed, embedder.encode([paper.text for paper in to_embed]))
    if same:
        vectors = store.vectors([paper.arxiv_id for paper in same])
        store.upsert([_with_keywords(paper) for paper in same], vectors)
    report.new += len(added)
    report.updated += len(changed)
    report.unchanged += len(newest) - len(added) - len(changed)
    report.embedded += len(to_embed)


def _supersedes(paper: Paper, stored: Paper) -> bool:
    """Whether `paper` replaces `stored`: never arXiv's record by another source's, nor a version by an older one."""
    if paper.origin != "arxiv" and stored.origin == "arxiv":
        return False
    return stored.origin == "starter" or not paper.version or paper.version >= stored.version


def _with_keywords(paper: Paper) -> Paper:
    return replace(paper, keywords=extract_keywords(paper.title, paper.abstract))


def _batches(found: Iterable[Paper | Reject], size: int) -> Iterator[list[Paper | Reject]]:
    batch: list[Paper | Reject] = []
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
        if self._file is None:
            make_private(self._folder)
            name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.jsonl"
            self._file = self._stack.enter_context(
                (self._folder / name).open("a", encoding="utf-8")
            )
        row = {**asdict(reject), "path": str(reject.path)}
        self._file.write(json.dumps(row, ensure_ascii=False) + "\n")
        return self._file.name


def _note(home: Path, source: str, report: IngestReport) -> None:
    row = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "source": source,
        **report.as_json(),
    }
    make_private(home)
    with (home / "ingests.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps(row, ensure_ascii=False) + "\n")
