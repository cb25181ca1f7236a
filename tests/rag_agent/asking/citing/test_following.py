"""A question whose answer stands in a cited paper only, asked of the whole program over a server that plays arXiv."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingestion.embedding import HashingEmbedder
from ingestion.fulltext.pdf_files import pdf_of as file_of
from ingestion.paper import Paper
from ingestion.pipeline import ingest
from ingestion.store.collection import Store
from rag_agent.answer import Answer
from rag_agent.assistant import Assistant
from rag_agent.events import Answered
from rag_agent.model.client import Message
from rag_agent.model.scripted import ScriptedModel
from rag_agent.settings import load_settings
from tests.fake_arxiv import FakeArxiv, pdf_of
from tests.papers import LIGHTHOUSE, PONDS

QUESTION = "How large is the lunar tide of a garden pond?"
CITED = "2711.00003"  # on the played arXiv, and in no library
SURVEY = replace(
    PONDS,
    arxiv_id="2711.00090",
    version=0,
    title="A survey of the lunar tide of a garden pond",
    abstract="We survey how the lunar tide of a garden pond has been measured by others. "
    "The lunar tide of a garden pond is hard to measure with instruments of the shed.",
)
SURVEY_TEXT = (
    SURVEY.title,
    "Abstract",
    SURVEY.abstract,
    "1 Introduction",
    "The lunar tide of a garden pond was measured with a float by Example [1], and hoses knot [2].",
    "References",
    "[1] Dara Example. Tide tables for garden ponds. arXiv:2711.00003, 2027.",
    "[2] Cleo Example. Knots in garden hoses. Journal of Hoses, 1999.",
)

Make = Callable[..., Assistant]


def only_if_shown(messages: Sequence[Message]) -> str:
    shown = "\n".join(text for _, text in messages)
    return (
        "The lunar tide of the pond is 31 nanometres." if "31 nanometres" in shown else "NOT STATED"
    )


@pytest.fixture
def make(library: Path, store: Store, embedder: HashingEmbedder, arxiv: FakeArxiv) -> Make:
    """Makes an assistant whose library has a survey, with its full text, and these papers."""

    def make(*papers: Paper, reply: Any = only_if_shown, **agent: Any) -> Assistant:
        ingest([SURVEY, LIGHTHOUSE, *papers], store, embedder, library, source="starter")
        settings = load_settings(
            arxiv={
                "api_url": arxiv.api_url,
                "pdf_url": arxiv.pdf_url,
                "delay_s": 0,
                "timeout_s": 2,
                "max_tries": 1,
            },
            retrieval={"threshold": 0.3},
            catalogues={"semantic_scholar_url": "http://127.0.0.1:9", "delay_s": 0},
            agent={"rounds": 1, "read_papers": 2, **agent},
        )
        settings.assets.mkdir(parents=True, exist_ok=True)
        (settings.assets / f"{SURVEY.arxiv_id}.pdf").write_bytes(pdf_of(SURVEY_TEXT))
        replies = [reply] * 20
        return Assistant(settings, models=lambda role: ScriptedModel(replies), embedder=embedder)

    return make


def ask(assistant: Assistant) -> Answer:
    *_, last = assistant.ask(QUESTION)
    assert isinstance(last, Answered), last
    return last.answer


@pytest.mark.long
def test_a_reference_is_followed_to_arxiv_and_the_steps_say_so(
    make: Make, arxiv: FakeArxiv
) -> None:
    assistant = make()
    answer = ask(assistant)
    assert answer.verdict == "supported"
    assert {citation.paper.arxiv_id for citation in answer.sources} == {CITED}
    assert "31 nanometres" in answer.sources[0].quote
    details = {step.name: step.detail for step in answer.steps}
    assert "“Tide tables for garden ponds” (2711.00003)" in details["follow references"]
    assert f"cited as [1] by {SURVEY.arxiv_id}" in details["follow references"]
    assert "fetch from arXiv" not in details
    assert all("all%3A" not in path for _, path in arxiv.requests)  # looked up, not searched for
    assert assistant.library.get([CITED])  # and is kept
    assert file_of(assistant.settings.assets, CITED, 1) is not None


@pytest.mark.long
def test_the_library_is_looked_in_first(make: Make, arxiv: FakeArxiv) -> None:
    known = replace(PONDS, arxiv_id=CITED, abstract="A pond has tides. " * 5)
    answer = ask(make(known))
    assert {citation.paper.arxiv_id for citation in answer.sources} == {CITED}
    assert all("id_list" not in path for _, path in arxiv.requests)


@pytest.mark.long
def test_without_arxiv_the_step_says_what_cannot_be_had(make: Make, arxiv: FakeArxiv) -> None:
    answer = ask(make(fetch=False))
    assert answer.verdict == "declined"
    details = {step.name: step.detail for step in answer.steps}
    assert "cannot be had" in details["follow references"]
    assert arxiv.requests == []


@pytest.mark.long
def test_arxiv_down_is_one_notice_and_an_honest_answer(make: Make, arxiv: FakeArxiv) -> None:
    arxiv.faults = ["429"] * 20
    arxiv.retry_after_s = 600
    answer = ask(make())
    assert answer.verdict == "declined"
    assert sum("arXiv" in notice for notice in answer.notices) == 1


def test_no_text_is_read_where_settings_forbid_it(make: Make, arxiv: FakeArxiv) -> None:
    answer = ask(make(read_papers=0, fetch=False))
    assert "follow references" not in [step.name for step in answer.steps]


@pytest.mark.long
def test_a_mark_in_a_quote_of_the_answer_names_its_paper(make: Make) -> None:
    said = "The lunar tide of a garden pond was measured with a float by Example."
    (citation,) = ask(make(fetch=False, reply=said)).sources
    assert "[1]" in citation.quote
    (work,) = [work for work in citation.cites if work.mark == "[1]"]
    assert (work.title, work.arxiv_id) == ("Tide tables for garden ponds", CITED)
    assert citation.as_json()["cites"][0]["mark"] == "[1]"
    assert type(citation).from_json(citation.as_json()).cites == citation.cites
