"""Names and numbers in one spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_agent.grounding.checks.names import names, names_asked, numbers, topic_of, value_of, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("10,000", "10000"),
        ("10 000", "10000"),
        ("3.50", "3.5"),
        ("three", "3"),
        ("5 percent", "5%"),
        ("−7", "-7"),
        ("24°", "24 degrees"),
    ],
)
def test_spellings_of_one_number(one: str, other: str) -> None:
    assert numbers(f"about {one}") == numbers(f"about {other}") != set()


def test_a_unit_belongs_to_its_number() -> None:
    assert numbers("3 GB") != numbers("3 MB")
    assert {value_of(number) for number in numbers("3 GB and 77.9%")} == {"3", "77.9"}


def test_names_are_folded_and_the_first_word_is_none() -> None:
    assert names("Sentences begin so, but Müller and GPT-4 are names") >= {"muller", "gpt"}
    assert names("Sentences begin so") == set()


def test_a_name_is_one_whatever_its_plural() -> None:
    assert names("We train ResNets") == names("We train a ResNet") == {"resnet"}


def test_capitals_of_a_question_like_a_title_name_nothing() -> None:
    title = "Is Careful Tuning of the MSE Loss Useful for Small GPT-2 Models?"
    assert names_asked(title) == {"mse", "gpt"}
    assert "tuning" in names(title)
    sentence = "Which loss did Vaswani, Shazeer and Parmar use with Adam?"
    assert names_asked(sentence) == names(sentence) >= {"vaswani", "adam"}
    listed = "Compare Adam, Nesterov, Momentum, Lookahead"
    assert names_asked(listed) == names(listed) >= {"nesterov", "momentum"}


def test_the_first_word_of_a_part_of_a_question_names_nothing() -> None:
    assert names_asked("Slow myelopathy in adults: Variant form of TSP in Bern?") == {"tsp", "bern"}
    assert names_asked("It is about GPT. Which data does Adam see?") == {"gpt", "adam"}
    assert "parmar" in names_asked("Which loss did N. Parmar use?")


def test_what_a_text_speaks_of_often_is_its_topic() -> None:
    sentences = ["We call it CrumbNet here."] * 5 + ["The data are from Bern."] + ["It is."] * 9
    assert topic_of(sentences) == {"crumbnet"}


@given(st.text(max_size=200))
def test_every_name_of_a_text_is_among_its_words(text: str) -> None:
    assert names(text) <= words(text)


@given(st.integers(0, 10**12))
def test_thousands_may_be_set_apart(value: int) -> None:
    assert numbers(f"of {value:,} loaves") == numbers(f"of {value} loaves")
