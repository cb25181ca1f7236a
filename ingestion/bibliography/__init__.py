"""Papers as entries of reference managers, out and in: BibTeX, BibLaTeX, RIS, CSL-JSON, Zotero."""

from ingestion.bibliography.formats import FORMATS, FormatName, exported
from ingestion.bibliography.keys import CitationKeys

__all__ = ["FORMATS", "CitationKeys", "FormatName", "exported"]
