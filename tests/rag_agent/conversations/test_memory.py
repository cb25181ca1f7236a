"""What a question carries of the conversation."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from rag_agent.conversations.memory import (
    Remembered,
    last_papers,
    overflow,
    summarise,
    turn_text,
)
from rag_agent.conversations.turn import Turn
from rag_agent.model.scripted import ScriptedModel
from rag_agent.prompts.reader import Prompts
from tests.rag_agent.conversations.talk import turn


def untouched(turns: Sequence[Turn], summary: str) -> str:
    raise AssertionError("nothing is to be summarised")


def test_recent_turns_are_verbatim_and_older_ones_a_summary() -> None:
    turns = (turn("old?", "old."), turn("first?", "one.", "2711.00001"), turn("second?", "two."))
    text = Remembered(turns, 0, "They greeted.", 1).text(600)
    assert text.startswith("Earlier: They greeted.")
    assert "old?" not in text
    assert text.index("first?") < text.index("second?")
    assert "2711.00001" in text


@given(
    st.lists(st.tuples(st.text(max_size=900), st.text(max_size=900)), max_size=8),
    st.integers(0, 800),
)
def test_it_never_outgrows_its_tokens(said: list[tuple[str, str]], limit: int) -> None:
    turns = tuple(turn(question, answer) for question, answer in said)
    assert len(Remembered(turns).text(limit)) <= limit * 3.5
    assert 0 <= overflow(turns, limit) <= len(turns)


def test_what_no_longer_fits_is_summarised_once() -> None:
    turns = tuple(turn(f"question {n}?", "word " * 80) for n in range(6))
    model = ScriptedModel(["They spoke of bread."])
    before = Remembered(turns, 0, "They greeted.", 0)
    after = before.condensed(300, lambda turns, said: summarise(turns, said, model, Prompts()))
    assert after.summary == "They spoke of bread."
    assert 0 < after.summarised < 6
    assert after.unsummarised == turns[after.summarised :]
    assert after.condensed(300, untouched) == after
    (prompt,) = model.prompts
    assert "They greeted." in prompt[-1][1]
    assert "question 0?" in prompt[-1][1]


def test_turns_too_old_to_be_looked_back_on_count_as_summarised() -> None:
    turns = tuple(turn(f"question {n}?", "word " * 80) for n in range(6))
    after = Remembered(turns, first=40).condensed(300, lambda turns, summary: "They spoke.")
    assert 40 < after.summarised < 46
    assert after.unsummarised == turns[after.summarised - 40 :]


def test_the_last_papers_are_those_of_the_last_answer_that_cites() -> None:
    turns = [turn("a", "x", "1"), turn("b", "y", "2", "3", "3"), turn("c")]
    assert last_papers(turns) == ["3", "2"]
    assert last_papers([]) == []
    assert "I found no answer." in turn_text(turn("c"))
