"""Which new papers are near a topic, the best first: near the topic, and near what the reader has and cites."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ingestion.embedding import Embedder
from ingestion.paper import Paper
from ingestion.store.collection import Store
from ingestion.terms import terms
from ingestion.watches.watch import Item

# Reciprocal rank fusion and its constant: Cormack, Clarke and Büttcher 2009, doi:10.1145/1571941.1572114.
_RRF = 60


def ranked(
    topic: str,
    papers: Sequence[Paper],
    own: Sequence[Paper],
    store: Store,
    embedder: Embedder,
    threshold: float,
) -> list[Item]:
    """The papers that are near the topic, or that name it, the best first.

    Nearness to the topic makes one ranking, nearness to the reader's nearest own paper another; both count
    alike. Papers that the store does not have are left out.

    Args:
        topic: In the reader's words.
        papers: Candidates.
        own: What the reader has and cites; may be empty.
        store: Has the vectors of all of them.
        embedder: The model that the vectors come from.
        threshold: Least cosine of topic and paper.
    """
    vectors = store.vectors([paper.arxiv_id for paper in papers]) if papers else None
    if vectors is None or not len(vectors):
        return []
    cosines = vectors @ embedder.encode([topic])[0]
    titles, beside = _own(own, vectors, store)
    order = np.argsort(-_fused(cosines, beside), kind="stable")
    wanted = set(terms(topic))
    return [
        Item(papers[i], float(cosines[i]), titles[i] if beside[i] >= threshold else "")
        for i in order.tolist()
        if cosines[i] >= threshold or wanted <= set(terms(papers[i].text))
    ]


def _own(
    own: Sequence[Paper], vectors: NDArray[np.float32], store: Store
) -> tuple[list[str], NDArray[np.float32]]:
    """Title of, and cosine with, the reader's paper that each candidate is nearest to."""
    if not own:
        return [""] * len(vectors), np.zeros(len(vectors), np.float32)
    near = vectors @ store.vectors([paper.arxiv_id for paper in own]).T
    return [own[i].title for i in near.argmax(axis=1).tolist()], near.max(axis=1)


def _fused(*scores: NDArray[np.float32]) -> NDArray[np.float64]:
    places = (np.argsort(np.argsort(-each, kind="stable"), kind="stable") for each in scores)
    return sum((1 / (_RRF + 1 + place) for place in places), np.zeros(len(scores[0])))
