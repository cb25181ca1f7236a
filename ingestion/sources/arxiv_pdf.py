"""PDFs of papers: where they lie in the asset folder, and how they get there from arXiv."""

import re
from pathlib import Path

from ingestion.errors import InvalidArxivId, PdfError
from ingestion.paper import parse_arxiv_id
from ingestion.sources.arxiv_connection import ArxivConnection
from ingestion.sources.arxiv_download import download

# Both marks may have other bytes around them (ISO 32000-1, implementation notes 13 and 18).
_HEAD_BYTES = 1024
_TAIL_BYTES = 2048
_LOCAL_ID = re.compile(r"local/[0-9a-f]{12}")


def pdf_path(assets: Path, arxiv_id: str, version: int) -> Path:
    """Where the PDF of this version lies, there or not; always directly in `assets`.

    Args:
        assets: The asset folder.
        arxiv_id: Id without version, untrusted; or a local PDF's `local/…`.
        version: 1 or more, 0 for the latest.

    Raises:
        InvalidArxivId: The id is neither.
    """
    known = arxiv_id if _LOCAL_ID.fullmatch(arxiv_id) else parse_arxiv_id(arxiv_id).id
    return assets / f"{known.replace('/', '_')}{f'v{version}' if version else ''}.pdf"


def fetch_pdf(
    arxiv_id: str, version: int, assets: Path, connection: ArxivConnection, *, max_mb: int
) -> Path:
    """The paper's PDF in the asset folder, downloaded unless it is there.

    Raises:
        InvalidArxivId: The id is not arXiv's.
        PaperNotFound: arXiv has no PDF of this version.
        ArxivUnavailable: arXiv cannot be used now.
        PdfError: What came is no whole PDF, or larger than `max_mb` megabytes; nothing is kept of it.
    """
    file = pdf_path(assets, arxiv_id, version)
    if file.exists():
        return file
    if _LOCAL_ID.fullmatch(arxiv_id):
        raise InvalidArxivId(f"{arxiv_id} is a local PDF, which arXiv does not have")
    name = f"{parse_arxiv_id(arxiv_id).id}{f'v{version}' if version else ''}"
    return download(
        f"{connection.settings.pdf_url.rstrip('/')}/{name}",
        file,
        connection,
        lambda part: _check(part, name),
        max_mb=max_mb,
        called=f"The PDF of {name}",
        kind="PDF",
        error=PdfError,
    )


def _check(part: Path, name: str) -> None:
    with part.open("rb") as content:
        head = content.read(_HEAD_BYTES)
        content.seek(max(0, part.stat().st_size - _TAIL_BYTES))
        tail = content.read()
    if b"%PDF-" not in head:
        raise PdfError(f"What arXiv sent for {name} is not a PDF", next_step="Try later")
    if b"%%EOF" not in tail:
        raise PdfError(f"The PDF of {name} came in cut off", next_step="Try again")
