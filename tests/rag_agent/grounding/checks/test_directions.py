"""Which way a sentence and its quotes point."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_agent.grounding.checks.directions import directions, points_alike
from tests.rag_agent.grounding.pieces import evidence

OVENS = "The old oven bakes fewer loaves than the new one, which makes it more expensive to run."


@pytest.mark.parametrize(
    ("claim", "alike"),
    [
        ("The old oven bakes fewer loaves.", True),
        ("The old oven bakes more loaves.", False),
        ("The old oven is more expensive.", True),
        ("The old oven is less expensive.", False),
        ("The old oven bakes more slowly.", True),
        ("It bakes loaves.", True),
    ],
)
def test_more_of_a_thing_is_not_less_of_it(claim: str, alike: bool) -> None:
    assert points_alike(claim, [evidence(OVENS)]) is alike


def test_a_quote_that_says_both_carries_both() -> None:
    both = [evidence(OVENS), evidence("On Sundays it bakes more loaves.")]
    assert points_alike("The old oven bakes more loaves.", both)


def test_a_text_points_where_its_words_do() -> None:
    assert directions("It improves speed and reduces cost.") == {"more", "less"}
    assert not directions("It bakes loaves.")


@given(st.text(max_size=200))
def test_every_text_points_as_it_points(text: str) -> None:
    assert points_alike(text, [evidence(text)])
