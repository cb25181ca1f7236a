"""How a paper computes something: its algorithms and formulas, for whoever writes a program after it."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from ingestion.embedding import Embedder
from rag_agent.grounding.checks.names import names
from rag_agent.grounding.evidence import Evidence, context
from rag_agent.grounding.open_paper import OpenPaper

FORMULA_WEIGHT = 0.5
"""Added to the score (0 to 2) of a passage that states a formula. Chosen on twelve requests over nine papers: with it
the formula asked for is among the first three passages wherever the PDF's text has it."""
_NEAR = 0.4  # cosine of a request and the title of the algorithm that it asks for; Adam and its request have 0.5
_ALGORITHM_CHARACTERS = 1500
_ALGORITHM = re.compile(r"(?:Algorithm|Procedure|Listing) \d+\b[^.\n]{0,120}")
_NAME_WORDS = 5  # of a title: `Algorithm 2: AdaMax, a variant` of Adam is called AdaMax


class _Span(NamedTuple):
    """A stretch of a document's text, and what of it is embedded."""

    page: int
    start: int
    end: int
    section: str
    reading: str
    score: float = 0.0


def method_of(paper: OpenPaper, request: str, embedder: Embedder, k: int = 3) -> list[Evidence]:
    """At most `k` stretches of a paper that say how something is computed, best first.

    The algorithm that is asked for, where the paper prints one, then passages, of which those with a formula
    come sooner: sentences that mention a method often say everything of it but how it goes.

    Args:
        paper: Whose text is searched.
        request: What is to be computed, English.
        embedder: Embeds both.
        k: Most stretches.
    """
    printed = _evidence(paper, request, list(_algorithms(paper)), embedder)
    nearest = sorted(
        (one for one in printed if one.cosine >= _NEAR or _is_named(one, request)),
        key=lambda one: (_is_named(one, request), one.cosine),
        reverse=True,
    )
    passages = [
        _Span(p.page, p.start, p.end, p.section, p.reading, found.score)
        for found in paper.best_passages(request, k, FORMULA_WEIGHT)
        for p in [found.passage]
    ]
    explained = _evidence(paper, request, passages, embedder)
    return [*nearest[:1], *(one for one in explained if not _within(one, nearest[:1]))][:k]


def _algorithms(paper: OpenPaper) -> Iterator[_Span]:
    """The algorithms that a paper prints: a caption and the lines below it, which layout takes for a figure's."""
    text, blocks = paper.text.text, paper.text.blocks
    for place, block in enumerate(blocks):
        title = _ALGORITHM.match(text, block.start, block.end)
        if title is None:
            continue
        page, end = paper.text.page_at(block.start), block.end
        for below in blocks[place + 1 :]:
            if below.kind not in ("figure", "algorithm") or paper.text.page_at(below.start) != page:
                break
            end = below.end
        end = min(end, block.start + _ALGORITHM_CHARACTERS)
        yield _Span(page, block.start, end, block.section, title[0])


def _evidence(
    paper: OpenPaper, request: str, spans: list[_Span], embedder: Embedder
) -> list[Evidence]:
    """Stretches of a paper with their nearness to the request."""
    if not spans:
        return []
    asked, *vectors = embedder.encode([request, *(span.reading for span in spans)])
    text = paper.text.text
    return [
        Evidence(
            paper=paper.paper,
            page=span.page,
            start=span.start - paper.text.page_start(span.page),
            text=text[span.start : span.end],
            reading=span.reading,
            passage=context(text, span.start, span.end),
            score=span.score,
            cosine=float(vector @ asked),
            vector=vector,
            section=span.section,
            form=paper.text.form,
        )
        for span, vector in zip(spans, vectors, strict=True)
    ]


def _is_named(algorithm: Evidence, request: str) -> bool:
    """Whether a request calls an algorithm by its name."""
    title = " ".join(algorithm.reading.split()[:_NAME_WORDS])
    return bool(names(title) & names(request))


def _within(one: Evidence, others: list[Evidence]) -> bool:
    """Whether a stretch overlaps another."""
    return any(
        one.page == other.page
        and one.start < other.start + len(other.text)
        and other.start < one.start + len(one.text)
        for other in others
    )
