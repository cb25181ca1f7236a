"""Plans: what the model decides and what code sets right."""

from typing import Any

import pytest

from ingestion.errors import InvalidReply
from rag_agent.asking.planning import (
    Plan,
    hypothetical_abstract,
    ids_in,
    language_of,
    leans,
    make_plan,
    other_query,
    plain_plan,
    sought_for,
    standing_alone,
)
from rag_agent.model.scripted import ScriptedModel
from rag_agent.prompts.reader import Prompts


def planned(question: str, conversation: str = "", **changes: Any) -> Plan:
    reply = {"route": "research", "paper": "", "query": "a query", "keywords": ["word"]}
    model = ScriptedModel([{**reply, "sub_questions": [], **changes}])
    return make_plan(question, conversation, model, Prompts())


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What is LoRA?", "en"),
        ("什么是 LoRA？", "zh"),
        ("LoRA 是什么", "zh"),
        ("", "en"),
        ("123 ?!", "en"),
        ("Was ist das?", "en"),
        ("The sign 中 in a long English sentence about fonts", "en"),
    ],
)
def test_language(text: str, language: str) -> None:
    assert language_of(text) == language


def test_ids_in_a_text() -> None:
    text = "Compare arXiv:2005.11401v2 with hep-ph/9901001, not 2013.00001 nor 3.14159."
    assert [str(found) for found in ids_in(text)] == ["2005.11401v2", "hep-ph/9901001"]


def test_an_id_in_the_question_is_the_paper_meant() -> None:
    plan = planned("What does 2005.11401 propose?", route="research", paper="another")
    assert (plan.route, plan.paper) == ("paper", "2005.11401")


def test_a_paper_nobody_named_is_not_meant() -> None:
    assert planned("How do birds sing?", route="paper", paper="Bird song").route == "research"
    assert planned("How fast is it?", "User: YOLO?", route="paper", paper="YOLO").route == "paper"
    assert planned("What does the YOLO paper say?", route="paper", paper="YOLO").route == "paper"


def test_papers_are_fetched_only_if_papers_are_asked_for() -> None:
    assert planned("Why is the sky blue?", route="fetch").route == "research"
    assert planned("Get the newest papers on bread", route="fetch").route == "fetch"
    assert planned("下载关于面包的最新论文", route="fetch").route == "fetch"


def test_the_query_is_always_english() -> None:
    assert (
        planned("面包为什么发酵？", query="面包发酵", keywords=["bread", "发酵"]).query == "bread"
    )


def test_one_part_is_no_parts() -> None:
    assert planned("Why?", sub_questions=["Why?"]).sub_questions == []
    assert len(planned("Why and how?", sub_questions=["Why?", "How?"]).sub_questions) == 2


def test_without_a_model_the_question_is_its_own_query() -> None:
    plan = plain_plan("What does 2005.11401 propose?")
    assert (plan.route, plan.paper) == ("paper", "2005.11401")
    assert plain_plan("How do birds sing? " * 40).route == "research"


def test_a_query_already_tried_is_none() -> None:
    def other(reply: Any) -> str | None:
        return other_query("q?", ["bird songs"], ScriptedModel([reply] * 2), Prompts())

    assert other({"query": "song of the bird"}) is None
    assert other({"query": "  "}) is None
    assert other("no json") is None
    assert other({"query": "avian vocal learning"}) == "avian vocal learning"


def test_a_reply_that_is_no_plan() -> None:
    with pytest.raises(InvalidReply):
        make_plan("q?", "", ScriptedModel(["a", "b"]), Prompts())


def test_a_hypothetical_abstract_is_plain_text() -> None:
    model = ScriptedModel([" Birds learn songs from their fathers. "])
    assert hypothetical_abstract("q?", model, Prompts()) == "Birds learn songs from their fathers."


@pytest.mark.parametrize(
    ("part", "with_the_whole"),
    [
        ("How long for the big one?", True),
        ("How many does OvenNet take?", True),
        ("How was it measured?", True),
        ("Which flour was used for the second batch of bread?", False),
    ],
)
def test_a_part_that_leans_on_the_question_is_searched_with_it(
    part: str, with_the_whole: bool
) -> None:
    question = "How long does the small oven take, and so on?"
    assert sought_for(part, question) == (f"{part} {question}" if with_the_whole else part)
    assert sought_for(part, part) == part


RISING = "How long does a loaf of rye rise?"


@pytest.mark.parametrize(
    ("part", "reply", "asked"),
    [
        ("How long does one of spelt?", "How long does a loaf of spelt rise?", "the reply"),
        ("At what heat is it baked?", "At what heat is a loaf of rye baked?", "the reply"),
        ("At what heat is it baked?", "How long does a loaf of rye rise?", "the part"),
        ("How long does one of spelt?", "How long does spelt flour keep in a jar?", "the part"),
        ("How long does one of spelt?", "A loaf of spelt rises fast.", "the part"),
        ("How long does one of spelt?", "", "the part"),
    ],
)
def test_a_part_that_leans_is_said_in_full(part: str, reply: str, asked: str) -> None:
    said = standing_alone(part, RISING, ScriptedModel([reply]), Prompts())
    assert said == (reply if asked == "the reply" else part)


def test_only_a_part_that_says_too_little_leans() -> None:
    assert not leans("At which temperature does a loaf of spelt rise for the longest time?")
    assert leans("How long does one of spelt?")
    assert leans("How many does rye?")
