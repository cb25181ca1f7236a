"""Routes that the words of a question settle, without a call of the model."""

import json
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_agent.asking.planning import Plan
from rag_agent.asking.routing import decided, stands_alone

QUESTIONS = [
    json.loads(line)
    for line in (files("bench") / "routing_questions.jsonl").read_text().splitlines()
]


@pytest.mark.parametrize("row", QUESTIONS, ids=lambda row: row["question"][:40])
def test_the_routing_questions_go_where_they_should(row: dict[str, str]) -> None:
    made = decided(row["question"])
    assert (made.route if made else "research") == row["route"]


@pytest.mark.parametrize(
    "question",
    [
        "How many papers are in my library?",
        "Which papers do we have in the library?",
        "List the PDFs in this library",
        "我的文献库里有哪些论文？",
        "文献库中有多少篇论文？",
    ],
)
def test_what_is_in_the_library_is_looked_up_there(question: str) -> None:
    made = decided(question)
    assert made is not None
    assert made.route == "library"


@pytest.mark.parametrize(
    "question",
    [
        "How does attention work?",
        "Does the new library of Alexandria use robots?",
        "Why are high frequencies lost?",
        "His method: what is it?",
        "How many papers does the survey review?",
    ],
)
def test_a_research_question_is_settled_by_no_word(question: str) -> None:
    assert decided(question) is None


@pytest.mark.parametrize(
    ("question", "paper"),
    [
        ("In 1706.03762, what is masked?", "1706.03762"),
        ("What does arXiv:2005.11401v2 retrieve?", "2005.11401v2"),
        ("Which datasets are used in the U-Net paper?", "U-Net"),
        (
            "In the paper Tide tables for garden ponds, what is measured?",
            "Tide tables for garden ponds",
        ),
        (
            "What method does “Sourdough ripeness from its sound” use?",
            "Sourdough ripeness from its sound",
        ),
        ("LoRA 这篇论文冻结了哪些参数？", "LoRA"),
    ],
)
def test_a_paper_is_meant_by_its_id_or_its_title(question: str, paper: str) -> None:
    made = decided(question)
    assert made is not None
    assert (made.route, made.paper) == ("paper", paper)


def test_two_ids_are_a_question_over_both() -> None:
    assert decided("Compare 1706.03762 with 2005.11401 for me") is None


def test_what_is_fetched_is_searched_for_in_whole_words() -> None:
    made = decided("Get me the newest papers on lighthouse lenses")
    assert made is not None
    assert (made.route, made.keywords) == ("fetch", ["lighthouse", "lenses"])


@pytest.mark.parametrize(
    "question",
    [
        "How fast is it?",
        "And on ImageNet?",
        "Why?",
        "What about the others?",
        "它有多快？",
        "这篇论文呢？",
    ],
)
def test_a_follow_up_leans_on_what_was_said(question: str) -> None:
    assert not stands_alone(question)


@pytest.mark.parametrize(
    "question",
    [
        "When does the rate of sourdough bubble bursts peak?",
        "What does 2005.11401 propose?",
        "Thanks!",
    ],
)
def test_a_whole_question_stands_alone(question: str) -> None:
    assert stands_alone(question)


@given(st.text(max_size=400))
def test_any_text_is_routed(text: str) -> None:
    made = decided(text)
    if made is not None:
        Plan.model_validate(made.model_dump() | {"paper": made.paper[:120]})
    assert stands_alone(text) in (True, False)
