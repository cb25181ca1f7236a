"""One paper brought in by hand: a file in any form, an arXiv id, or a title."""

from dataclasses import dataclass, replace
from pathlib import Path

from ingestion.document import Document
from ingestion.errors import (
    AgentError,
    ArxivError,
    DocumentError,
    InvalidArxivId,
    PaperNotFound,
    PdfError,
)
from ingestion.fulltext.documents import read_document
from ingestion.fulltext.forms import NAMES, ending_of, form_of
from ingestion.library import Library, OnWait
from ingestion.machine.user_path import user_path
from ingestion.paper import Paper, parse_arxiv_id
from ingestion.sources.arxiv_api import ArxivApi
from ingestion.sources.arxiv_pdf import pdf_path
from ingestion.sources.local_pdf import copy_to, paper_of

_REQUESTS = 12  # a record and a file in up to three forms, each tried up to three times


@dataclass(frozen=True, slots=True)
class Added:
    """What became of one thing given to `add`: the paper, or why there is none."""

    given: str
    paper: Paper | None
    detail: str


def add(given: str, library: Library, on_wait: OnWait = lambda seconds, reason: None) -> Added:
    """Bring one paper in. Never raises for bad input.

    Args:
        given: Path of a file (.html, .tex, .tar.gz, .pdf, .md, .txt), arXiv id or address, or title.
        library: Where it goes.
        on_wait: Told before every wait for arXiv.
    """
    try:
        path = user_path(given)
        if path.suffix.lower() == ".pdf" or _is_file(path):
            return _add_file(path, given, library)
        return _add_from_arxiv(given, library, library.arxiv(_REQUESTS, on_wait))
    except AgentError as error:
        return Added(given, None, str(error))


def _is_file(path: Path) -> bool:
    """Whether there is such a file; a long title is none, and no name that the system could look up."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _add_file(path: Path, given: str, library: Library) -> Added:
    if not _is_file(path):
        raise PdfError(f"There is no file {given[:200]!r}", next_step="Check the path")
    text = read_document(path, library.settings.pdf)
    read = paper_of(path, text)
    known = library.get([read.arxiv_id]).get(read.arxiv_id)
    paper = _better(known, read)
    pdf = pdf_path(library.settings.assets, paper.arxiv_id, read.version or paper.version)
    copy_to(pdf.with_name(pdf.name.removesuffix(".pdf") + ending_of(path)), path)
    if paper != known:
        library.keep([paper], f"{text.form}: {path.name}")
    return Added(given, paper, _told(text))


def _better(known: Paper | None, read: Paper) -> Paper:
    """The record to keep: the known one; a starter's summary gives way to the authors' own abstract."""
    if known is None:
        return read
    if known.origin == "starter" and read.abstract:
        return replace(known, abstract=read.abstract, version=read.version, origin="pdf")
    return known


def _told(text: Document) -> str:
    """How much was read, of which form."""
    notices = f" ({'; '.join(text.notices)})" if text.notices else ""
    return f"{_size(text)}{notices}"


def _size(text: Document) -> str:
    if text.form == "pdf":
        return f"{len(text.pages)} pages"
    counts = [(len(text.of_kind(kind)), kind) for kind in ("table", "equation", "reference")]
    held = [f"{count} {kind}{'s' if count > 1 else ''}" for count, kind in counts if count]
    return ", ".join([f"{NAMES[text.form]}: {len(text.blocks)} blocks", *held])


def _add_from_arxiv(given: str, library: Library, arxiv: ArxivApi) -> Added:
    paper = _asked_for(given, library, arxiv)
    if paper is None:
        raise PaperNotFound(f"arXiv has no paper {given[:80]!r}", next_step="Check the id or title")
    if paper.origin == "semantic_scholar":
        return Added(given, paper, "metadata only: from Semantic Scholar, arXiv does not answer")
    try:
        file = library.download(paper, arxiv)
    except (ArxivError, DocumentError) as error:
        return Added(given, paper, f"metadata only: {error}")
    return Added(given, paper, f"metadata and {NAMES[form_of(file) or 'pdf']}")


def _asked_for(given: str, library: Library, arxiv: ArxivApi) -> Paper | None:
    try:
        wanted = parse_arxiv_id(given)
    except InvalidArxivId:
        found = arxiv.by_title(given)
    else:
        found = library.record(wanted, arxiv)
    if found:
        library.keep([found], f"{found.origin}: {given}")
    return found
