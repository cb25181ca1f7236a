"""One file from arXiv into the asset folder: whole and checked, or not at all."""

from collections.abc import Callable, Iterator
from pathlib import Path

from ingestion.errors import DocumentError
from ingestion.machine.private_folder import make_private
from ingestion.sources.arxiv_connection import ArxivConnection


def download(
    address: str,
    file: Path,
    connection: ArxivConnection,
    check: Callable[[Path], None],
    *,
    max_mb: int,
    called: str,
    kind: str,
    error: type[DocumentError],
) -> Path:
    """The file, downloaded.

    Two processes cannot write it at once: the connection lets one request through at a time.

    Args:
        address: Of the file.
        file: Where it goes.
        connection: To arXiv.
        check: Raises where what came is no such file.
        max_mb: Most megabytes that it may have.
        called: What messages call it, as in `The PDF of 2005.11401`.
        kind: What it is, as in `PDF`.
        error: Raised where it is too large or cannot be kept.

    Raises:
        PaperNotFound: arXiv does not have it.
        ArxivUnavailable: arXiv cannot be used now.
        DocumentError: See `error`; nothing is kept of it.
    """
    make_private(file.parent)
    part = file.with_name(file.name + ".part")
    try:
        connection.download(address, lambda pieces: _write(part, pieces, max_mb, kind, error))
        check(part)
        part.replace(file)
    except OSError as fault:
        raise error(
            f"{called} could not be kept in {file.parent}: {fault}",
            kept="Nothing of it was kept",
            next_step="Make room on the disk",
        ) from fault
    finally:
        part.unlink(missing_ok=True)
    return file


def _write(
    part: Path, pieces: Iterator[bytes], max_mb: int, kind: str, error: type[DocumentError]
) -> None:
    left = max_mb * 1_000_000
    with part.open("wb") as output:
        for piece in pieces:
            left -= len(piece)
            if left < 0:
                raise error(
                    f"The {kind} is larger than {max_mb} MB",
                    next_step="Raise ARXIV_AGENT_PDF__MAX_MB to read it",
                )
            output.write(piece)
