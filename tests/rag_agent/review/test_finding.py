"""A review takes in what its papers cite, over a server that plays arXiv."""

from typing import Any

import pytest

from rag_agent.assistant import Assistant
from rag_agent.citation import Hit
from rag_agent.jobs import Job
from rag_agent.review import finding, writing
from rag_agent.review.review import Review
from tests.fake_arxiv import FakeArxiv
from tests.papers import PAPERS
from tests.rag_agent.asking.citing.test_following import (  # noqa: F401  # a fixture
    CITED,
    SURVEY,
    Make,
    make,
)
from tests.rag_agent.asking.desk import desk
from tests.rag_agent.review.test_writing import copied

TOPIC = "The lunar tide of a garden pond"


def reviewed(assistant: Assistant, most: int = 10) -> tuple[Review, list[str]]:
    """The review, and what its job said it was doing."""
    doing: list[str] = []

    def note(job: Job) -> None:
        doing.append(job.doing)

    job = assistant.jobs.add(writing.KIND, writing.arguments(TOPIC, most=most))
    assistant.work(job.id, note)
    result: dict[str, Any] | None = assistant.jobs.result(job.id)
    assert result
    return Review.from_json(result), doing


@pytest.mark.long
def test_what_the_papers_found_cite_is_looked_up_and_read(
    make: Make,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(finding, "fetched", lambda *asked: [])  # arXiv is not searched
    review, doing = reviewed(make(reply=copied), most=5)
    assert CITED in {paper.arxiv_id for paper in (*review.papers, *review.unused)}
    (told,) = review.followed
    assert told == f"“Tide tables for garden ponds” ({CITED}), cited as [1] by {SURVEY.arxiv_id}"
    assert "following references of 1 papers" in doing
    assert any(doing.startswith("reading Tide tables") for doing in doing)


@pytest.mark.long
def test_no_place_is_taken_from_a_short_review(make: Make, arxiv: FakeArxiv) -> None:  # noqa: F811
    review, _ = reviewed(make(reply=copied), most=1)
    assert [paper.arxiv_id for paper in review.papers] == [SURVEY.arxiv_id]
    assert not review.followed


@pytest.mark.long
def test_without_arxiv_the_review_rests_on_the_library(make: Make, arxiv: FakeArxiv) -> None:  # noqa: F811
    review, _ = reviewed(make(reply=copied, fetch=False))
    assert SURVEY.arxiv_id in {paper.arxiv_id for paper in review.papers}
    assert not review.followed
    assert arxiv.requests == []


def test_works_on_an_aspect_of_the_topic_are_taken_and_what_is_far_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    services = desk(fetch=False)
    threshold = services.settings.retrieval.threshold
    near = [
        Hit(paper, threshold + more, 1.0, passes=more >= 0)
        for paper, more in zip(PAPERS, (0.1, -0.05, -0.2), strict=False)
    ]
    monkeypatch.setattr(finding, "select", lambda *asked, **how: near)
    assert finding._searched(TOPIC, 10, services) == [hit.paper.arxiv_id for hit in near[:2]]
