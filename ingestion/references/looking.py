"""What the papers at hand cite and by whom they are cited, read when it is first asked for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingestion.document import Document
from ingestion.errors import AgentError
from ingestion.library import Library
from ingestion.paper import Paper
from ingestion.references.entries import Entry
from ingestion.references.index import ReferenceIndex, ReferenceList, title_key
from ingestion.references.marks import named_in
from ingestion.sources.arxiv_api import ArxivApi

_SAME_TITLE = 3  # nearest papers among which a title is looked for


@dataclass(frozen=True, slots=True)
class Cited:
    """A work that is cited.

    Args:
        entry: As its citing paper prints it.
        paper: The library's paper that it is; None where the library has none.
    """

    entry: Entry
    paper: Paper | None

    @property
    def title(self) -> str:
        """Of the paper, else as read from the entry, else the entry as printed."""
        if self.paper:
            return self.paper.title
        return self.entry.reference.title or self.entry.text


class Citations:
    """Who cites whom among the papers of a library.

    Args:
        library: The papers, and the files that are read.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self.index = ReferenceIndex(library.settings.home)

    def references(self, paper: Paper, arxiv: ArxivApi | None = None) -> ReferenceList | None:
        """What a paper cites, read now if need be; None where no full text of it can be had.

        Args:
            paper: The citing one.
            arxiv: Whom to ask for its full text; None: what is at hand has to do.

        Raises:
            ArxivError: The full text is not at hand, and arXiv does not give it.
            DocumentError: It gives no text.
        """
        at_hand = self._library.full_text(paper, arxiv)
        if at_hand is not None:
            self._read(at_hand.paper, at_hand.file)
        return self.index.list_of(paper.arxiv_id)

    def resolved(self, entries: Sequence[Entry]) -> list[Cited]:
        """Each entry with the library's paper that it is: of that arXiv id, else of that title."""
        by_id = self._library.get([e.reference.arxiv_id for e in entries if e.reference.arxiv_id])
        by_title = self._by_title(
            [e.reference.title for e in entries if e.reference.arxiv_id not in by_id]
        )
        return [
            Cited(
                entry,
                by_id.get(entry.reference.arxiv_id)
                or by_title.get(title_key(entry.reference.title)),
            )
            for entry in entries
        ]

    def citing(
        self, paper: Paper, on_read: Callable[[int, int], None] = lambda done, of: None
    ) -> tuple[list[Paper], list[str]]:
        """The library's papers that cite this one, and what could not be read of them.

        Args:
            paper: The cited one.
            on_read: Told (texts looked at, texts at hand) as texts are read that were not before.
        """
        at_hand, unread = self._library.at_hand(), []
        for done, (each, file) in enumerate(at_hand, start=1):
            try:
                self._read(each, file)
            except AgentError as error:
                unread.append(f"{each.arxiv_id}: {error}")
            on_read(done, len(at_hand))
        found = self._library.get(self.index.citing(paper))
        return list(found.values()), unread

    def named_in(self, sentence: str, paper: Paper) -> list[tuple[str, list[Cited]]]:
        """The marks of a quoted sentence with the works they mean; none where the paper's list was not read."""
        known = self.index.list_of(paper.arxiv_id)
        if known is None:
            return []
        marks = named_in(sentence, known.marks)
        entries = [(mark, [known.named_by(key) for key in keys]) for mark, keys in marks]
        return [(mark, self.resolved([e for e in found if e])) for mark, found in entries]

    def _by_title(self, titles: Sequence[str]) -> dict[str, Paper]:
        """The library's papers of these very titles, by the titles' keys."""
        wanted = {title_key(title): title for title in titles if title_key(title)}
        if not wanted:
            return {}
        store = self._library.store
        found: dict[str, Paper] = {}
        vectors = self._library.embedder.encode(list(wanted.values()))
        for key, vector in zip(wanted, vectors, strict=True):
            near = store.get([id_ for id_, _ in store.dense(vector, _SAME_TITLE)])
            same = (paper for paper in near.values() if title_key(paper.title) == key)
            if paper := next(same, None):
                found[key] = paper
        return found

    def _read(self, paper: Paper, file: Path) -> None:
        """Read a paper's list from its file, unless it was read from this very file before."""
        source = f"{file.name} {file.stat().st_size} {file.stat().st_mtime_ns} {reader_name()}"
        if not self.index.has(paper.arxiv_id, source):
            self.index.keep(paper, source, document_of(file, self._library))


def document_of(file: Path, library: Library) -> Document:
    """The full text of a paper's file, whatever its form.

    Raises:
        AgentError: It gives no text.
    """
    from ingestion.fulltext.documents import read_document

    return read_document(file, library.settings.pdf)


def reader_name() -> str:
    """Names how lists are read, so that they are read again once that changed."""
    from ingestion.fulltext.documents import READER

    return READER
