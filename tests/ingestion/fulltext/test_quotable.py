"""What is evidence and what only stands around it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.fulltext.quotable import why_not_quotable


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("RQ2: does the model stay competitive with more parameters?", "a question"),
        ("• RQ1: Is it competitive against quadratic architectures?", "a question"),
        ("Penguins are birds. Can penguins fly?”", "a question"),
        ("3.1 Encoder and decoder . . . . . . . . . . 12", "a line of the contents"),
        ("∗Equal contribution. Listing order is random.", "an author line"),
        ("Department of Bioengineering, University of Somewhere.", "an author line"),
        ("Contributions to Figures 1, 7.", "an author line"),
        ("{ada,bob}@example.org", "an author line"),
        ("Published as a conference paper at ICLR 2021", "a running head"),
        ("31st Conference on Neural Information Processing Systems (NIPS 2017).", "a running head"),
        ("4.3. Object Detection on PASCAL and MS COCO", "a heading"),
        ("Deep Learning on Extra-Linguistic Features", "a heading"),
        ("Analysis of Layer Responses.", "no whole sentence"),
        ("word based only on its context.", "cut off at its beginning"),
        ("(thus not vanishing unless desired).", "cut off at its beginning"),
        ("Our single model with ResNet-101 has", "cut off at its end"),
        ("Given a question and a passage from", "cut off at its end"),
    ],
)
def test_what_states_nothing_is_no_evidence_and_says_why(text: str, reason: str) -> None:
    assert why_not_quotable(text) == reason


@pytest.mark.parametrize(
    "text",
    [
        "The resulting network won the challenge at ISBI 2012 by a large margin.",
        "Adam converges as fast as Adagrad.",
        "Most weights are initialized to zero.",
        "We used warmup_steps = 4000.",
        "FFN(x) = max(0, xW1 + b1)W2 + b2 (2)",
        "word2vec is trained on both.",
        "as input. First, this network can localize.",
        "Individual (IND): Posts targeting an individual.",
        "We explore adversaries with four types of character-level edits:",
        "The accuracy is evaluated by mAP@.5.",
        "Both the numerator and the denominator change.",
        "The University of Somewhere has 20,000 students.",
        "Our ensemble has 3.57% top-5 error on the",
        "We study the homogeneous driving case.",
        "Consider a non-negative self-adjoint operator.",
        "This volume contains the proceedings of a workshop of the Institute of Mathematics.",
        "It was published in the journal in 2015.",
    ],
)
def test_a_statement_is_evidence(text: str) -> None:
    assert why_not_quotable(text) == ""


def test_rows_of_tables_are_evidence_and_captions_unless_they_ask() -> None:
    assert why_not_quotable("Small-Net 12 86M", "table") == ""
    assert why_not_quotable("Table 1: Details of the model variants.", "caption") == ""
    assert why_not_quotable("Figure 2: Is deeper better?", "caption") == "a question"


def test_an_item_of_a_list_is_whole_with_its_lead_in() -> None:
    item = "• Receptance vector of the past."
    assert why_not_quotable(item) == "no whole sentence"
    assert why_not_quotable(item, lead_in="The block has four elements:") == ""


@given(st.text(min_size=1, max_size=120))
def test_any_text_gets_a_verdict(text: str) -> None:
    assert isinstance(why_not_quotable(text), str)
