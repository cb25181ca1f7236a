"""What the authors wrote, as a document of blocks: from HTML, LaTeX source, Markdown or plain text.

A `Document` has one stored text; its blocks (paragraphs, headings, tables, equations, references, …) and
their cells are spans of it, so whatever is quoted is verbatim. It knows nothing of files and processes:
`ingestion.fulltext` opens a paper's file in a limited process and gives its document, a PDF's too.
"""

from ingestion.document.blocks import (
    Block,
    Cell,
    CitationMark,
    Equation,
    Form,
    Kind,
    Page,
    Reference,
    Row,
    Table,
)
from ingestion.document.document import Document

__all__ = [
    "Block",
    "Cell",
    "CitationMark",
    "Document",
    "Equation",
    "Form",
    "Kind",
    "Page",
    "Reference",
    "Row",
    "Table",
]
