"""What a question carries of the conversation."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rag_agent.conversations.memory import (
    conversation_text,
    last_papers,
    overflow,
    summarise,
    turn_text,
)
from rag_agent.model.client import ScriptedModel
from rag_agent.prompts.reader import Prompts


def turn(question: str, answer: str = "", *cited: str) -> dict[str, Any]:
    citations = [{"arxiv_id": id_, "title": f"Title of {id_}"} for id_ in cited]
    return {
        "question": question,
        "answer": {"answer": answer, "claims": [{"citations": citations}]},
    }


def test_recent_turns_are_verbatim_and_older_ones_a_summary() -> None:
    turns = [turn("old?", "old."), turn("first?", "one.", "2711.00001"), turn("second?", "two.")]
    text = conversation_text(turns, "They greeted.", 1, 600)
    assert text.startswith("Earlier: They greeted.")
    assert "old?" not in text
    assert text.index("first?") < text.index("second?")
    assert "2711.00001" in text


@given(
    st.lists(st.tuples(st.text(max_size=900), st.text(max_size=900)), max_size=8),
    st.integers(0, 800),
)
def test_it_never_outgrows_its_tokens(said: list[tuple[str, str]], limit: int) -> None:
    turns = [turn(question, answer) for question, answer in said]
    assert len(conversation_text(turns, "", 0, limit)) <= limit * 3.5
    assert 0 <= overflow(turns, 0, limit) <= len(turns)


def test_what_no_longer_fits_is_summarised_once() -> None:
    turns = [turn(f"question {n}?", "word " * 80) for n in range(6)]
    older = overflow(turns, 0, 300)
    assert 0 < older < 6
    assert overflow(turns, older, 300) == 0
    model = ScriptedModel(["They spoke of bread."])
    assert summarise(turns[:older], "They greeted.", model, Prompts()) == "They spoke of bread."
    (prompt,) = model.prompts
    assert "They greeted." in prompt[-1][1]
    assert "question 0?" in prompt[-1][1]


def test_the_last_papers_are_those_of_the_last_answer_that_cites() -> None:
    turns = [turn("a", "", "1"), turn("b", "", "2", "3", "3"), turn("c")]
    assert last_papers(turns) == ["3", "2"]
    assert last_papers([]) == []
    assert "I found no answer." in turn_text(turn("c"))
