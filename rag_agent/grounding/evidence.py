"""The sentences a model may answer from: few, relevant, each with its exact place in its source."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ingestion.document import Form
from ingestion.embedding import Embedder, Vectors
from ingestion.fulltext.quotable import why_not_quotable
from ingestion.fulltext.sentences import sentence_spans
from ingestion.paper import Paper
from ingestion.terms import terms
from rag_agent.citation import Hit, QuoteKind, quote_kind

# First choices by reading what came out on top; no benchmark searched for them.
_KEYWORD_SHARE = 0.3  # weight of shared terms beside the cosine
_PAPER_SHARE = 0.2  # weight of the paper's own cosine, so that the best papers' sentences lead
_NEIGHBOUR_SHARE = 0.15  # a sentence beside a very good one often completes it
_CONTEXT_CHARACTERS = 400
_EMBEDDED = (
    36  # three times what is shown; 64 sentences of 8 abstracts took 0.4 s, 36 about half of it
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One quotable sentence.

    Args:
        paper: Its source.
        page: Page of the PDF from 1; 0 for a full text without pages, None for an abstract.
        start: Offset of `text` in the page's text, in the document's where it has no pages, or in `Paper.text`.
        text: The sentence, exactly as stored.
        reading: What the model is shown: the text, or a table row with its caption and column labels.
        passage: Stored text around it; contains `text`.
        score: Relevance to the question, comparable within one question.
        cosine: Raw cosine of the sentence to the question, -1 to 1.
        vector: Embedding of `reading`, float32 (dim,) of norm 1.
        section: Title of its section; empty for an abstract.
        quotable: Whether it says something by itself; a heading, a question or a cut bullet does not.
        topic: Names that the whole paper is about, folded as `names.names` gives them.
        is_row: Whether it is a table's row, whose reading has the cells asked for alone.
        lead_in: What opens its list, where the question asks for that list; else empty.
        completes: Whether it is shown for the sake of its list alone.
        form: What its full text was read from; None for an abstract.
    """

    paper: Paper
    page: int | None
    start: int
    text: str
    reading: str
    passage: str
    score: float
    cosine: float
    vector: Vectors = field(compare=False, repr=False)
    section: str = ""
    quotable: bool = True
    topic: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    is_row: bool = False
    lead_in: str = ""
    completes: bool = False
    form: Form | None = None

    @property
    def kind(self) -> QuoteKind:
        """Whose words it is, and in which form they were read."""
        return self.form or quote_kind(self.paper, self.page)


def abstract_evidence(
    question: str, hits: Sequence[Hit], embedder: Embedder, limit: int
) -> list[Evidence]:
    """The `limit` sentences of the hits' abstracts that say most about the question.

    They are ordered paper by paper, the best paper first, and within one as they stand there.

    Args:
        question: English.
        hits: Papers to take sentences of, best first.
        embedder: Embeds question and sentences.
        limit: Most sentences returned.
    """
    spans = [
        (rank, start, end)
        for rank, hit in enumerate(hits)
        for start, end in sentence_spans(
            hit.paper.text, len(hit.paper.title) + 1, len(hit.paper.text)
        )
    ]
    texts = [hits[rank].paper.text[start:end] for rank, start, end in spans]
    shared = _shared_terms(question, texts)
    of_paper = np.array([hits[rank].cosine for rank, _, _ in spans], np.float32)
    likely = np.argsort(-(_KEYWORD_SHARE * shared + _PAPER_SHARE * of_paper), kind="stable")
    near = sorted(likely[:_EMBEDDED].tolist())
    vectors = embedder.encode([question, *(texts[i] for i in near)])
    cosines = np.zeros(len(spans), np.float32)
    cosines[near] = vectors[1:] @ vectors[0]
    scores = _with_neighbours(cosines + _KEYWORD_SHARE * shared, [rank for rank, _, _ in spans])
    scores += _PAPER_SHARE * of_paper
    places = {i: place for place, i in enumerate(near, start=1)}
    chosen = sorted(sorted(near, key=lambda i: -scores[i])[:limit])
    return [
        Evidence(
            paper=hits[spans[i][0]].paper,
            page=None,
            start=spans[i][1],
            text=texts[i],
            reading=texts[i],
            passage=context(hits[spans[i][0]].paper.text, spans[i][1], spans[i][2]),
            score=float(scores[i]),
            cosine=float(cosines[i]),
            vector=vectors[places[i]],
            quotable=not why_not_quotable(texts[i], "abstract"),
        )
        for i in chosen
    ]


def best_of(
    question: str, evidence: Sequence[Evidence], embedder: Embedder, limit: int
) -> list[Evidence]:
    """The `limit` best of sentences that come from abstracts and full texts, on one scale, in their order.

    A summary of this project's own gives way where the paper's own words are at hand.
    """
    read = {e.paper.arxiv_id for e in evidence if e.page is not None}
    own = [e for e in evidence if e.page is not None or e.paper.arxiv_id not in read]
    if not own:
        return []
    near = embedder.encode([question])[0]
    shared = _shared_terms(question, [e.reading for e in own])
    scored = [
        replace(e, score=float(e.vector @ near) + _KEYWORD_SHARE * float(share))
        for e, share in zip(own, shared, strict=True)
    ]
    best = set(sorted(range(len(scored)), key=lambda i: -scored[i].score)[:limit])
    return [e for i, e in enumerate(scored) if i in best]


def _shared_terms(question: str, texts: Sequence[str]) -> NDArray[np.float32]:
    """The share of the question's terms that each text has: float32 (len(texts),), 0 to 1."""
    asked = set(terms(question))
    shared = [len(asked & set(terms(text))) / max(1, len(asked)) for text in texts]
    return np.array(shared, np.float32)


def context(text: str, start: int, end: int) -> str:
    """The stored text around a span, cut at blanks; contains the span exactly."""
    left = max(0, start - _CONTEXT_CHARACTERS)
    right = min(len(text), end + _CONTEXT_CHARACTERS)
    if left:
        blank = text.find(" ", left, start)
        left = blank + 1 if blank >= 0 else start
    if right < len(text):
        blank = text.rfind(" ", end, right)
        right = blank if blank >= 0 else end
    return text[left:right]


def _with_neighbours(scores: NDArray[np.float32], ranks: Sequence[int]) -> NDArray[np.float32]:
    """Each score raised by a share of its better neighbour's in the same paper."""
    raised = scores.copy()
    for i, rank in enumerate(ranks):
        beside = [j for j in (i - 1, i + 1) if 0 <= j < len(ranks) and ranks[j] == rank]
        if beside:
            raised[i] += _NEIGHBOUR_SHARE * max(0.0, max(float(scores[j]) for j in beside))
    return raised
