"""Which step follows which, and the budgets that end a question."""

from typing import Any, cast

import pytest

from rag_agent.answer import Answer
from rag_agent.asking.graph import build_graph
from rag_agent.asking.outcome import answer_of
from tests.papers import LIGHTHOUSE, PONDS, SOURDOUGH
from tests.rag_agent.asking.desk import Desk, Shelf, asked, desk, prompts
from tests.rag_agent.grounding.pieces import PEAK, evidence

QUESTION = "When does the rate of bubble bursts peak?"
ABSENT = "How are lighthouse lenses measured?"
TWO = "When does the rate of bubble bursts peak, and how large is the error of lighthouse lenses?"


@pytest.fixture(scope="module")
def graph() -> Any:
    return build_graph()


def run(graph: Any, question: str, services: Desk, **more: Any) -> Answer:
    state = cast(dict[str, Any], asked(question, **more))
    for latest in graph.stream(
        state, {"recursion_limit": 120}, context=services, stream_mode="values"
    ):
        state = latest
    return answer_of(state)


def steps(services: Desk) -> list[str]:
    return [step.name for step in services.steps]


def test_a_question_that_the_library_answers(graph: Any) -> None:
    services = desk(PEAK)
    answer = run(graph, QUESTION, services)
    assert steps(services) == ["plan", "search", "answer"]
    assert (answer.verdict, answer.rounds) == ("supported", 1)
    assert len(prompts(services)) == 1


def test_a_question_about_a_paper(graph: Any) -> None:
    services = desk(PEAK)
    answer = run(graph, f"In {SOURDOUGH.arxiv_id}, {QUESTION}", services)
    assert steps(services) == ["plan", "find the paper", "read", "answer"]
    assert answer.verdict == "supported"


def test_a_paper_that_is_not_found_is_searched_for(graph: Any) -> None:
    services = desk(PEAK)
    run(graph, QUESTION, services, paper_id="2711.00099")
    assert steps(services)[:3] == ["plan", "find the paper", "search"]


def test_what_a_paper_does_not_say_is_declined_with_the_nearest_sentences_alone(graph: Any) -> None:
    services = desk("NOT STATED", fetch=True)
    answer = run(graph, QUESTION, services, paper_id=SOURDOUGH.arxiv_id)
    assert steps(services) == ["plan", "find the paper", "read", "answer"]
    assert answer.verdict == "declined"
    assert answer.claims == ()
    assert answer.nearest_sentences
    assert not answer.answered


def test_full_texts_are_read_before_anything_else_is_searched_for(graph: Any) -> None:
    shelf = Shelf()
    shelf.pdfs = [SOURDOUGH]
    found = evidence("The burst rate has its peak after 5.2 hours in every jar.", 900)
    services = desk("NOT STATED", "5.2 hours", shelf=shelf, read=[found], read_papers=1)
    answer = run(graph, QUESTION, services)
    expected = ["plan", "search", "search the full texts", "answer", "read", "answer"]
    assert steps(services) == expected
    assert [citation.page for citation in answer.sources] == [3]


def test_a_full_text_at_hand_answers_where_its_abstract_is_too_far(graph: Any) -> None:
    shelf = Shelf(papers=(PONDS, SOURDOUGH))
    shelf.pdfs = [SOURDOUGH]
    found = evidence("The lanterns burn for 41 minutes on the pier.", 900)
    services = desk("41 minutes", shelf=shelf, read=[found], nearness=0.7)
    answer = run(graph, "For how long do the lanterns burn on the pier?", services)
    assert [claim.text for claim in answer.claims] == ["41 minutes"]
    assert [citation.page for citation in answer.sources] == [3]


def test_what_the_library_lacks_is_fetched_and_searched_again(graph: Any) -> None:
    shelf = Shelf(papers=(PONDS,), on_arxiv=(LIGHTHOUSE,))
    services = desk("phase retrieval", shelf=shelf, fetch=True)
    answer = run(graph, ABSENT, services)
    assert steps(services) == ["plan", "search", "fetch from arXiv", "search", "answer"]
    assert answer.fetched == (LIGHTHOUSE.arxiv_id,)
    assert answer.verdict == "supported"


def test_nothing_found_anywhere_ends_declined(graph: Any) -> None:
    services = desk(shelf=Shelf(papers=(PONDS,)), fetch=True)
    answer = run(graph, ABSENT, services)
    assert steps(services) == ["plan", "search", "fetch from arXiv"]
    assert answer.verdict == "declined"
    assert answer.nearest


def test_rounds_bound_the_searches_of_a_part(graph: Any) -> None:
    more = [f"the lighthouse lenses are measured, take {n}" for n in range(9)]
    services = desk(*more, shelf=Shelf(papers=(PONDS,)), rounds=3)
    answer = run(graph, ABSENT, services)
    assert answer.rounds == 3
    assert answer.queries == (ABSENT,), "the others were by imagined abstracts"


def test_a_part_given_up_is_not_searched_for_again(graph: Any) -> None:
    services = desk(ABSENT, {"query": ABSENT}, shelf=Shelf(papers=(PONDS,)), rounds=9)
    answer = run(graph, ABSENT, services)
    assert answer.rounds == 1
    assert answer.verdict == "declined"


def test_seconds_bound_it_all(graph: Any) -> None:
    services = desk("NOT STATED", rounds=9, read_papers=3, fetch=True)
    services.started -= 10_000
    answer = run(graph, QUESTION, services)
    assert steps(services) == ["plan", "search", "answer"]
    assert answer.verdict == "declined"


def test_two_parts_are_both_answered(graph: Any) -> None:
    answer = run(graph, TWO, desk(PEAK, "0.8 micrometres"))
    assert [c.paper.arxiv_id for c in answer.sources] == [SOURDOUGH.arxiv_id, LIGHTHOUSE.arxiv_id]
    assert (answer.verdict, answer.missing) == ("supported", ())


def test_or_the_one_without_an_answer_is_named(graph: Any) -> None:
    answer = run(graph, TWO, desk("NOT STATED", "0.8 micrometres"))
    assert (answer.verdict, answer.missing) == ("partly supported", (QUESTION,))
    other = run(graph, TWO, desk(PEAK, "NOT STATED"))
    assert other.missing == ("How large is the error of lighthouse lenses?",)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Hello!", ["plan", "reply"]),
        ("How many papers are in my library?", ["plan", "look at the library"]),
        ("Get me papers on lighthouse lenses", ["plan", "fetch from arXiv"]),
    ],
)
def test_routes_that_answer_no_question(graph: Any, question: str, expected: list[str]) -> None:
    services = desk({"kind": "greeting"}, fetch=True)
    run(graph, question, services)
    assert steps(services) == expected
