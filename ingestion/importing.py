"""Papers brought in from reference managers: .bib and RIS files, and Zotero libraries."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from ingestion.bibliography import bib_file, ris_file
from ingestion.bibliography.bib_file import Found
from ingestion.bibliography.entry import Entry, UnusableEntry, paper_of, same_work
from ingestion.bibliography.zotero import zotero_entries
from ingestion.cleaning import clean_text
from ingestion.errors import SourceError
from ingestion.library import Library
from ingestion.paper import Paper
from ingestion.pipeline import BATCH, IngestReport
from ingestion.settings import ZoteroSettings
from ingestion.sources.metadata_files import Reject
from ingestion.titles import paper_called

MOST_BYTES = 50_000_000  # 50,000 entries with abstracts

_EXCERPT_CHARACTERS = 120


@dataclass(slots=True)
class ImportReport:
    """What became of the entries of a reference manager.

    Args:
        counts: As of any ingest.
        papers: Ids of the papers that the entries are, those that the library had among them.
        broken: Entries that became no paper, with line (or number, for Zotero) and reason.
    """

    counts: IngestReport = field(default_factory=IngestReport)
    papers: list[str] = field(default_factory=list)
    broken: list[Reject] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The object that `import --json` prints."""
        broken = [
            {
                "file": each.file_name,
                "line": each.line,
                "reason": each.reason,
                "entry": each.excerpt,
            }
            for each in self.broken
        ]
        return {**self.counts.as_json(), "papers": self.papers, "broken": broken}


def import_files(paths: Sequence[Path], library: Library) -> ImportReport:
    """Bring the entries of .bib and .ris files in. A paper that the library has keeps its record.

    Raises:
        SourceError: A file cannot be read at all.
        StoreError: The library failed; what was written before stands.
    """
    texts = [(path, _text(path)) for path in paths]
    found = (entry for path, text in texts for entry in _of_file(path, text))
    return _Importing(library).run(found, ", ".join(path.name for path in paths))


def import_zotero(settings: ZoteroSettings, library: Library, collection: str = "") -> ImportReport:
    """Bring the works of a Zotero library, or of one collection of it, in.

    Raises:
        SourceError: The library cannot be had. What came before is kept.
    """
    where = Path("zotero")
    entries = zotero_entries(settings, collection)
    found = ((where, (number, entry.title, entry)) for number, entry in entries)
    return _Importing(library).run(found, "zotero")


def _of_file(path: Path, text: str) -> Iterator[tuple[Path, Found]]:
    is_ris = path.suffix.lower() == ".ris" or text.lstrip().startswith("TY  -")
    entries = (ris_file if is_ris else bib_file).entries_of(text)
    number = 0
    for number, found in enumerate(entries, start=1):  # noqa: B007  # told below
        yield path, found
    if not number:
        yield path, (0, "", UnusableEntry("the file holds no entry"))


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            raise SourceError(f"There is no file {path}", next_step="Name a .bib or .ris file")
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > MOST_BYTES:
        raise SourceError(
            f"{path} is larger than {MOST_BYTES // 1_000_000} MB", next_step="Split the file"
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")  # of old files; every byte is a letter there
    return text.replace("\r\n", "\n").replace("\r", "\n")


class _Importing:
    """One import: what was met so far."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._report = ImportReport()
        self._keys: dict[str, str] = {}

    def run(self, found: Iterable[tuple[Path, Found]], source: str) -> ImportReport:
        """Read the entries, take their papers in, and then take over their citation keys."""
        papers = (item for batch in _batches(found) for item in self._judged_batch(batch))
        self._report.counts = self._library.keep(papers, f"import: {source}")
        self._library.keys.adopt(self._keys)
        return self._report

    def _judged_batch(self, batch: Sequence[tuple[Path, Found]]) -> list[Paper | Reject]:
        """Papers and rejects of a batch; the library is asked once for all ids."""
        read = [_paper_or_reject(path, *found) for path, found in batch]
        known = self._library.get([p.arxiv_id for p, _ in read if isinstance(p, Paper)])
        return [
            self._judged(path, line, key, item, known)
            for (path, (line, _, _)), (item, key) in zip(batch, read, strict=True)
        ]

    def _judged(
        self, path: Path, line: int, key: str, item: Paper | Reject, known: Mapping[str, Paper]
    ) -> Paper | Reject:
        if isinstance(item, Paper):
            item = self._as_known(item, known)
            if item.arxiv_id in self._keys:
                item = Reject(path, line, "the same paper as an earlier entry", key)
        if isinstance(item, Reject):
            self._report.broken.append(item)
            return item
        self._keys[item.arxiv_id] = key
        self._report.papers.append(item.arxiv_id)
        return item

    def _as_known(self, read: Paper, by_id: Mapping[str, Paper]) -> Paper:
        """The library's own record where it has one, with venue and DOI from the entry if it lacks them."""
        known = by_id.get(read.arxiv_id)
        if known is None and not read.url:
            library = self._library
            called = paper_called(read.title, library.store, library.embedder)
            known = called if called and same_work(called, read) else None
        if known is None:
            return read
        return replace(known, journal=known.journal or read.journal, doi=known.doi or read.doi)


def _paper_or_reject(
    path: Path, line: int, excerpt: str, entry: Entry | UnusableEntry
) -> tuple[Paper | Reject, str]:
    """What an entry is, and its citation key."""
    key = entry.key if isinstance(entry, Entry) else ""
    try:
        if isinstance(entry, UnusableEntry):
            raise entry
        return paper_of(entry), key
    except UnusableEntry as error:
        shown = (entry.key or entry.title) if isinstance(entry, Entry) else excerpt
        return Reject(path, line, error.what, clean_text(shown)[:_EXCERPT_CHARACTERS]), key


def _batches(found: Iterable[tuple[Path, Found]]) -> Iterator[Sequence[tuple[Path, Found]]]:
    entries = iter(found)
    while batch := list(islice(entries, BATCH)):
        yield batch
