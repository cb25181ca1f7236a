"""What a review takes from one paper: its few sentences that say most, each an exact quote."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ingestion.embedding import Embedder
from ingestion.errors import DocumentError
from ingestion.fulltext.quotable import why_not_quotable
from ingestion.fulltext.sentences import sentence_spans
from ingestion.paper import Paper
from rag_agent.asking.services import Services
from rag_agent.grounding.evidence import Evidence, context

OF_A_PAPER = 3
"""Quotes that a review may take from one paper."""
_FROM_FULL_TEXT = 6
_LONGEST_CHARACTERS = 420
_LEAST_WORDS = 7

# How abstracts announce what they add and what they found; the rest of an abstract is other people's work.
_ADDS = re.compile(
    r"\b(?:we|this (?:paper|work|article|study|review|survey)|here)\b.{0,40}\b(?:propos|present|introduc|develop|show|"
    r"demonstrat|find|found|report|prov|deriv|stud|investigat|analy[sz]|measur|establish|review|survey|describ|"
    r"construct|obtain|compar|evaluat|examin|explor|provid|argue|suggest|observ|detect|conclude)",
    re.IGNORECASE,
)
_FINDS = re.compile(
    r"\b(?:results?|experiments?|simulations?|evaluations?|findings?|observations?)\b.{0,60}\b(?:show|demonstrat|"
    r"indicat|reveal|suggest|confirm|achiev|outperform)|\b(?:outperform|achiev|improv|reduc|increas)",
    re.IGNORECASE,
)
_ADDS_SHARE, _FINDS_SHARE = 0.3, 0.2
_LEANS = re.compile(
    r"^(?:however|this|these|those|it|they|such|to (?:this|that) end|to address|additionally|furthermore|moreover|"
    r"our code|code|project page|in addition|also|but|the code)\b|\b(?:https?://|github)",
    re.IGNORECASE,
)
_LEANS_SHARE = 0.25


def quotes_of(paper: Paper, topic: str, services: Services) -> list[Evidence]:
    """The sentences of a paper that a review may stand on, the most telling first.

    Abstracts say in few sentences what a paper adds; the full text is read too where its PDF is at hand.
    """
    found = _of_abstract(paper, services.embedder) + _of_full_text(paper, topic, services)
    if not found:
        return []
    near = services.embedder.encode([topic])[0]
    scored = [replace(e, cosine=float(e.vector @ near), score=_worth(e, near)) for e in found]
    best = sorted(scored, key=lambda e: -e.score)
    kept: list[Evidence] = []
    for e in best:
        if len(kept) < OF_A_PAPER and all(float(e.vector @ other.vector) < 0.8 for other in kept):
            kept.append(e)
    return kept


def _of_abstract(paper: Paper, embedder: Embedder) -> list[Evidence]:
    text = paper.text
    spans = sentence_spans(text, len(paper.title) + 1, len(text))
    fit = [(a, b) for a, b in spans if _fits(text[a:b])]
    if not fit:
        return []
    vectors = embedder.encode([text[a:b] for a, b in fit])
    return [
        Evidence(paper, None, a, text[a:b], text[a:b], context(text, a, b), 0.0, 0.0, vector)
        for (a, b), vector in zip(fit, vectors, strict=True)
    ]


def _of_full_text(paper: Paper, topic: str, services: Services) -> list[Evidence]:
    """Sentences near the topic of a PDF at hand; none is fetched, since thirty would take arXiv's whole budget."""
    try:
        at_hand = services.library.full_text(paper, None)
        if at_hand is None:
            return []
        opened = services.full_text_of(at_hand.paper, at_hand.file)
    except DocumentError as error:
        services.notice(error)
        return []
    return [
        e for e in opened.best_sentences(topic, _FROM_FULL_TEXT) if e.quotable and _fits(e.text)
    ]


def _fits(text: str) -> bool:
    short = len(text.split()) < _LEAST_WORDS or len(text) > _LONGEST_CHARACTERS
    return not short and not why_not_quotable(text, "abstract")


def _worth(e: Evidence, topic: np.ndarray[Any, np.dtype[np.float32]]) -> float:
    adds = _ADDS_SHARE * bool(_ADDS.search(e.text)) + _FINDS_SHARE * bool(_FINDS.search(e.text))
    leans = _LEANS_SHARE * bool(_LEANS.search(e.text))
    return float(e.vector @ topic) + adds - leans


def as_json(quotes: Sequence[Evidence]) -> list[dict[str, Any]]:
    """Quotes of one paper as a job keeps them, without their vectors."""
    names = (
        "page",
        "start",
        "text",
        "reading",
        "passage",
        "score",
        "cosine",
        "section",
        "quotable",
    )
    return [
        {**{name: getattr(e, name) for name in names}, "topic": sorted(e.topic)} for e in quotes
    ]


def from_json(stored: Sequence[dict[str, Any]], paper: Paper, embedder: Embedder) -> list[Evidence]:
    """The quotes that `as_json` kept, embedded again."""
    if not stored:
        return []
    vectors = embedder.encode([one["reading"] for one in stored])
    return [
        Evidence(paper=paper, vector=vector, **{**one, "topic": frozenset(one["topic"])})
        for one, vector in zip(stored, vectors, strict=True)
    ]
