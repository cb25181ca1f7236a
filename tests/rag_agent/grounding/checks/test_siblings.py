"""Whose a value is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_agent.grounding.checks.siblings import is_a_siblings
from tests.rag_agent.grounding.pieces import evidence


@pytest.mark.parametrize(
    ("question", "quote", "other"),
    [
        ("What does OvenNet-50 reach?", "OvenNet-101 reaches 48.4 points.", True),
        ("What does OvenNet-101 reach?", "OvenNet-101 reaches 48.4 points.", False),
        ("What does OvenNet-50 reach?", "OvenNet-50 and OvenNet-101 reach 48.4 points.", False),
        ("What does OvenNet-50 reach?", "It reaches 48.4 points.", False),
        ("What does the OvN-B/16 reach?", "Our OvN-H/14 reaches 48.4 points.", True),
        ("What does the base model reach?", "BREADLARGE (Single) 48.4 81.9", True),
        ("What does the base model reach?", "BREADBASE 48.4; BREADLARGE 81.9", False),
        ("What is reached on BrD 2007?", "On BrD 07 it reaches 48.4.", False),
        ("What is reached on BReaD v1.1?", "On BReaD 2.0 it reaches 48.4.", True),
        ("How large is its error?", "It has a small error of 48.4 points.", False),
        ("What does Table 3 say of it?", "Table 4 says 48.4 of it.", False),
    ],
)
def test_a_value_of_a_sibling_is_none_of_what_was_asked(
    question: str, quote: str, other: bool
) -> None:
    assert is_a_siblings("48.4", question, [evidence(quote)]) is other


def test_a_second_quote_that_only_names_it_does_not_help() -> None:
    quotes = [evidence("OvenNet-101 reaches 48.4."), evidence("We tried OvenNet-50 once.")]
    assert is_a_siblings("It reaches 48.4.", "What does OvenNet-50 reach?", quotes)


@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=200))
def test_any_text_can_be_judged(text: str, question: str, quote: str) -> None:
    assert is_a_siblings(text, question, [evidence(quote)]) in (True, False)
