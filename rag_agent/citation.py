"""A verbatim quote and where it stands."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from ingestion.paper import Paper

QuoteKind = Literal["abstract", "summary", "html", "latex", "pdf", "markdown", "text"]
"""Whose words a quote is: the authors' abstract or full text, by its form, or this project's summary of a starter
paper."""


@dataclass(frozen=True, slots=True)
class CitedWork:
    """A work that a quote cites.

    Args:
        mark: As it stands in the quote: `[12]`.
        title: Of the work.
        arxiv_id: Where the work is on arXiv; else empty.
    """

    mark: str
    title: str
    arxiv_id: str


@dataclass(frozen=True, slots=True)
class Citation:
    """A verbatim quote and where it stands.

    Args:
        key: Number shown in the answer, from 1.
        paper: The source.
        page: Page of the PDF from 1; 0 for a full text without pages, None when the quote is from the abstract.
        quote: Exact substring of the source's stored text.
        start: Character offset of the quote in that text (page text, the document's, or `Paper.text`).
        passage: The stored text around the quote, to show it in context; contains the quote.
        cosine: Cosine of claim and quote, -1 to 1.
        kind: Where the quote comes from; a `summary` is not the authors', so it stands in no quotation marks.
        cites: The works that the quote's own marks mean, as far as its paper's list was read.
        cells: Where the quote is a table's row: places from 0 of the cells that carry the sentence; empty: all of it.
    """

    key: int
    paper: Paper
    page: int | None
    quote: str
    start: int
    passage: str
    cosine: float
    kind: QuoteKind = "abstract"
    cites: tuple[CitedWork, ...] = ()
    cells: tuple[int, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The fields that `ask --json` prints."""
        return {
            "key": self.key,
            "arxiv_id": self.paper.arxiv_id,
            "version": self.paper.version or None,
            "title": self.paper.title,
            "authors": list(self.paper.authors),
            "year": self.paper.year,
            "url": self.paper.url,
            "origin": self.paper.origin,
            "kind": self.kind,
            "page": self.page,
            "quote": self.quote,
            "start": self.start,
            "passage": self.passage,
            "cosine": round(self.cosine, 4),
            "cites": [asdict(work) for work in self.cites],
            "cells": list(self.cells),
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Citation":
        """The citation that `as_json` wrote, with `cited_paper` as its source."""
        places = ("key", "page", "quote", "start", "passage", "cosine")
        paper = cited_paper(stored)
        kind = stored.get("kind") or quote_kind(paper, stored["page"])  # stored before it had one
        cites = tuple(CitedWork(**work) for work in stored.get("cites", ()))
        known = {name: stored[name] for name in places}
        return cls(
            paper=paper, kind=kind, cites=cites, cells=tuple(stored.get("cells", ())), **known
        )


def quote_kind(paper: Paper, page: int | None) -> QuoteKind:
    """Whose words a quote of this paper is: `page` is that of its PDF, None for the paper's record."""
    if page is not None:
        return "pdf"
    return "summary" if paper.origin == "starter" else "abstract"


def cited_paper(stored: dict[str, Any]) -> Paper:
    """The paper of a stored citation; it holds no abstract and no categories."""
    return Paper(
        arxiv_id=stored["arxiv_id"],
        title=stored["title"],
        abstract="",
        authors=tuple(stored["authors"]),
        categories=(),
        year=stored["year"],
        version=stored["version"] or 0,
        origin=stored["origin"],
    )
