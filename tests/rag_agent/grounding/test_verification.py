"""Which claims stand on their quotes, and what is said instead of those that do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.embedding.model import HashingEmbedder
from rag_agent.grounding.evidence import Evidence, context
from rag_agent.grounding.verification import (
    Keys,
    check_claim,
    names,
    numbers,
    quote,
    stands_on,
)
from tests.papers import SOURDOUGH


def evidence(text: str, start: int = 0) -> Evidence:
    vector = HashingEmbedder(512).encode([text])[0]
    return Evidence(SOURDOUGH, None, start, text, text, text, 1.0, 1.0, vector)


SOURCE = "ViT-Base reaches 77.9% on ImageNet with 3 GB of memory and does not need convolutions."


@pytest.mark.parametrize(
    "claim",
    [
        SOURCE,
        "ViT-Base reaches 77.9 percent on ImageNet.",
        "ViT-Base needs 3 GB of memory on ImageNet.",
        "ViT-Base does not need convolutions.",
    ],
)
def test_what_the_quote_says_stands(claim: str) -> None:
    assert stands_on(claim, [evidence(SOURCE)])


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
    assert not stands_on(claim, [evidence(SOURCE)])


def test_a_denial_needs_a_denial() -> None:
    source = evidence("The method reaches a high accuracy on long documents.")
    assert not stands_on("The method never reaches a high accuracy on long documents.", [source])
    assert stands_on("The method reaches a high accuracy on long documents.", [source])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("10,000", "10000"),
        ("10 000", "10000"),
        ("3.50", "3.5"),
        ("three", "3"),
        ("5 percent", "5%"),
    ],
)
def test_spellings_of_one_number(one: str, other: str) -> None:
    assert numbers(f"about {one}") == numbers(f"about {other}")


def test_names_are_folded_and_the_first_word_is_none() -> None:
    assert names("Sentences begin so, but Müller and GPT-4 are names") >= {"muller", "gpt"}
    assert names("Sentences begin so") == set()


def test_what_falls_is_quoted_or_dropped_and_never_said(embedder: HashingEmbedder) -> None:
    shown = [evidence(SOURCE), evidence("Sourdough bubbles burst in jars.", 100)]
    keys = Keys()
    stands = check_claim("ViT-Base reaches 77.9% on ImageNet.", shown[:1], shown, embedder, keys)
    invented = check_claim("ViT-Base reaches 99% on ImageNet.", shown[:1], shown, embedder, keys)
    denied = "ViT-Base reaches 77.9% on ImageNet with bananas, boats, bells, bricks and no birds."
    falls = check_claim(denied, shown[:1], shown, embedder, keys)
    assert stands is not None
    assert not stands.quoted
    assert stands.citations[0].quote == SOURCE
    assert invented is None
    assert falls is None or (falls.quoted and falls.text == SOURCE)


def test_a_claim_near_nothing_shown_is_dropped(embedder: HashingEmbedder) -> None:
    shown = [evidence(SOURCE)]
    assert check_claim("Bananas ripen in bags.", shown, shown, embedder, Keys()) is None
    assert check_claim("Anything at all.", [], [], embedder, Keys()) is None


def test_the_same_place_keeps_its_number() -> None:
    keys = Keys()
    one, other = evidence("A first sentence."), evidence("A second one.", 18)
    assert [quote(e, 0.5, keys).citations[0].key for e in (one, other, one)] == [1, 2, 1]


@given(st.text(min_size=1, max_size=300), st.data())
def test_context_is_a_piece_of_the_text_around_the_span(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    passage = context(text, start, end)
    assert text[start:end] in passage
    assert passage in text


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_can_be_judged(claim: str, source: str) -> None:
    assert stands_on(claim, [evidence(source)]) in (True, False)
