"""Looking for papers on a question: searches, full texts, other queries, arXiv."""

from typing import Any

from ingestion.errors import ModelUnavailable
from rag_agent.asking.planning import plain_plan
from rag_agent.asking.research import fetch, look_again, read_found, retrieve
from rag_agent.asking.state import State
from rag_agent.events import Fetched, Searched
from tests.papers import LIGHTHOUSE, PONDS, SOURDOUGH
from tests.rag_agent.asking.desk import Shelf, asked, desk, prompts
from tests.rag_agent.grounding.pieces import PEAK, evidence

QUESTION = "When does the rate of bubble bursts peak?"


def searching(question: str = QUESTION, **more: Any) -> State:
    return asked(question, plan=plain_plan(question), parts=[question], **more)


def test_the_sentences_of_papers_that_pass_are_gathered() -> None:
    services = desk()
    made = retrieve(searching(), services)
    assert PEAK in [found.text for found in made["evidence"]]
    assert {found.paper.arxiv_id for found in made["evidence"]} == {SOURDOUGH.arxiv_id}
    assert (made["tried"], made["queries"], made["rounds"]) == ([QUESTION], [QUESTION], 1)
    (said,) = [event for event in services.events if isinstance(event, Searched)]
    assert (said.query, said.passing) == (QUESTION, 1)


def test_nothing_that_passes_is_no_evidence_but_the_nearest_papers_are_kept() -> None:
    made = retrieve(searching("Who built the zeppelin hull?"), desk())
    assert made["evidence"] == []
    assert made["nearest"]
    assert not any(hit.passes for hit in made["nearest"])


def test_a_second_search_is_for_the_latest_query() -> None:
    state = searching(tried=[QUESTION, "tide of a garden pond"], queries=[QUESTION], rounds=1)
    made = retrieve(state, desk())
    assert made["queries"] == [QUESTION, "tide of a garden pond"]
    assert made["rounds"] == 2
    assert {found.paper.arxiv_id for found in made["evidence"]} == {PONDS.arxiv_id}


def test_the_full_texts_of_the_best_papers_are_read() -> None:
    shelf = Shelf()
    shelf.pdfs = [SOURDOUGH]
    services = desk(shelf=shelf, read=[evidence(PEAK)], read_papers=2)
    made = read_found(searching(hits=shelf.search(QUESTION)), services)
    assert [(found.text, found.page) for found in made["evidence"]] == [(PEAK, 3)]
    assert made["deepened"]


def test_without_a_model_there_is_no_other_query() -> None:
    state = searching(tried=[QUESTION], hits=())
    assert look_again(state, desk(no_model=True)) == {"given_up": True}


def test_a_passage_is_imagined_first_where_nothing_passed() -> None:
    imagined = "The rate of bubble bursts peaks early."
    made = look_again(searching(tried=[QUESTION], hits=()), desk(imagined))
    assert made == {"tried": [QUESTION, imagined], "imagined": [imagined]}


def test_then_other_words_are_tried() -> None:
    tried = [QUESTION, "a passage", "another"]
    services = desk({"query": "bubble bursts over time"})
    made = look_again(searching(tried=tried, hits=()), services)
    assert made == {"tried": [*tried, "bubble bursts over time"], "imagined": []}


def test_a_query_that_was_tried_ends_the_search() -> None:
    tried = [QUESTION, "a passage", "bubble bursts over time"]
    services = desk({"query": "bubble bursts over time"})
    assert look_again(searching(tried=tried, hits=()), services) == {"given_up": True}


def test_a_query_that_strays_is_dropped_and_said() -> None:
    tried = [QUESTION, "a passage", "another"]
    services = desk({"query": "zeppelin hulls"})
    assert look_again(searching(tried=tried, hits=()), services) == {"given_up": True}
    assert "strays" in services.steps[-1].detail


def test_a_model_that_fails_is_told_and_ends_the_search() -> None:
    services = desk(ModelUnavailable("The server went away"))
    assert look_again(searching(tried=[QUESTION], hits=()), services) == {"given_up": True}
    assert "went away" in services.notices[0]


def test_papers_come_from_arxiv_and_the_search_begins_anew() -> None:
    shelf = Shelf(papers=(PONDS,), on_arxiv=(SOURDOUGH, LIGHTHOUSE))
    services = desk(shelf=shelf, fetch=True)
    made = fetch(searching("How are lighthouse lenses measured?", tried=["x"]), services)
    assert made == {"fetched": [LIGHTHOUSE.arxiv_id], "tried": [], "given_up": False}
    assert shelf.wanted == ["lighthouse lenses measured"]
    assert LIGHTHOUSE.arxiv_id in shelf.papers
    assert [event.new for event in services.events if isinstance(event, Fetched)] == [1]
    assert prompts(services) == []


def test_arxiv_down_is_told_once_and_what_was_tried_stays() -> None:
    shelf = Shelf()
    shelf.arxiv_is_down = True
    services = desk(shelf=shelf, fetch=True)
    for _ in range(2):
        made = fetch(searching(tried=["x"]), services)
    assert made == {"fetched": [], "tried": ["x"], "given_up": False}
    assert len(services.notices) == 1
    assert len(shelf.wanted) == 1


def test_arxiv_is_not_asked_where_the_settings_forbid_it() -> None:
    shelf = Shelf(on_arxiv=(LIGHTHOUSE,))
    assert fetch(searching("lighthouse lenses?"), desk(shelf=shelf))["fetched"] == []
    assert shelf.wanted == []
