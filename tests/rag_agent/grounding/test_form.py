"""The form in which a question wants its answer."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_agent.grounding.form import form_of, things_asked
from rag_agent.prompts.reader import Form


@pytest.mark.parametrize(
    ("question", "form"),
    [
        ("How many layers does it have?", "fact"),
        ("How long does the dough rest?", "fact"),
        ("What is the surface error?", "fact"),
        ("Who recorded the bubbles?", "fact"),
        ("What do they measure?", "fact"),
        ("Does the peak predict the rise?", "yes_no"),
        ("Is it better than height?", "yes_no"),
        ("In the PointNet paper, is dropout used?", "yes_no"),
        ("How does the lens focus light?", "explain"),
        ("Why does the peak come late?", "explain"),
        ("Explain the recovery of the surface.", "explain"),
        ("Compare the two floats.", "explain"),
        ("Storage of vaccines in the community: weak link in the cold chain?", "yes_no"),
        ("Metabolic rate in adults: are the equations applicable?", "yes_no"),
        ("After training, what loss remains?", "fact"),
        ("Which data sets are used?", "fact"),
        ("What three baselines do the authors compare with?", "fact"),
        ("Name the authors' instruments.", "fact"),
    ],
)
def test_each_question_has_its_form(question: str, form: Form) -> None:
    assert form_of(question) == form


@given(st.text(max_size=300))
def test_any_text_has_a_form(text: str) -> None:
    assert form_of(text) in get_args(Form)


@pytest.mark.parametrize(
    ("question", "things"),
    [
        ("Which baselines do they compare to?", {"baselin"}),
        ("What new fine-tuning methods are presented?", {"method"}),
        ("Through which three mechanisms is order kept?", {"mechan"}),
        ("What model dimension does the 3B variant have?", set()),
        ("What loss was used for this?", set()),
        ("How many authors are there?", set()),
    ],
)
def test_what_is_asked_for_in_the_plural_is_a_list(question: str, things: set[str]) -> None:
    assert things_asked(question) == things
