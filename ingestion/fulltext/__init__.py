"""The text of a paper, read from an untrusted file: sentences, passages, page images.

`read_document` gives the document of a file in any form, `sentences_of` its sentences as they stand and as they
are read, `passages_of` what is searched, and `page_image` a PDF's page to look at. `pdf_of` says which file that
is. The file is opened by `ingestion.document.reader`, `parsers` and `page_renderer`, programs of their own with
limits, never in this process.
"""

from ingestion.fulltext.documents import read_document
from ingestion.fulltext.forms import versions_at_hand
from ingestion.fulltext.page_image import PageImage, page_image
from ingestion.fulltext.passages import Passage, passages_of
from ingestion.fulltext.pdf_files import pdf_of
from ingestion.fulltext.pdf_text import PdfText, read_pdf
from ingestion.fulltext.reading import sentences_of
from ingestion.fulltext.sentences import Sentence, neighbours, sentence_spans

__all__ = [
    "PageImage",
    "Passage",
    "PdfText",
    "Sentence",
    "neighbours",
    "page_image",
    "passages_of",
    "pdf_of",
    "read_document",
    "read_pdf",
    "sentence_spans",
    "sentences_of",
    "versions_at_hand",
]
