"""Which sentences stand on their quotes, and which quotes speak of what was asked."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_agent.grounding.checks.verification import (
    adds_nothing,
    meets,
    stands_on,
    unmet,
)
from rag_agent.grounding.evidence import context
from tests.papers import SOURDOUGH
from tests.rag_agent.grounding.pieces import PEAK, VIT, evidence


@pytest.mark.parametrize(
    "claim",
    [
        VIT,
        "77.9%",
        "ViT-Base reaches 77.9 percent on ImageNet.",
        "ViT-Base needs 3 GB of memory on ImageNet.",
        "ViT-Base does not need convolutions.",
    ],
)
def test_what_the_quote_says_stands(claim: str) -> None:
    assert stands_on(claim, [evidence(VIT)])


@pytest.mark.parametrize(
    "claim",
    [
        "ViT-Base reaches 79.7% on ImageNet.",
        "ViT-Base needs 3 MB of memory on ImageNet.",
        "ViT-Large reaches 77.9% on ImageNet.",
        "ViT-Base reaches 77.9% on CIFAR.",
        "ViT-Base has 512 layers.",
        "Bananas ripen faster in paper bags.",
    ],
)
def test_an_invented_number_unit_or_name_falls(claim: str) -> None:
    assert not stands_on(claim, [evidence(VIT)])


def test_a_denial_needs_a_denial() -> None:
    source = evidence("The method reaches a high accuracy on long documents.")
    assert not stands_on("The method never reaches a high accuracy on long documents.", [source])
    assert stands_on("The method reaches a high accuracy on long documents.", [source])


def test_more_is_not_less() -> None:
    source = evidence("Training with the mask needs fewer steps than training without one.")
    assert not stands_on("Training with the mask needs more steps.", [source])
    assert stands_on("Training with the mask needs fewer steps.", [source])


def test_a_number_beside_another_noun_falls() -> None:
    source = evidence("PonderNet was trained for 2e4 epochs on a single card.")
    said = "The carbon footprint of cooling the data centre was 2e4 grams."
    assert not stands_on(said, [source], "What was the footprint?")


@pytest.mark.parametrize(
    ("question", "met"),
    [
        ("What does ViT-Base reach on ImageNet?", True),
        ("What does ViT-Base reach on LibriSpeech?", False),
        ("What does BERT reach on ImageNet?", False),
        ("What is reached with 3 GB?", True),
        ("What is reached with 16 GB?", False),
        ("What is reached?", True),
        ("In 2010.11929v2, what does ViT-Base reach on ImageNet?", True),
        ("In hep-ph/9901001, what is reached?", True),
        ("Which two sets does the author reach it on?", True),
        ("What does the author reach with the two-layer model?", False),
        ("What does the author reach with two cards?", False),
    ],
)
def test_the_names_and_numbers_asked_about_must_be_in_the_quotes(question: str, met: bool) -> None:
    assert meets(question, [evidence(VIT)]) is met


def test_names_count_where_they_stand_around_the_quote_or_are_what_the_paper_is_about() -> None:
    question = "How large is the error of CrumbNet?"
    sentence = "The error is 3 percent."
    assert unmet(question, [evidence(sentence)]) == {"crumbnet"}
    assert meets(question, [evidence(sentence, passage=f"We test CrumbNet. {sentence}")])
    assert meets(question, [evidence(sentence, section="4 CrumbNet on bread")])
    assert meets(question, [evidence(sentence, topic=frozenset({"crumbnet"}))])


def test_around_a_sentence_of_an_abstract_stands_the_whole_abstract() -> None:
    paper = replace(
        SOURDOUGH, abstract=f"We test CrumbNet. {'Flour and water. ' * 60}It is 3 percent."
    )
    question = "How large is the error of CrumbNet?"
    assert meets(question, [evidence("It is 3 percent.", paper=paper, page=None)])
    assert not meets(question, [evidence("It is 3 percent.", paper=paper, page=2)])


@pytest.mark.parametrize(
    ("text", "question", "nothing"),
    [
        ("U-Net is named after U-Net.", "What is U-Net named after?", True),
        (
            "The lattice spacing was used in the calculation.",
            "Which lattice spacing was used in the calculation?",
            True,
        ),
        ("The lattice spacing was 0.09 fm.", "Which lattice spacing was used?", False),
        ("its shape", "What is U-Net named after?", False),
        ("24 degrees", "How many degrees?", False),
        ("The reason for the rise leads to the result.", "What is the rise?", True),
        (
            "The sizes of the loaves are given in Table 3.",
            "What are the sizes of the loaves?",
            True,
        ),
        ("The loaves are described in Sec. 3.4.", "How are the loaves made?", True),
        ("Table 3", "Which table gives the sizes?", False),
        ("The loaves in Table 3 weigh 2 kg.", "What do the loaves weigh?", False),
    ],
)
def test_the_questions_own_words_are_no_answer(text: str, question: str, nothing: bool) -> None:
    assert adds_nothing(text, question) is nothing


@given(st.text(min_size=1, max_size=300), st.data())
def test_context_is_a_piece_of_the_text_around_the_span(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    passage = context(text, start, end)
    assert text[start:end] in passage
    assert passage in text


@given(st.text(max_size=200))
def test_every_sentence_stands_on_itself(text: str) -> None:
    assert stands_on(text, [evidence(text)])


@given(st.integers(13, 10**6), st.integers(13, 10**6))
def test_no_other_number_stands(said: int, claimed: int) -> None:
    sentence = f"The pond has {said} fish in it."
    assert stands_on(f"The pond has {claimed} fish in it.", [evidence(sentence)]) is (
        said == claimed
    )


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_can_be_judged(claim: str, source: str) -> None:
    assert stands_on(claim, [evidence(source)]) in (True, False)
    assert meets(claim, [evidence(source)]) in (True, False)
    assert adds_nothing(claim, source) in (True, False)


def test_a_bare_number_stands_on_its_quote() -> None:
    assert stands_on("5.2 hours", [evidence(PEAK)], "When does it peak?")
