"""PDFs on disk: which one a paper has, by version number, and its bytes, read within a bound."""

import os
import stat
from pathlib import Path

from ingestion.cleaning import printable
from ingestion.errors import PdfError
from ingestion.fulltext.forms import versions_at_hand


def pdf_of(folder: Path, arxiv_id: str, version: int) -> Path | None:
    """The PDF to read and to draw: the version asked for, else the newest at hand, else None.

    Args:
        folder: The asset folder.
        arxiv_id: Id without version, or a local PDF's `local/…`.
        version: 1 or more; 0 where none is asked for.
    """
    versions = versions_at_hand(folder, arxiv_id)
    if version and version in versions:
        return versions[version]
    return next(iter(versions.values()), None)


def read_bounded(path: Path, max_mb: int) -> bytes:
    """The bytes of a regular file of at most `max_mb` megabytes (of 10^6 bytes).

    Raises:
        PdfError: It cannot be opened, is empty or larger, or is a device, pipe or folder; a link to one is
            refused too. Nothing of it is read then.
    """
    name = printable(path.name)
    limit = max_mb * 1_000_000
    try:
        # a pipe without a writer would wait in open()
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise PdfError(f"{name} is no regular file", next_step="Give the file itself")
            data = file.read(limit + 1) if found.st_size <= limit else b""
    except OSError as error:
        raise PdfError(
            f"{name} cannot be opened: {error.strerror}", next_step="Check the file"
        ) from error
    size = max(found.st_size, len(data))
    if size > limit:
        raise PdfError(
            f"{name} has {size / 1e6:.0f} MB, more than the limit of {max_mb} MB",
            next_step="Raise pdf.max_mb to read it",
        )
    if not data.strip():
        raise PdfError(f"{name} is empty", next_step="Check the file")
    return data
