"""A paper's file from arXiv in the form wanted: LaTeXML's HTML, the authors' source, the PDF.

Asked through the one gate of arXiv, a request each, as its terms of use want (info.arxiv.org/help/api/tou.html).
What comes stays in the user's own folder: most papers may not be redistributed.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from ingestion.document import Document
from ingestion.errors import DocumentError, InvalidArxivId, PaperNotFound
from ingestion.paper import Paper
from ingestion.sources.arxiv_connection import ArxivConnection
from ingestion.sources.arxiv_download import download
from ingestion.sources.arxiv_pdf import fetch_pdf, pdf_path

FetchedForm = Literal["html", "latex", "pdf"]
_PLACES = {"html": ("html", ".html"), "latex": ("src", ".tar.gz")}
_HEAD_BYTES = 4096
_LATEXML = b"ltx_document"
"""Class of the article in every page of LaTeXML; a page that says that there is no HTML lacks it."""
_TAR = b"ustar"
_TAR_OFFSET_BYTES = 257
FORMS_TRIED = 3
"""Requests that the best form may cost."""
_WHOLE_CHARACTERS = 10_000
"""A text below it is held against the paper's other forms: some three pages, at 3,000 characters a page.
LaTeXML ends a page properly where it gave up in the middle of a paper; few papers are that short."""
_FAR_SHORTER = 0.5
"""Part of the longest form's text below which a better form gives way. Forms of one paper differ by far less."""

logger = logging.getLogger(__name__)


def fetch_best(
    paper: Paper,
    assets: Path,
    connection: ArxivConnection,
    read: Callable[[Path], Document],
    *,
    max_mb: int,
) -> Path:
    """The file of the paper's version in the best form that arXiv has and that holds it whole: HTML, source, PDF.

    A form whose text is short is held against the others, and gives way to one with more than twice the text.

    Args:
        paper: Whose file.
        assets: The asset folder.
        connection: To arXiv; at most `FORMS_TRIED` requests are made.
        read: Reads a file, and raises `DocumentError` where it gives no text; such HTML or source is not kept.
        max_mb: Most megabytes of a file.

    Raises:
        InvalidArxivId: The id is not arXiv's.
        PaperNotFound: arXiv has this version in none of the forms.
        ArxivUnavailable: arXiv cannot be used now.
        DocumentError: What came for the PDF is none; nothing is kept of it.
    """
    short: dict[Path, int] = {}
    for form in ("html", "latex"):
        try:
            file = fetch_file(form, paper, assets, connection, max_mb=max_mb)
        except (PaperNotFound, DocumentError) as missing:
            logger.info("%s is not taken as %s: %s", paper.arxiv_id, form, missing)
            continue
        try:
            length = len(read(file).text)
        except DocumentError as unreadable:
            file.unlink()
            logger.info("%s is not taken as %s: %s", paper.arxiv_id, form, unreadable)
            continue
        short[file] = length
        if length >= _WHOLE_CHARACTERS:
            return _whole(short)
    try:
        pdf = fetch_file("pdf", paper, assets, connection, max_mb=max_mb)
        if not short:
            return pdf
        short[pdf] = len(read(pdf).text)
    except (PaperNotFound, DocumentError):
        if not short:
            raise
    return _whole(short)


def _whole(lengths: dict[Path, int]) -> Path:
    """Of files by the characters of their text, the best first: the first that is not far shorter than another.

    Those before it are removed, so that nothing reads them.
    """
    enough = _FAR_SHORTER * max(lengths.values())
    file = next(file for file, length in lengths.items() if length >= enough)
    for better, length in lengths.items():
        if better == file:
            break
        better.unlink()
        logger.warning(
            "%s holds %d characters, %s %d: it is not whole",
            better.name,
            length,
            file.name,
            lengths[file],
        )
    return file


def fetch_file(
    form: FetchedForm, paper: Paper, assets: Path, connection: ArxivConnection, *, max_mb: int
) -> Path:
    """The file of the paper's version in the asset folder, downloaded unless it is there.

    Raises:
        InvalidArxivId: The id is not arXiv's.
        PaperNotFound: arXiv does not have this version in this form.
        ArxivUnavailable: arXiv cannot be used now.
        DocumentError: What came is no such file, or larger than `max_mb` megabytes; nothing is kept of it.
    """
    if form == "pdf":
        return fetch_pdf(paper.arxiv_id, paper.version, assets, connection, max_mb=max_mb)
    place, ending = _PLACES[form]
    pdf = pdf_path(assets, paper.arxiv_id, paper.version)
    file = pdf.with_name(pdf.name.removesuffix(".pdf") + ending)
    if file.exists():
        return file
    if paper.arxiv_id.startswith("local/"):
        raise InvalidArxivId(f"{paper.arxiv_id} is a local file, which arXiv does not have")
    name = f"{paper.arxiv_id}{f'v{paper.version}' if paper.version else ''}"
    site = connection.settings.pdf_url.rstrip("/").removesuffix("/pdf")
    return download(
        f"{site}/{place}/{name}",
        file,
        connection,
        lambda part: _check(part, name, form),
        max_mb=max_mb,
        called=file.name,
        kind="file",
        error=DocumentError,
    )


def _check(part: Path, name: str, form: str) -> None:
    content = part.read_bytes()
    head = content[:_HEAD_BYTES]
    if head.startswith(b"%PDF-"):
        raise PaperNotFound(f"arXiv has a PDF of {name} alone", next_step="Ask with --form pdf")
    if form == "html":
        if _LATEXML not in content:
            raise DocumentError(
                f"What arXiv sent for {name} is no HTML of a paper", next_step="Try later"
            )
        if b"</html>" not in content[-_HEAD_BYTES:]:
            raise DocumentError(f"The HTML of {name} came in cut off", next_step="Try again")
    # A transport that packs what it carries has unpacked it on the way: a bare .tar is a source too.
    packed = head.startswith(b"\x1f\x8b") or head[_TAR_OFFSET_BYTES:].startswith(_TAR)
    if form == "latex" and not packed:
        raise DocumentError(f"What arXiv sent for {name} is no archive", next_step="Try later")
