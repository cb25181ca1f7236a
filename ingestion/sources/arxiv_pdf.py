"""PDFs of papers: where they lie in the asset folder, and how they get there from arXiv."""

import re
from collections.abc import Iterator
from pathlib import Path

from ingestion.errors import InvalidArxivId, PdfError
from ingestion.machine.private_folder import make_private
from ingestion.paper import parse_arxiv_id
from ingestion.sources.arxiv_connection import ArxivConnection

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
    make_private(assets)
    # Two processes cannot write this at once: the connection lets one request through at a time.
    part = file.with_name(file.name + ".part")
    try:
        connection.download(
            f"{connection.settings.pdf_url.rstrip('/')}/{name}",
            lambda pieces: _write(part, pieces, max_mb),
        )
        _check(part, name)
        part.replace(file)
    except OSError as error:
        raise PdfError(
            f"The PDF of {name} could not be kept in {assets}: {error}",
            kept="Nothing of it was kept",
            next_step="Make room on the disk",
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return file


def _write(part: Path, pieces: Iterator[bytes], max_mb: int) -> None:
    left = max_mb * 1_000_000
    with part.open("wb") as output:
        for piece in pieces:
            left -= len(piece)
            if left < 0:
                raise PdfError(
                    f"The PDF is larger than {max_mb} MB",
                    next_step="Raise ARXIV_AGENT_PDF__MAX_MB to read it",
                )
            output.write(piece)


def _check(part: Path, name: str) -> None:
    with part.open("rb") as content:
        head = content.read(_HEAD_BYTES)
        content.seek(max(0, part.stat().st_size - _TAIL_BYTES))
        tail = content.read()
    if b"%PDF-" not in head:
        raise PdfError(f"What arXiv sent for {name} is not a PDF", next_step="Try later")
    if b"%%EOF" not in tail:
        raise PdfError(f"The PDF of {name} came in cut off", next_step="Try again")
