"""The library: the papers at hand, how they come in, and the PDFs that belong to them."""

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from typing import NamedTuple, Protocol

from ingestion.bibliography import CitationKeys, FormatName, exported
from ingestion.bibliography.names import OTHERS
from ingestion.collections import Collections
from ingestion.document import Form
from ingestion.embedding import Embedder
from ingestion.errors import ArxivUnavailable, DocumentError, SourceError
from ingestion.fulltext.documents import read_document
from ingestion.fulltext.forms import (
    BEST_FIRST,
    NAMES,
    best_file,
    files_at_hand,
    paper_in_name,
    papers_at_hand,
    versions_at_hand,
)
from ingestion.machine import weights
from ingestion.machine.private_folder import make_private
from ingestion.paper import ArxivId, Paper
from ingestion.pipeline import IngestReport, ingest, past_ingests
from ingestion.references.index import ReferenceIndex
from ingestion.settings import ArxivSettings, CatalogueSettings, PdfSettings, StoreSettings
from ingestion.sources.arxiv_api import ArxivApi
from ingestion.sources.arxiv_forms import FORMS_TRIED, fetch_best, fetch_file
from ingestion.sources.catalogues.catalogue import Catalogue, Name, open_catalogue
from ingestion.sources.catalogues.semantic_scholar import SemanticScholar
from ingestion.sources.metadata_files import Reject, read_papers
from ingestion.sources.starter import starter_papers
from ingestion.store.collection import Store
from ingestion.titles import paper_called

logger = logging.getLogger(__name__)
OnWait = Callable[[float, str], None]
"""Told (seconds, reason) before every wait for arXiv."""
_PAPERS_A_REQUEST = 50  # at least, as arXiv answers a search


class LibrarySettings(Protocol):
    """The settings that a library needs."""

    @property
    def home(self) -> Path:
        """The data folder."""

    @property
    def assets(self) -> Path:
        """Folder of the PDFs at hand."""

    @property
    def store(self) -> StoreSettings:
        """Where the records are."""

    @property
    def arxiv(self) -> ArxivSettings:
        """How arXiv is asked."""

    @property
    def catalogues(self) -> CatalogueSettings:
        """How the places beside arXiv are asked."""

    @property
    def pdf(self) -> PdfSettings:
        """Limits on PDFs."""


class AtHand(NamedTuple):
    """A paper in the version whose PDF is at hand, and that file."""

    paper: Paper
    file: Path


class Library:
    """Owns the papers of a data folder. Safe to share between threads and questions.

    Nothing is opened before it is needed. Where arXiv may be asked, the caller gives its `ArxivApi`, with
    the requests that it may cost; without one the library looks only at what it has.

    Args:
        settings: Folders, store, arXiv and limits on PDFs.
        embedder: The model that the vectors come from.
        report: Told of long work when the library is first opened.
    """

    def __init__(
        self,
        settings: LibrarySettings,
        embedder: Embedder,
        report: weights.Report = lambda what, share: None,
    ) -> None:
        self.settings = settings
        self.embedder = embedder
        self.keys = CitationKeys(settings.home)
        self.collections = Collections(settings.home)
        self._report = report
        self._opening = threading.RLock()

    @property
    def store(self) -> Store:
        """The records, opened at first use and then given the starter papers.

        Raises:
            StoreError: They cannot be opened.
        """
        with self._opening:
            return self._opened

    @cached_property
    def _opened(self) -> Store:
        home = self.settings.home
        make_private(home)
        embedder = self.embedder
        store = Store(self.settings.store, home, embedder.name, lambda: embedder.dim)
        if not any(past["source"] == "starter" for past in past_ingests(home)):
            self._report("adding the starter library", 0.0)
            ingest(starter_papers(), store, embedder, home, source="starter")
        return store

    def look(self) -> Store | None:
        """The records as they are, None where there are none yet: nothing is made, added or downloaded.

        Raises:
            StoreError: They cannot be opened.
        """
        settings = self.settings
        if not settings.store.uri and not (settings.home / "library").is_dir():
            return None
        try:
            return Store(settings.store, settings.home, self.embedder.name, _absent)
        except _Absent:
            return None

    def arxiv(self, requests: int, on_wait: OnWait = lambda seconds, reason: None) -> ArxivApi:
        """arXiv, to be asked at most `requests` times."""
        limited = self.settings.arxiv.model_copy(update={"max_requests": requests})
        return ArxivApi(limited, self.settings.home / "arxiv", on_wait)

    def catalogue(
        self, name: Name, requests: int, on_wait: OnWait = lambda seconds, reason: None
    ) -> Catalogue:
        """A place that papers come from, to be asked at most `requests` times."""
        limit = {"max_requests": requests}
        arxiv = self.settings.arxiv.model_copy(update=limit)
        others = self.settings.catalogues.model_copy(update=limit)
        return open_catalogue(name, arxiv, others, self.settings.home, on_wait)

    def get(self, ids: Sequence[str]) -> dict[str, Paper]:
        """The papers of these ids that the library has."""
        return self.store.get(ids)

    def by_id(self, wanted: ArxivId, arxiv: ArxivApi | None = None) -> Paper | None:
        """The paper of an id: from the library, from arXiv (and kept), or as far as its PDF at hand tells.

        Where arXiv refuses, Semantic Scholar is asked for the abstract; the paper's origin says so.

        Raises:
            ArxivError: It is not in the library, and arXiv cannot be asked.
        """
        known = self.get([wanted.id]).get(wanted.id)
        if known is not None:
            return known
        found = self.record(wanted, arxiv) if arxiv else None
        if found:
            self.keep([found], f"{found.origin}: {wanted}")
            return found
        at_hand = versions_at_hand(self.settings.assets, wanted.id)
        if not at_hand:
            return None
        return _unrecorded(wanted.id, wanted.version or 0, wanted.year, wanted.month)

    def record(self, wanted: ArxivId, arxiv: ArxivApi) -> Paper | None:
        """arXiv's record of a paper, or Semantic Scholar's where arXiv refuses; it is not kept.

        Raises:
            ArxivError: Neither can be asked.
        """
        try:
            return next(iter(arxiv.by_ids([str(wanted)])), None)
        except ArxivUnavailable as refusal:
            found = refusal.refused and self._record_elsewhere(wanted, arxiv.connection.on_wait)
            if not found:
                raise
            return found

    def _record_elsewhere(self, wanted: ArxivId, on_wait: OnWait) -> Paper | None:
        once = self.settings.catalogues.model_copy(update={"max_requests": 2, "max_tries": 1})
        scholar = SemanticScholar(once, self.settings.home / "catalogues/semantic-scholar", on_wait)
        try:
            return next(iter(scholar.by_ids([wanted.id])), None)
        except SourceError as error:
            logger.info("Semantic Scholar could not stand in for arXiv: %s", error)
            return None

    def by_title(self, title: str, arxiv: ArxivApi | None = None) -> Paper | None:
        """The paper of a title or short name: from the library, or from arXiv, and then kept.

        Raises:
            ArxivError: It is not in the library, and arXiv cannot be asked.
        """
        known = paper_called(title, self.store, self.embedder)
        if known is not None or arxiv is None:
            return known
        found = arxiv.by_title(title)
        self.keep([found] if found else [], f"arxiv: {title}")
        return found

    def keep(self, papers: Iterable[Paper | Reject], source: str) -> IngestReport:
        """Take papers in; see `ingestion.pipeline.ingest`.

        Raises:
            StoreError: They could not be written.
        """
        if isinstance(papers, Sequence) and not papers:
            return IngestReport()
        return ingest(papers, self.store, self.embedder, self.settings.home, source=source)

    def references(
        self, papers: Iterable[Paper], form: FormatName = "bibtex", *, keep_keys: bool = False
    ) -> str:
        """Papers for a reference manager, with all that the library knows of them and their lasting keys.

        Args:
            papers: As a citation or a search gives them; each is written once.
            form: One of `ingestion.bibliography.FORMATS`.
            keep_keys: Whether these keys are theirs from now on, as for a file that somebody will cite from.
        """
        given = list(papers)
        known = self.get([paper.arxiv_id for paper in given])
        full = [known.get(paper.arxiv_id, paper) for paper in given]
        keys = self.keys.keep(full) if keep_keys else self.keys.of(full)
        return exported(full, form, keys)

    def completed(
        self, papers: Sequence[Paper], on_wait: OnWait = lambda seconds, reason: None
    ) -> list[Paper]:
        """The papers with arXiv's own records in the place of those that lack authors, which are kept.

        Raises:
            ArxivError: arXiv cannot be asked.
        """
        cut = [p.arxiv_id for p in papers if p.url and (OTHERS in p.authors or not p.authors)]
        if cut:
            arxiv = self.arxiv(len(cut) // _PAPERS_A_REQUEST + 3, on_wait)
            self.keep(arxiv.by_ids(cut), "arxiv: export")
        known = self.get([paper.arxiv_id for paper in papers])
        return [known.get(paper.arxiv_id, paper) for paper in papers]

    def fetch(
        self,
        keywords: str,
        arxiv: ArxivApi | None = None,
        *,
        max_papers: int = 10,
        newest: bool = False,
        since: date | None = None,
        category: str | None = None,
        pdfs: bool = False,
        source: Name = "arxiv",
        on_wait: OnWait = lambda seconds, reason: None,
    ) -> tuple[list[Paper], IngestReport]:
        """Search arXiv or another place and take in what it finds, with full texts where asked.

        Args:
            keywords: See `ArxivApi.search`, as are the four limits.
            arxiv: Whom to ask; None: with as many requests as that many papers may take.
            max_papers: 1 or more.
            newest: Sorted by date of submission.
            since: First day of submission.
            category: arXiv category or archive.
            pdfs: Whether to download the full texts too, in their best form, of papers that arXiv has.
            source: The place to search.
            on_wait: Told before every wait.

        Raises:
            SourceUnavailable: The place cannot be used. What came before is kept.
            SourceError, ArxivError: It refuses the query.
        """
        requests = max_papers // _PAPERS_A_REQUEST + 3 + (FORMS_TRIED * max_papers if pdfs else 0)
        api = arxiv or self.arxiv(requests, on_wait)
        place = api if source == "arxiv" else self.catalogue(source, requests, on_wait)
        papers = place.search(
            keywords, max_results=max_papers, newest=newest, since=since, category=category
        )
        report = self.keep(papers, f"{source}: {keywords}")
        for paper in papers if pdfs else ():
            if paper.on_arxiv:
                self.download(paper, api)
        return papers, report

    def ingest_files(
        self,
        paths: Sequence[Path],
        on_progress: Callable[[int, int], None] | None = None,
        on_batch: Callable[[IngestReport], None] = lambda report: None,
    ) -> IngestReport:
        """Bring metadata files in; see `ingestion.pipeline.ingest`."""
        found = read_papers(paths, on_progress)
        source = ", ".join(path.name for path in paths)
        home = self.settings.home
        return ingest(found, self.store, self.embedder, home, source=source, on_batch=on_batch)

    @property
    def forms(self) -> tuple[Form, ...]:
        """The forms of a paper that are read, best first."""
        form = self.settings.pdf.form
        return BEST_FIRST if form == "best" else (form,)

    def full_text(self, paper: Paper, arxiv: ArxivApi | None = None) -> AtHand | None:
        """The file to read: of the paper's version, downloaded where it is missing, else the newest at hand.

        Args:
            paper: Whose file.
            arxiv: Whom to ask for it; None: what is at hand has to do.

        Returns:
            The file in its best form, and the paper in the version of that file; None where there is none.

        Raises:
            ArxivError: It is not at hand, and arXiv does not give it.
            DocumentError: What arXiv sent is no whole file.
        """
        file = best_file(self.settings.assets, paper.arxiv_id, paper.version, self.forms)
        has_it = file and paper_in_name(file)[1] in (paper.version, 0)
        has_it = has_it or (file and not paper.version)
        if arxiv is not None and not has_it and paper.origin != "pdf":
            self.download(paper, arxiv)
            file = best_file(self.settings.assets, paper.arxiv_id, paper.version, self.forms)
        return _in_version_of(file, paper) if file else None

    def version_at_hand(self, arxiv_id: str, version: int = 0, form: Form = "pdf") -> AtHand:
        """The file at hand of this very version in a form, or, where no version is named, the newest.

        Raises:
            DocumentError: It is not at hand: a quote of one version is not marked on another.
        """
        at_hand = versions_at_hand(self.settings.assets, arxiv_id, form)
        file = at_hand.get(version or max(at_hand, default=0), at_hand.get(0))
        if file is None:
            what = f"The {NAMES[form]} of {arxiv_id}{f'v{version}' if version else ''}"
            raise DocumentError(f"{what} is not at hand", next_step="Download it first")
        known = self.get([arxiv_id]).get(arxiv_id) or _unrecorded(arxiv_id, version)
        return _in_version_of(file, replace(known, version=version or known.version))

    def at_hand(self) -> list[AtHand]:
        """Papers of which a file is at hand, each in its newest version and best form."""
        best = papers_at_hand(self.settings.assets)
        known = self.get(list(best))
        return [
            _in_version_of(file, known.get(id_) or _unrecorded(id_, paper_in_name(file)[1]))
            for id_, file in sorted(best.items())
        ]

    def delete(self, arxiv_id: str) -> bool:
        """Remove a paper, its files and its list of references; whether the library had it."""
        ReferenceIndex(self.settings.home).forget(arxiv_id)
        for file in files_at_hand(self.settings.assets, arxiv_id):
            file.unlink()
        return self.store.delete([arxiv_id]) > 0

    def download(self, paper: Paper, arxiv: ArxivApi) -> Path:
        """The paper's version from arXiv in the form that settings name; best: the first that is there and can be read.

        Raises:
            ArxivError: arXiv does not give it.
            DocumentError: What came is no whole file.
        """
        limits = self.settings.pdf
        given = (paper, self.settings.assets, arxiv.connection)
        if limits.form != "best":
            return fetch_file(limits.form, *given, max_mb=limits.max_mb)
        return fetch_best(*given, partial(read_document, settings=limits), max_mb=limits.max_mb)


def _in_version_of(file: Path, paper: Paper) -> AtHand:
    _, version = paper_in_name(file)
    return AtHand(replace(paper, version=version or paper.version), file)


def _unrecorded(arxiv_id: str, version: int, year: int = 0, month: int = 0) -> Paper:
    """A paper of which only the PDF is at hand."""
    return Paper(arxiv_id, arxiv_id, "", (), (), year, month, version, origin="pdf")


class _Absent(Exception):
    """There is no collection, and none is to be made."""


def _absent() -> int:
    raise _Absent
