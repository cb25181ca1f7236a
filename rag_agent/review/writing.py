"""A review written: papers found, each read once, sections planned, every sentence from quotes and checked."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ingestion.errors import AgentError
from ingestion.paper import Paper
from rag_agent.asking.papers import paper_of
from rag_agent.asking.services import Services
from rag_agent.citation import Citation, Claim
from rag_agent.grounding.evidence import Evidence
from rag_agent.jobs import Run
from rag_agent.review import quotes as quoting
from rag_agent.review.differences import differing
from rag_agent.review.finding import found_for
from rag_agent.review.plan import groups_of, sections_of, title_of
from rag_agent.review.review import Review, Section, cited
from rag_agent.review.sentences import difference, says_new, sentence

KIND = "review"
Place = tuple[str, int | None, int]
"""Where a quote stands: paper, page, offset."""
_SENTENCES_OF_A_PAPER = 2


def arguments(topic: str, papers: Sequence[str] = (), most: int = 30) -> dict[str, Any]:
    """What a job of a review is asked.

    Args:
        topic: A question, a phrase, or a title with an abstract on further lines.
        papers: Ids of the papers; empty: they are found.
        most: Most papers found.

    Raises:
        AgentError: There is no topic.
    """
    if not topic.strip():
        raise AgentError("A review needs a topic", next_step="Say what it is about")
    return {"question": topic.strip(), "papers": list(papers), "most": most}


def write_review(run: Run, services: Services) -> dict[str, Any]:
    """The review of a job, as JSON. Reading a paper is a part of the job, so is writing a sentence.

    Raises:
        AgentError: There is no reader model, or no paper.
    """
    began = time.monotonic()
    if services.reader is None:
        raise AgentError(
            "A review needs a reader model",
            next_step="`arxiv-agent setup` brings one; then start again",
        )
    topic = run.arguments["question"]
    run.tell("finding papers", 0, 0)
    found = run.part("papers", lambda: found_for(run.arguments, services, run))
    papers = _papers(found["ids"], services)
    taken = _read(run, papers, topic, services)
    planned = run.part("plan", lambda: _plan(papers, taken, topic, services))
    sections = _written(run, planned, taken, services)
    authors_own = [q for own in taken.values() for q in own if q.kind != "summary"]
    differences = tuple(difference(a, b) for a, b in differing(authors_own))
    said = [s for section in sections for s in section.sentences]
    order = {c.paper.arxiv_id: None for c in cited([*said, *differences])}
    by_id = {paper.arxiv_id: paper for paper in papers}
    keys: dict[Place, int] = {}
    return Review(
        topic=topic,
        sections=tuple(
            Section(one.title, _numbered(one.sentences, keys)) for one in sections if one.sentences
        ),
        differences=_numbered(differences, keys),
        papers=tuple(by_id[id_] for id_ in order),
        unused=tuple(paper for paper in papers if paper.arxiv_id not in order),
        not_found=tuple(found["not_found"]),
        followed=tuple(
            found.get("followed", ())
        ),  # a job begun before references were followed has none
        notices=tuple(services.notices),
        model=services.reader.name,
        seconds=time.monotonic() - began,
    ).as_json()


def _papers(ids: Sequence[str], services: Services) -> list[Paper]:
    papers = [paper for id_ in ids if (paper := paper_of(id_, services)) is not None]
    if not papers:
        raise AgentError(
            "No paper on this topic was found", next_step="Bring papers in with `arxiv-agent fetch`"
        )
    return papers


def _read(
    run: Run, papers: Sequence[Paper], topic: str, services: Services
) -> dict[str, list[Evidence]]:
    """The quotes of each paper, by its id."""
    taken = {}
    for number, paper in enumerate(papers):
        run.tell(f"reading {paper.title[:80]}", number, 3 * len(papers))
        stored = run.part(f"read/{paper.arxiv_id}", _reading(paper, topic, services))
        taken[paper.arxiv_id] = quoting.from_json(stored, paper, services.embedder)
    return taken


def _reading(paper: Paper, topic: str, services: Services) -> Callable[[], list[dict[str, Any]]]:
    return lambda: quoting.as_json(quoting.quotes_of(paper, topic, services))


def _plan(
    papers: Sequence[Paper], taken: dict[str, list[Evidence]], topic: str, services: Services
) -> list[list[Any]]:
    """Titles of sections with the ids of their papers."""
    with_quotes = [paper for paper in papers if taken[paper.arxiv_id]]
    if not with_quotes:
        return []
    vectors = services.embedder.encode([paper.text for paper in with_quotes])
    plan: list[list[Any]] = []
    for members in sections_of(np.asarray(vectors, np.float32)):
        own = [with_quotes[i] for i in members]
        others = [paper for paper in with_quotes if paper not in own]
        title = title_of(own, others, topic, [title for title, _ in plan])
        plan.append([title, [paper.arxiv_id for paper in own]])
    return plan


def _written(
    run: Run, plan: Sequence[Sequence[Any]], taken: dict[str, list[Evidence]], services: Services
) -> list[Section]:
    """Each section's sentences: first what its papers add, then what they found."""
    read = len(taken)
    work = [(title, group) for title, ids in plan for group in _groups(ids, taken)]
    sections: dict[str, list[Claim]] = {title: [] for title, _ in plan}
    counts: dict[str, int] = {}
    total = read + len(work)
    said: list[Claim] = []
    for number, (title, group) in enumerate(work):
        run.tell(f"writing “{title}”", read + number, total)
        for quotes in (group, *([quote] for quote in group if len(group) > 1)):
            wanted = [q for q in quotes if counts.get(q.paper.arxiv_id, 0) < _SENTENCES_OF_A_PAPER]
            fresh = [q for q in wanted if not _cited(q, said)]
            if not fresh or len(wanted) < len(quotes):
                continue
            claim = _one(run, quotes, services)
            if claim is not None and says_new(claim, said):
                sections[title].append(claim)
                said.append(claim)
                for id_ in {citation.paper.arxiv_id for citation in claim.citations}:
                    counts[id_] = counts.get(id_, 0) + 1
    return [Section(title, tuple(sections[title])) for title, _ in plan]


def _groups(ids: Sequence[str], taken: dict[str, list[Evidence]]) -> list[list[Evidence]]:
    """The groups of a section: of the papers' first quotes, then of their second ones, then single third ones."""
    ranks = [
        [taken[id_][rank] for id_ in ids if len(taken[id_]) > rank]
        for rank in range(quoting.OF_A_PAPER)
    ]
    return [group for rank in ranks for group in groups_of(rank)]


def _one(run: Run, quotes: Sequence[Evidence], services: Services) -> Claim | None:
    key = "write/" + "+".join(f"{q.paper.arxiv_id}:{q.page or 0}:{q.start}" for q in quotes)

    def make() -> dict[str, Any] | None:
        claim = sentence(quotes, services)
        return claim.as_json() if claim else None

    stored = run.part(key, make)
    return Claim.from_json(stored) if stored else None


def _numbered(claims: Sequence[Claim], keys: dict[Place, int]) -> tuple[Claim, ...]:
    """The sentences with their quotes numbered through the whole review; the same quote keeps its number."""

    def number(c: Citation) -> Citation:
        return replace(c, key=keys.setdefault((c.paper.arxiv_id, c.page, c.start), len(keys) + 1))

    return tuple(replace(claim, citations=tuple(map(number, claim.citations))) for claim in claims)


def _cited(quote: Evidence, said: Sequence[Claim]) -> bool:
    place = (quote.paper.arxiv_id, quote.page, quote.start)
    return any((c.paper.arxiv_id, c.page, c.start) == place for c in cited(said))
