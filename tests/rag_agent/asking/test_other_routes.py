"""Papers fetched, the library listed, small talk: what needs no quotes."""

from typing import Any

import pytest

from rag_agent.asking.other_routes import chat, list_library, report_fetch
from rag_agent.asking.routing import decided
from rag_agent.asking.state import State
from rag_agent.events import TextWritten
from tests.papers import LIGHTHOUSE, PAPERS, SOURDOUGH, numbered
from tests.rag_agent.asking.desk import Shelf, asked, desk, prompts


def routed(question: str, language: str = "en") -> State:
    return asked(question, plan=decided(question), language=language)


def test_the_library_is_counted_and_its_pdfs_listed() -> None:
    shelf = Shelf()
    shelf.pdfs = [SOURDOUGH]
    services = desk(shelf=shelf)
    reply = list_library(routed("List the papers in my library"), services)["reply"]
    assert "3 papers; 1 of them" in reply
    assert f"- {SOURDOUGH.title} ({SOURDOUGH.arxiv_id})" in reply
    assert [e.text for e in services.events if isinstance(e, TextWritten)] == [reply]
    assert prompts(services) == []
    assert shelf.wanted == []


def test_a_library_without_pdfs_is_a_count_alone() -> None:
    reply = list_library(routed("How many papers are in my library?"), desk())["reply"]
    assert reply.startswith(f"The library holds {len(PAPERS)} papers")
    assert reply.endswith(".")
    assert "\n" not in reply


def test_a_long_list_says_how_many_it_leaves_out() -> None:
    shelf = Shelf(numbered(23))
    shelf.pdfs = list(shelf.papers.values())
    reply = list_library(routed("List the papers in my library"), desk(shelf=shelf))["reply"]
    assert reply.endswith("… and 3 more")
    assert len(reply.splitlines()) == 22


def test_the_library_is_told_in_chinese() -> None:
    reply = list_library(routed("文献库中有多少篇论文？", "zh"), desk())["reply"]
    assert "3 篇论文" in reply


def test_papers_that_came_are_listed() -> None:
    shelf = Shelf(papers=(), on_arxiv=(LIGHTHOUSE,))
    services = desk(shelf=shelf, fetch=True)
    made = report_fetch(routed("Get me the newest papers on lighthouse lenses"), services)
    assert made["fetched"] == [LIGHTHOUSE.arxiv_id]
    assert LIGHTHOUSE.title in made["reply"]
    assert shelf.wanted == ["lighthouse lenses"]


def test_nothing_from_arxiv_is_said() -> None:
    shelf = Shelf(papers=())
    shelf.arxiv_is_down = True
    services = desk(shelf=shelf, fetch=True)
    made = report_fetch(routed("Get papers on lighthouse lenses"), services)
    assert made["reply"] == "No papers came from arXiv."
    assert services.notices


@pytest.mark.parametrize(
    ("kind", "off_topic"), [("greeting", False), ("thanks", False), ("other", True)]
)
def test_small_talk_is_answered_with_words_written_here(kind: str, off_topic: bool) -> None:
    made = chat(routed("Hello!"), desk({"kind": kind}))
    assert made["reply"]
    assert made["off_topic"] is off_topic


def test_small_talk_that_the_model_cannot_place_is_told_and_answered() -> None:
    services = desk("no json", "none")
    assert chat(routed("Hello!"), services)["reply"]
    assert services.notices


def test_without_a_model_small_talk_says_what_the_program_does() -> None:
    made: Any = chat(routed("你好！", "zh"), desk(no_model=True))
    assert "arXiv" in made["reply"]
