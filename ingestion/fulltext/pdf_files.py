"""Which PDF of a paper is at hand: one rule, by version number, for its text and its page images."""

from pathlib import Path

from ingestion.errors import InvalidArxivId
from ingestion.paper import parse_arxiv_id


def versions_at_hand(folder: Path, arxiv_id: str) -> dict[int, Path]:
    """The PDFs of a paper in a folder by version, the newest first.

    Args:
        folder: The asset folder; need not be there.
        arxiv_id: Id without version, or a local PDF's `local/…`.

    Returns:
        Version to file: v10 before v9, and version 0, a file named without one, last.
    """
    found = {
        version: file
        for file in (folder.glob("*.pdf") if folder.is_dir() else ())
        for named, version in [paper_in_name(file)]
        if named == arxiv_id and file.is_file()
    }
    return dict(sorted(found.items(), reverse=True))


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


def paper_in_name(file: Path) -> tuple[str, int]:
    """Id and version (0: none) that a file's name gives, as `hep-ph_9901001v2.pdf` does.

    A name without an arXiv id is an id itself, as in `local_0123456789ab.pdf`.
    """
    name = file.stem.replace("_", "/")
    try:
        named = parse_arxiv_id(name)
    except InvalidArxivId:
        return name, 0
    return named.id, named.version or 0
