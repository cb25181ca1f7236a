"""A paper's file, whatever its form, as a document, with the limits that an untrusted file needs.

HTML, LaTeX, Markdown and plain text are read by `ingestion.document.reader` in a process of its own that is killed
at the time limit and cannot use more than 1 GB, write files, or see this program's memory; PDFs by `pdf_text`.
"""

import json
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import ingestion.document
from ingestion.cleaning import printable
from ingestion.document import Document
from ingestion.errors import DocumentError
from ingestion.fulltext.forms import readable_as
from ingestion.fulltext.pdf.document import document_of
from ingestion.fulltext.pdf_files import read_bounded
from ingestion.fulltext.pdf_text import PARSER, read_pdf
from ingestion.fulltext.process import Ended, run_on
from ingestion.settings import PdfSettings

READER = f"{PARSER}; lxml {version('lxml')}, pylatexenc {version('pylatexenc')}, documents 2"
"""Names how documents are made, for caches. The last number counts changes of `ingestion.document`."""

_PROGRAM = Path(ingestion.document.__file__).with_name("reader.py")


def read_document(path: Path, settings: PdfSettings) -> Document:
    """Read an untrusted file of a paper: `.html`, `.tex`, `.tar.gz`, `.pdf`, `.md` or `.txt`.

    Takes a process, at most 1 GB of memory and `settings.timeout_s` seconds in all.

    Raises:
        DocumentError: Not readable, too large, too slow, damaged, hostile, or without text.
    """
    form = readable_as(path)
    if form == "pdf":
        return _of_pdf(path, settings)
    name = printable(path.name)
    if form is None:
        raise DocumentError(
            f"{name} is no file of a paper", next_step=f"Give one that ends in {_told()}"
        )
    data = read_bounded(path, settings.max_mb)
    try:
        answer = json.loads(run_on(data, _PROGRAM, (form,), settings.timeout_s))
    except Ended as error:
        answer = {"error": str(error)}
    if "error" in answer:
        raise DocumentError(
            f"{name} {answer['error']}",
            next_step="Check the file, or give another form of the paper",
        )
    return Document.from_json(answer)


def _of_pdf(path: Path, settings: PdfSettings) -> Document:
    read = read_pdf(path, settings)
    return replace(
        document_of(read.pages),
        title=read.title,
        authors=read.authors,
        abstract=read.abstract,
        parser=read.parser,
        notices=read.notices,
    )


def _told() -> str:
    return ".html, .tex, .tar.gz, .pdf, .md or .txt"
