"""The papers of a review: from the library, from arXiv within its budget, from the references of those found."""

from collections.abc import Sequence
from typing import Any

from rag_agent.asking.citing.following import leads_near, looked_up
from rag_agent.asking.papers import paper_of
from rag_agent.asking.planning import ids_in
from rag_agent.asking.research import fetched
from rag_agent.asking.services import Services
from rag_agent.jobs import Run
from rag_agent.review.selection import aspects, select

_FEW = 8  # with fewer papers arXiv is asked
_SHARE_OF_CITED = 5
"""One place of so many is kept for works that the papers found cite, if they cite any that is near."""
_ON_AN_ASPECT = 0.1
"""So far below the threshold of what answers a question a review takes works on an aspect of its topic. Of the 32
nearest on four topics among 20,000 papers some 27 belong, as Attention Is All You Need does (0.48) to attention."""
_TRIED = 3  # works looked up for each of these places: many are neither in the library nor on arXiv


def found_for(asked: dict[str, Any], services: Services, run: Run) -> dict[str, Any]:
    """Ids of the papers that pass, which of them came by references, and the parts on which none was found.

    Args:
        asked: The job's arguments; papers that it names are taken as they are.
        services: Whose arXiv budget is kept to.
        run: Told what is done.
    """
    if asked["papers"]:
        return {"ids": asked["papers"], "not_found": [], "followed": []}
    topic, most = asked["question"], asked["most"]
    ids = _searched(topic, most, services)
    if len(ids) < min(_FEW, most) and fetched(topic.split("\n")[0], topic, services):
        ids = _searched(topic, most, services)
    run.tell(f"following references of {len(ids)} papers", 0, 0)
    cited, followed = _followed(topic, ids, most, services)
    ids = [*ids[: most - len(cited)], *cited]
    return {"ids": ids, "not_found": _not_found(topic, ids, services), "followed": followed}


def _searched(topic: str, most: int, services: Services) -> list[str]:
    hits = select(
        topic,
        services.store,
        services.embedder,
        most=most,
        threshold=services.settings.retrieval.threshold,
        leave_out=[str(id_.id) for id_ in ids_in(topic)],
    )
    least = services.settings.retrieval.threshold - _ON_AN_ASPECT
    return [hit.paper.arxiv_id for hit in hits if hit.cosine >= least]


def _followed(
    topic: str, ids: Sequence[str], most: int, services: Services
) -> tuple[list[str], list[str]]:
    """Ids of cited works near to the topic that the search did not take, and how each came about."""
    places = most // _SHARE_OF_CITED
    papers = [paper for id_ in ids if (paper := paper_of(id_, services)) is not None]
    cited: list[str] = []
    told: list[str] = []
    with services.step("follow references", topic.split("\n")[0]) as closing:
        for lead in leads_near(topic, papers, services)[: _TRIED * places]:
            paper = looked_up(lead, services) if len(cited) < places else None
            if paper is not None and paper.arxiv_id not in (*ids, *cited):
                cited.append(paper.arxiv_id)
                told.append(f"“{paper.title}” ({paper.arxiv_id}), {lead.named}")
        closing.extend(told or ["nothing cited is near the topic and can be had"])
    return cited, told


def _not_found(topic: str, ids: Sequence[str], services: Services) -> list[str]:
    """The topic's sentences to which no paper is near."""
    _, parts, _ = aspects(topic)
    if not ids:
        return parts
    near = services.embedder.encode(parts) @ services.store.vectors(ids).T
    threshold = services.settings.retrieval.threshold
    return [part for part, best in zip(parts, near.max(axis=1), strict=True) if best < threshold]
