"""Papers found, verbatim quotes of them with where they stand, and the sentences that these carry."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Self

from ingestion.paper import Paper
from rag_agent.naming import PassesBy

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


def in_words(citation: Citation, words: str, opening: str = "“", closing: str = "”") -> str:
    """The words of a citation as they are written out: a summary of this project's own is no quote.

    Args:
        citation: Whose words they are.
        words: Its quote, escaped for where it is written.
        opening: Quotation mark before a quote.
        closing: And behind it.
    """
    return words if citation.kind == "summary" else f"{opening}{words}{closing}"


def where_in(citation: Citation) -> str:
    """The place of a quote in its paper: a page, a form, or that the words are this project's own."""
    if citation.kind == "summary":
        return "in this project's words"
    return f"p. {citation.page}" if citation.page else citation.kind


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


def citations_from(stored: Iterable[dict[str, Any]]) -> tuple[Citation, ...]:
    """The citations that `as_json` wrote."""
    return tuple(map(Citation.from_json, stored))


@dataclass(frozen=True, slots=True)
class Hit:
    """A paper found by a search.

    Args:
        paper: The record found.
        cosine: Raw cosine of the paper's embedding and the query's, -1 to 1.
        score: What the hits are ordered by, comparable within one search only.
        passes: Whether it counts as found: the cosine reaches the threshold, or the query names the paper.
        passes_by: Why; empty where it does not pass, or was not found by a search.
    """

    paper: Paper
    cosine: float
    score: float
    passes: bool
    passes_by: PassesBy = ""

    def as_json(self) -> dict[str, Any]:
        """The fields that `search --json` prints."""
        paper = self.paper
        return {
            "arxiv_id": paper.arxiv_id,
            "version": paper.version or None,
            "title": paper.title,
            "text": paper.abstract,
            "cosine": round(self.cosine, 4),
            "score": round(self.score, 4),
            "passes": self.passes,
            "passes_by": self.passes_by,
            "year": paper.year,
            "categories": list(paper.categories),
            "origin": paper.origin,
            "authors": list(paper.authors),
            "url": paper.url,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """The hit that `as_json` wrote; its paper holds what is written there."""
        texts = {"abstract": stored["text"], "categories": tuple(stored["categories"])}
        return cls(
            paper=replace(cited_paper(stored), **texts),
            cosine=stored["cosine"],
            score=stored["score"],
            passes=stored["passes"],
            passes_by=stored.get("passes_by", ""),
        )


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of an answer.

    Args:
        text: The sentence, without citation marks.
        supported: Whether a quote carries it.
        citations: Its quotes; empty where none was found.
        quoted: Whether the text is the quote itself because the model's wording did not stand.
    """

    text: str
    supported: bool
    citations: tuple[Citation, ...] = ()
    quoted: bool = False

    @property
    def in_quotation_marks(self) -> bool:
        """Whether the text is a quote of the authors' words; this project's summaries are none."""
        return self.quoted and all(citation.kind != "summary" for citation in self.citations)

    def as_json(self) -> dict[str, Any]:
        """The fields that `ask --json` prints."""
        return {
            "text": self.text,
            "supported": self.supported,
            "quoted": self.quoted,
            "citations": [citation.as_json() for citation in self.citations],
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """The claim that `as_json` wrote."""
        return cls(
            text=stored["text"],
            supported=stored["supported"],
            citations=citations_from(stored["citations"]),
            quoted=stored["quoted"],
        )
