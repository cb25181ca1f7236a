"""What a number counts in a sentence and in its quotes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_agent.grounding.checks.quantities import counts_alike, counts_what_was_asked
from tests.rag_agent.grounding.pieces import PEAK, VIT, evidence

STEP = "For the large oven one batch took 1.0 seconds; it was run for 300,000 batches."


@pytest.mark.parametrize(
    ("claim", "alike"),
    [
        ("One batch took 1.0 seconds.", True),
        ("The oven bakes 1.0 loaves per second.", False),
        ("It ran for 300,000 batches.", True),
        ("It ran for 300,000 loaves.", False),
        ("1.0", True),
        ("The answer is 1.0, loaves aside.", True),
        ("Oven-1.0 loaves are baked in it.", True),
    ],
)
def test_a_number_counts_what_it_counts_in_the_quote(claim: str, alike: bool) -> None:
    assert counts_alike(claim, [evidence(STEP)]) is alike


def test_numbers_of_the_question_are_its_own() -> None:
    asked = "How long do 300,000 loaves take?"
    assert counts_alike("The 300,000 loaves take a day.", [evidence(STEP)], asked)


def test_a_row_counts_by_its_caption_and_labels_wherever_they_stand() -> None:
    row = evidence(f"Loaves baked in a day by each oven. {'Ovens. ' * 20}oven: small; day 1: 31.")
    assert not counts_alike("It bakes 31 loaves.", [row])
    assert counts_alike("It bakes 31 loaves.", [evidence(row.text, is_row=True)])


@given(st.sampled_from([STEP, PEAK, VIT]))
def test_a_sentence_counts_as_it_counts(text: str) -> None:
    assert counts_alike(text, [evidence(text)])


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_can_be_counted(claim: str, source: str) -> None:
    assert counts_alike(claim, [evidence(source)], source) in (True, False)


@pytest.mark.parametrize(
    ("question", "counted"),
    [
        ("How many layers does the network have?", True),
        ("How many trainable parameters does the network have?", False),
        ("How many levels of convolutional processing are there?", True),
    ],
)
def test_how_many_wants_a_number_of_the_things_asked_for(question: str, counted: bool) -> None:
    layers = evidence("The network has 23 convolutional layers in total.")
    assert counts_what_was_asked("23", question, [layers]) is counted


def test_a_number_joined_to_its_noun_counts_it() -> None:
    latent = evidence("It has a 50-dimensional latent variable.")
    asked = "How many dimensions does the latent variable have?"
    assert counts_what_was_asked("50", asked, [latent])
