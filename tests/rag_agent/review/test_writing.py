import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from ingestion.errors import AgentError, ModelUnavailable
from rag_agent.jobs import FolderJobs, Run
from rag_agent.model.client import Message
from rag_agent.review import writing
from rag_agent.review.review import Review
from tests.rag_agent.asking.desk import Desk, Shelf, desk, prompts
from tests.rag_agent.review.invented import FALL, LENS, PAPERS, RISE, TOPIC

ASKED = writing.arguments(TOPIC, [paper.arxiv_id for paper in PAPERS])


def copied(messages: Sequence[Message]) -> str:
    """What a careful model writes: the first excerpt, as it stands."""
    found = re.search(r"- (.*)", messages[-1][1])
    return found[1] if found else "NOTHING"


def shelf() -> Shelf:
    return Shelf(PAPERS)


def working(services: Desk) -> Callable[[Run], dict[str, Any]]:
    return lambda run: writing.write_review(run, services)


def reviewed(home: Path, *replies: Any) -> Review:
    jobs = FolderJobs(home)
    job = jobs.run(jobs.add(writing.KIND, ASKED).id, working(desk(*replies, shelf=shelf())))
    return Review.from_json(jobs.result(job.id) or {})


def test_every_sentence_has_an_exact_quote_and_every_paper_its_sentence(tmp_path: Path) -> None:
    review = reviewed(tmp_path, *[copied] * 20)
    assert {paper.arxiv_id for paper in review.papers} == {paper.arxiv_id for paper in PAPERS}
    texts = {paper.arxiv_id: paper.text for paper in PAPERS}
    for claim in review.sentences:
        assert claim.citations
        for citation in claim.citations:
            assert citation.quote in texts[citation.paper.arxiv_id]
    assert Review.from_json(review.as_json()).as_json() == review.as_json()


def test_the_authors_are_named_and_never_speak(tmp_path: Path) -> None:
    said = " ".join(
        claim.text for claim in reviewed(tmp_path, *[copied] * 20).sentences if not claim.quoted
    )
    assert "Example and Sample show that the rate" in said
    assert "Probe et al. recover the surface" in said
    assert not re.search(r"\b[Ww]e\b", said)


def test_a_sentence_that_no_quote_carries_is_dropped(tmp_path: Path) -> None:
    review = reviewed(
        tmp_path, *["The dough of Paris rises 99 times faster than any other dough."] * 20
    )
    assert not any(section.sentences for section in review.sections)
    assert all(claim.quoted for claim in review.sentences)


def test_papers_that_differ_stand_side_by_side_word_for_word(tmp_path: Path) -> None:
    (claim,) = reviewed(tmp_path, *[copied] * 20).differences
    assert {citation.paper.arxiv_id for citation in claim.citations} == {
        RISE.arxiv_id,
        FALL.arxiv_id,
    }
    assert "increases" in claim.text
    assert "decreases" in claim.text


def test_a_broken_off_review_goes_on_and_comes_out_the_same(tmp_path: Path) -> None:
    jobs = FolderJobs(tmp_path)
    id_ = jobs.add(writing.KIND, ASKED).id
    with pytest.raises(ModelUnavailable):
        jobs.run(id_, working(desk(copied, copied, ModelUnavailable("gone"), shelf=shelf())))
    second = desk(*[copied] * 20, shelf=shelf())
    jobs.run(id_, working(second))
    whole = desk(*[copied] * 20, shelf=shelf())
    other = FolderJobs(tmp_path / "whole")
    job = other.run(other.add(writing.KIND, ASKED).id, working(whole))
    resumed, uncut = (one or {} for one in (jobs.result(id_), other.result(job.id)))
    assert {**resumed, "seconds": 0} == {**uncut, "seconds": 0}
    assert len(prompts(second)) == len(prompts(whole)) - 2


def test_what_cannot_be_written_says_why(tmp_path: Path) -> None:
    with pytest.raises(AgentError, match="needs a topic"):
        writing.arguments("  ")
    jobs = FolderJobs(tmp_path)
    with pytest.raises(AgentError, match="reader model"):
        jobs.run(jobs.add(writing.KIND, ASKED).id, working(desk(no_model=True)))
    unknown = writing.arguments(TOPIC, ["2711.99999"])
    with pytest.raises(AgentError, match="No paper"):
        jobs.run(jobs.add(writing.KIND, unknown).id, working(desk()))


def test_only_papers_that_were_named_are_read(tmp_path: Path) -> None:
    jobs = FolderJobs(tmp_path)
    asked = writing.arguments(TOPIC, [LENS.arxiv_id])
    jobs.run(jobs.add(writing.KIND, asked).id, working(desk(*[copied] * 5, shelf=shelf())))
    assert [p.arxiv_id for p in Review.from_json(jobs.result(jobs.all()[0].id) or {}).papers] == [
        LENS.arxiv_id
    ]
