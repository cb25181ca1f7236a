"""A file of the user's own: which paper it is, and its way into the asset folder."""

import hashlib
import shutil
from datetime import date
from pathlib import Path

from ingestion.document import Document
from ingestion.errors import InvalidArxivId, PdfError
from ingestion.fulltext.forms import ending_of
from ingestion.machine.private_folder import make_private
from ingestion.paper import ArxivId, Paper, parse_arxiv_id

_TITLE_CHARACTERS = 200  # of a file name that stands in for a title


def paper_of(path: Path, text: Document) -> Paper:
    """The paper that a file is: by the arXiv id in its name, else by its content's hash."""
    named = _named(path)
    return Paper(
        arxiv_id=named.id if named else f"local/{_digest(path)[:12]}",
        title=text.title or _stem(path)[:_TITLE_CHARACTERS],
        abstract=text.abstract,
        authors=text.authors,
        categories=(),
        year=named.year if named else date.today().year,
        month=named.month if named else 0,
        version=(named.version or 0) if named else 0,
        origin="pdf",
    )


def copy_to(target: Path, path: Path) -> None:
    """Copy a file to its place, whole or not at all.

    Raises:
        PdfError: It cannot be copied, as on a full disk; nothing is left of it.
    """
    if path.resolve() == target.resolve():
        return
    make_private(target.parent)
    part = target.with_name(target.name + ".part")
    try:
        shutil.copyfile(path, part)
        part.replace(target)
    except OSError as error:
        raise PdfError(
            f"{path.name} cannot be copied: {error.strerror}",
            kept="The library is as it was",
            next_step="Free some space, or check the file's rights",
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _stem(path: Path) -> str:
    return (
        path.name.removesuffix(path.name[-len(ending_of(path)) :]) if ending_of(path) else path.stem
    )


def _named(path: Path) -> ArxivId | None:
    try:
        return parse_arxiv_id(_stem(path).replace("_", "/"))
    except InvalidArxivId:
        return None


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
