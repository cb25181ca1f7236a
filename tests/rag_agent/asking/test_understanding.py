"""What is asked: in code where the question stands alone, by one call where it leans on the conversation."""

import pytest

from ingestion.errors import ModelUnavailable
from rag_agent.asking.understanding import plan
from rag_agent.events import Planned
from tests.papers import SOURDOUGH
from tests.rag_agent.asking.desk import asked, desk, prompts

QUESTION = "When does the rate of bubble bursts peak?"
FOLLOW_UP = {
    "route": "paper",
    "paper": SOURDOUGH.arxiv_id,
    "query": "What does the peak predict?",
    "keywords": ["peak"],
    "sub_questions": [],
}


def test_an_english_question_costs_no_call() -> None:
    services = desk()
    made = plan(asked(QUESTION), services)
    assert made["plan"].route == "research"
    assert made["parts"] == [QUESTION]
    assert made["language"] == "en"
    assert prompts(services) == []
    assert [event.query for event in services.events if isinstance(event, Planned)] == [QUESTION]


def test_also_within_a_conversation_where_it_stands_alone() -> None:
    services = desk()
    question = "When does every rate of sourdough bubble bursts peak at home?"
    made = plan(asked(question, conversation="User: Hi"), services)
    assert made["parts"] == [question]
    assert prompts(services) == []


def test_a_follow_up_is_made_whole_by_the_model() -> None:
    services = desk(FOLLOW_UP)
    made = plan(asked("And what does it predict?", conversation="User: peaks?"), services)
    assert made["parts"] == ["What does the peak predict?"]
    assert (made["plan"].route, made["plan"].paper) == ("paper", SOURDOUGH.arxiv_id)
    assert len(prompts(services)) == 1


def test_a_follow_up_without_a_plan_is_searched_as_it_stands_and_told() -> None:
    services = desk("no json", "none")
    made = plan(asked("And what does it predict?", conversation="User: peaks?"), services)
    assert made["parts"] == ["And what does it predict?"]
    assert "as it stands" in services.notices[0]


def test_a_reader_that_is_gone_is_told_and_asked_no_more() -> None:
    services = desk(ModelUnavailable("The server went away"))
    plan(asked("And what does it predict?", conversation="User: peaks?"), services)
    assert services.reader is None
    assert "went away" in services.notices[0]


def test_a_chinese_question_is_read_as_an_english_one_with_its_number() -> None:
    english = "How many times fewer steps are needed at 24 degrees?"
    services = desk(english)
    made = plan(asked("在 24 度下需要少多少倍的步数？"), services)
    assert made["language"] == "zh"
    assert made["parts"] == [english]
    assert len(prompts(services)) == 1


def test_small_talk_and_the_librarys_contents_are_not_translated() -> None:
    services = desk()
    assert plan(asked("你好！"), services)["plan"].route == "chat"
    assert plan(asked("文献库中有多少篇论文？"), services)["plan"].route == "library"
    assert prompts(services) == []


def test_a_question_of_two_parts_has_two() -> None:
    made = plan(
        asked("When does the rate of bubble bursts peak, and how large is the error of the lens?"),
        desk(),
    )
    assert made["parts"] == [QUESTION, "How large is the error of the lens?"]


@pytest.mark.parametrize(
    ("question", "second"),
    [
        (
            "With which rate did training begin, and down to what error was it kept?",
            "Down to what error was it kept?",
        ),
        (
            "How much flour is used, and between which temperatures is it kept?",
            "Between which temperatures is it kept?",
        ),
        ("What does the network that won do, and why?", None),
        ("Which model and which data are used?", None),
    ],
)
def test_the_second_part_may_begin_with_a_preposition(question: str, second: str | None) -> None:
    made = plan(asked(question), desk())
    assert made["parts"][1:] == ([second] if second else [])


def test_the_paper_that_the_user_chose_wins() -> None:
    made = plan(asked(QUESTION, paper_id="2711.00001"), desk())["plan"]
    assert (made.route, made.paper) == ("paper", "2711.00001")
    coded = plan(asked("Write Python code for the peak", paper_id="2711.00001"), desk())["plan"]
    assert (coded.route, coded.paper) == ("code", "2711.00001")


def test_the_route_that_the_user_chose_wins() -> None:
    assert plan(asked(QUESTION, route="code"), desk())["plan"].route == "code"
