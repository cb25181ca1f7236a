"""A paper's file from arXiv in the form wanted: LaTeXML's HTML, the authors' source, the PDF.

Asked through the one gate of arXiv, a request each, as its terms of use want (info.arxiv.org/help/api/tou.html).
What comes stays in the user's own folder: most papers may not be redistributed.
"""

from pathlib import Path
from typing import Literal

from ingestion.errors import DocumentError, InvalidArxivId, PaperNotFound
from ingestion.paper import Paper
from ingestion.sources.arxiv_connection import ArxivConnection
from ingestion.sources.arxiv_download import download
from ingestion.sources.arxiv_pdf import fetch_pdf, pdf_path

FetchedForm = Literal["html", "latex", "pdf"]
_PLACES = {"html": ("html", ".html"), "latex": ("src", ".tar.gz")}
_HEAD_BYTES = 4096


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
    with part.open("rb") as content:
        head = content.read(_HEAD_BYTES)
    if head.startswith(b"%PDF-"):
        raise PaperNotFound(f"arXiv has a PDF of {name} alone", next_step="Ask with --form pdf")
    if form == "html" and b"<html" not in head.lower():
        raise DocumentError(f"What arXiv sent for {name} is no HTML", next_step="Try later")
    if form == "latex" and not head.startswith(b"\x1f\x8b"):
        raise DocumentError(f"What arXiv sent for {name} is no archive", next_step="Try later")
