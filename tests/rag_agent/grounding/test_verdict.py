"""What is made of a yes/no reply: its word, its finding, and how sure the model was of it."""

import pytest

from rag_agent.grounding.verdict import verdict_on
from tests.rag_agent.grounding.pieces import Sure


def verdict(reply: str, logprob: float = -0.01, question: str = "Do ponds warm?") -> str:
    return verdict_on(question, [("user", question)], Sure([reply], [logprob])).text


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("Finding: Ponds warm by 2 degrees.\nAnswer: Yes", "Yes. Ponds warm by 2 degrees."),
        ("Finding: ponds do not warm.\nAnswer: No", "No. Ponds do not warm."),
        ("Finding: Yes, ponds warm.\nAnswer: Yes", "Yes. Ponds warm."),
        ("Finding: The excerpts state that ponds warm. Answer: Yes", "Yes. Ponds warm."),
        ("Finding: Ponds do not warm.", "No. Ponds do not warm."),
        ("Answer: Yes", "Yes."),
    ],
)
def test_the_verdict_stands_before_its_finding(reply: str, said: str) -> None:
    assert verdict(reply) == said


def test_a_yes_that_the_model_is_not_sure_of_is_a_no_without_the_finding() -> None:
    assert verdict("Finding: Ponds warm.\nAnswer: Yes", logprob=-0.4) == "No."


def test_an_unsure_no_stays_a_no() -> None:
    assert verdict("Finding: Ponds cool.\nAnswer: No", logprob=-0.6) == "No. Ponds cool."
