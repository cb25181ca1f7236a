"""A passage that a person points at: its place, its words as stored, and the evidence that it leads."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self, get_args

from ingestion.document import Document, Form
from ingestion.embedding import Embedder
from ingestion.errors import DocumentError
from ingestion.fulltext.forms import NAMES
from ingestion.paper import Paper
from rag_agent.citation import Citation, Hit, QuoteKind
from rag_agent.grounding.evidence import Evidence, abstract_evidence, context
from rag_agent.grounding.open_paper import OpenPaper

MOST_CHARACTERS = 4_000
"""Longest passage: a page of a paper."""
_QUERY_CHARACTERS = 300  # of a passage, beside the question, to find what else the paper says on it
_ALL = 100  # sentences of an abstract
_WRITTEN = re.compile(r"([a-z]{1,9})\.(\d{1,4})\.(\d{1,5})\.(\d{1,8})-(\d{1,8})")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Where a passage stands. An address holds it as `pdf.2.3.120-310`; its words are never taken from there.

    Args:
        kind: Of the stored text: a form of the full text, or the paper's record.
        version: Of the paper, from 1; 0 where the file or the record names none.
        page: Of a PDF, from 1; 0 for other kinds.
        start: First character in the page's text, in the document's where it has no pages, or in `Paper.text`.
        end: The character after the last, counted alike; it may lie on a later page.
    """

    kind: QuoteKind
    version: int
    page: int
    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.kind}.{self.version}.{self.page}.{self.start}-{self.end}"

    @classmethod
    def parse(cls, written: str) -> Self | None:
        """The excerpt that `str` wrote; None for anything else."""
        found = _WRITTEN.fullmatch(written)
        if not found or found[1] not in get_args(QuoteKind):
            return None
        kind: QuoteKind = found[1]  # type: ignore[assignment]  # one of them, as was looked up
        return cls(kind, *(int(number) for number in found.groups()[1:]))

    @classmethod
    def of(cls, citation: Citation) -> Self:
        """Where a quote stands."""
        end = citation.start + len(citation.quote)
        return cls(citation.kind, citation.paper.version, citation.page or 0, citation.start, end)

    @property
    def form(self) -> Form | None:
        """Of the file that it stands in; None for the paper's record, title and abstract."""
        return next((form for form in NAMES if form == self.kind), None)


def passage_at(excerpt: Excerpt, paper: Paper, text: Document | None) -> Citation:
    """The passage as a quote with what stands around it; its key is 0.

    Args:
        excerpt: Where it stands.
        paper: In the version of the text.
        text: The document of its form; None for one in the paper's record.

    Raises:
        DocumentError: There is no such place in the text.
    """
    start, end = _span(excerpt, paper, text)
    stored = text.text if text else paper.text
    quote = stored[start:end].strip()
    return Citation(
        key=0,
        paper=paper,
        page=None if text is None else excerpt.page,
        quote=quote,
        start=excerpt.start + stored[start:end].index(quote[:1]),
        passage=context(stored, start, end),
        cosine=1.0,
        kind=excerpt.kind,
    )


def excerpt_evidence(
    excerpt: Excerpt, opened: OpenPaper, question: str, limit: int, embedder: Embedder
) -> list[Evidence]:
    """The sentences of a passage, then what else its paper says on the question and on them.

    Args:
        excerpt: Where the passage stands.
        opened: Its paper's text, in the passage's own form and version.
        question: English.
        limit: Most sentences returned.
        embedder: Embeds a passage that has no sentence of its own, such as a heading.
    """
    start, end = _span(excerpt, opened.paper, opened.text)
    inside = opened.within(start, end, question, limit)
    quote = passage_at(excerpt, opened.paper, opened.text)
    if not inside:
        inside = [_whole(quote, opened.text.form, question, embedder)]
    query = f"{question} {' '.join(quote.quote.split())[:_QUERY_CHARACTERS]}"
    return _led_by(inside, opened.best_sentences(query, limit), limit)


def record_evidence(
    excerpt: Excerpt, paper: Paper, question: str, limit: int, embedder: Embedder
) -> list[Evidence]:
    """The sentences of a paper's abstract, those of the passage first."""
    found = abstract_evidence(question, (Hit(paper, 1.0, 1.0, passes=True),), embedder, _ALL)
    inside = [
        each
        for each in found
        if each.start < excerpt.end and excerpt.start < each.start + len(each.text)
    ]
    return _led_by(inside[:limit], found, limit)


def _led_by(inside: Sequence[Evidence], others: Sequence[Evidence], limit: int) -> list[Evidence]:
    """The sentences of a passage, in their order and scored over all others, of which half as many may stand by."""
    top = max((each.score for each in (*inside, *others)), default=0.0) + 1
    places = {(each.page, each.start) for each in inside}
    beside = [each for each in others if (each.page, each.start) not in places]
    room = min(limit - len(inside), max(1, limit // 2))
    best = sorted(beside, key=lambda each: -each.score)[: max(0, room)]
    return [each for each in beside if each in best] + [replace(each, score=top) for each in inside]


def _whole(quote: Citation, form: Form, question: str, embedder: Embedder) -> Evidence:
    """A passage as one piece of evidence."""
    reading = " ".join(quote.quote.split())
    vector, asked = embedder.encode([reading, question])
    return Evidence(
        paper=quote.paper,
        page=quote.page,
        start=quote.start,
        text=quote.quote,
        reading=reading,
        passage=quote.passage,
        score=0.0,
        cosine=float(vector @ asked),
        vector=vector,
        form=form,
    )


def _span(excerpt: Excerpt, paper: Paper, text: Document | None) -> tuple[int, int]:
    """First character of a passage in the whole stored text, and the one after its last."""
    stored = text.text if text else paper.text
    pages = len(text.pages) if text else 0
    page_is_there = 1 <= excerpt.page <= pages if pages else excerpt.page == 0
    offset = text.page_start(excerpt.page) if text and page_is_there else 0
    start, end = offset + excerpt.start, offset + min(excerpt.end, excerpt.start + MOST_CHARACTERS)
    if not page_is_there or end > len(stored) or not stored[start:end].strip():
        raise DocumentError(
            f"The passage asked about is not in the text of {paper.arxiv_id} that is at hand",
            next_step="Choose it again on the paper's page",
        )
    return start, end
