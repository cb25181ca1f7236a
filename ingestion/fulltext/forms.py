"""The forms of a paper's file: which a file is in, and which of those at hand is read."""

from pathlib import Path
from typing import Literal

from ingestion.document import Form
from ingestion.errors import InvalidArxivId
from ingestion.paper import parse_arxiv_id

Readable = Literal["html", "latex", "archive", "markdown", "text", "pdf"]
"""What a file is read as; an `archive` holds LaTeX source."""
BEST_FIRST: tuple[Form, ...] = ("html", "latex", "pdf", "markdown", "text")
"""HTML and LaTeX say what is a table, an equation, a reference; a PDF only shows it."""
NAMES: dict[Form, str] = {
    "html": "HTML",
    "latex": "LaTeX",
    "pdf": "PDF",
    "markdown": "Markdown",
    "text": "text",
}
"""As a person is told them."""
_BY_ENDING: tuple[tuple[tuple[str, ...], Readable], ...] = (
    ((".html", ".htm", ".xhtml"), "html"),
    ((".tar.gz", ".tgz", ".tar", ".gz"), "archive"),
    ((".tex", ".ltx", ".latex"), "latex"),
    ((".pdf",), "pdf"),
    ((".md", ".markdown"), "markdown"),
    ((".txt", ".text"), "text"),
)


def ending_of(path: Path) -> str:
    """The ending of a file that can be read, lower case, such as `.tar.gz`; empty for any other."""
    name = path.name.lower()
    endings = (ending for endings, _ in _BY_ENDING for ending in endings)
    return next((ending for ending in endings if name.endswith(ending)), "")


def readable_as(path: Path) -> Readable | None:
    """What a file is read as, by its name; None for one that cannot be."""
    ending = ending_of(path)
    return next((form for endings, form in _BY_ENDING if ending in endings), None)


def form_of(path: Path) -> Form | None:
    """The form of a paper that a file holds; None for a file of none."""
    readable = readable_as(path)
    return "latex" if readable == "archive" else readable


def paper_in_name(file: Path) -> tuple[str, int]:
    """Id and version (0: none) that a file's name gives, as `hep-ph_9901001v2.pdf` does.

    A name without an arXiv id is an id itself, as in `local_0123456789ab.pdf`.
    """
    ending = ending_of(file)
    stem = file.name[: -len(ending)] if ending else file.stem
    name = stem.replace("_", "/")
    try:
        named = parse_arxiv_id(name)
    except InvalidArxivId:
        return name, 0
    return named.id, named.version or 0


def files_at_hand(folder: Path, arxiv_id: str) -> list[Path]:
    """The files of a paper in a folder: the newest version first, of one version the best form first.

    Args:
        folder: The asset folder; need not be there.
        arxiv_id: Id without version, or a local file's `local/…`.
    """
    files = [file for file in _files(folder) if paper_in_name(file)[0] == arxiv_id]
    return sorted(files, key=_rank)


def versions_at_hand(folder: Path, arxiv_id: str, form: Form = "pdf") -> dict[int, Path]:
    """The files of a paper in one form by version, the newest first.

    Args:
        folder: The asset folder; need not be there.
        arxiv_id: Id without version, or a local file's `local/…`.
        form: Of the files.

    Returns:
        Version to file: v10 before v9, and version 0, a file named without one, last.
    """
    files = [file for file in files_at_hand(folder, arxiv_id) if form_of(file) == form]
    return {paper_in_name(file)[1]: file for file in files}


def papers_at_hand(folder: Path) -> dict[str, Path]:
    """For every paper with a file in a folder its newest version's best."""
    best: dict[str, Path] = {}
    for file in sorted(_files(folder), key=_rank):
        best.setdefault(paper_in_name(file)[0], file)
    return best


def best_file(folder: Path, arxiv_id: str, version: int, forms: tuple[Form, ...]) -> Path | None:
    """The file to read: of the version asked for, else of the newest at hand; None where there is none.

    Args:
        folder: The asset folder.
        arxiv_id: Id without version, or a local file's `local/…`.
        version: 1 or more; 0 where none is asked for.
        forms: That may be taken.
    """
    files = [file for file in files_at_hand(folder, arxiv_id) if form_of(file) in forms]
    asked = [file for file in files if version and paper_in_name(file)[1] == version]
    return next(iter([*asked, *files]), None)


def _files(folder: Path) -> list[Path]:
    found = folder.iterdir() if folder.is_dir() else ()
    return [file for file in found if form_of(file) and file.is_file()]


def _rank(file: Path) -> tuple[int, int, str]:
    form = form_of(file)
    return -paper_in_name(file)[1], BEST_FIRST.index(form) if form else len(BEST_FIRST), file.name
