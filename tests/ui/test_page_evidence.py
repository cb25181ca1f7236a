"""An answer's evidence on the page: quotes at once, summaries that are none, nearest sentences apart."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from rag_agent.answer import Answer, Step
from rag_agent.citation import Citation, Claim
from rag_agent.conversations.export import as_markdown
from rag_agent.conversations.turn import Turn
from tests.papers import PONDS

pytestmark = pytest.mark.long

QUOTE = Citation(1, PONDS, 3, "The tide is <b>31</b> nanometres.", 5, "So: The tide …", 0.9, "pdf")
SUMMARY = Citation(2, PONDS, None, "Ponds have tides.", 0, "Ponds have tides.", 0.9, "summary")


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


def shown(**values: Any) -> AppTest:
    """The page of one answer."""

    def script(turn):  # type: ignore[no-untyped-def]  # its source runs elsewhere, without names
        from ui.web.answers import show_turn

        show_turn(turn, "talk", 0)

    answer = Answer("What is the tide?", "en", **{"answered": True, **values})
    turn = Turn("What is the tide?", answer, "2026-11-24T10:00:00+00:00")
    at = AppTest.from_function(script, args=(turn,), default_timeout=60).run()
    assert not at.exception, at.exception
    return at


def html_of(at: AppTest) -> str:
    return "\n".join(element.proto.body for element in at.get("html"))


def test_each_source_shows_its_quote_at_once() -> None:
    said = html_of(shown(claims=(Claim("It is 31.", True, (QUOTE,)),)))
    assert '<p class="quote">“The tide is &lt;b&gt;31&lt;/b&gt; nanometres.”</p>' in said


def test_a_summary_is_in_no_quotation_marks_and_says_whose_words_it_is() -> None:
    at = shown(claims=(Claim("Ponds have tides.", True, (SUMMARY,), quoted=True),))
    assert "“" not in html_of(at)
    assert "own words" in html_of(at)


def test_what_the_paper_does_not_say_stands_apart_from_the_nearest_sentences() -> None:
    at = shown(
        answered=False, route="paper", verdict="declined", nearest_sentences=(QUOTE, QUOTE, SUMMARY)
    )
    said = html_of(at)
    assert said.index("The paper does not say.") < said.index(
        "The nearest sentences, not an answer"
    )
    assert said.index("not an answer") < said.index("“The tide is")
    assert "Sources" not in said


def test_a_missing_part_is_named() -> None:
    said = html_of(shown(reply="Half.", missing=("the price of the pond",)))
    assert "Not found: the price of the pond" in said


def test_the_steps_shown_are_the_answers() -> None:
    steps = (Step("plan", 1.0), Step("write", 2.0), Step("run", 0.5), Step("repair", 2.0))
    at = shown(reply="x", steps=steps, seconds=5.6)
    assert at.expander[0].label == "4 steps · 5.6 s"
    assert html_of(at).count('<li class="done">') == 4


def test_a_question_about_a_passage_stands_under_it_and_is_exported_with_it() -> None:
    about = replace(QUOTE, key=0)
    answer = Answer("Why?", "en", True, (Claim("It is 31.", True, (QUOTE,)),), about=about)
    turn = Turn("Why?", answer)
    assert Turn.from_json(json.loads(json.dumps(turn.as_json()))).answer.about is not None
    text = as_markdown("Ponds", [turn])
    assert text.index("About this passage:") < text.index("“The tide is") < text.index("It is 31.")
