"""Where sentences begin and end."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ingestion.fulltext.reading import sentences_of
from ingestion.fulltext.sentences import MAX_SENTENCE_CHARACTERS, neighbours, sentence_spans
from tests.ingestion.fulltext.typeset import document, line, page


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text, 0, len(text))]


def test_abbreviations_and_decimals_end_no_sentence() -> None:
    text = (
        "We follow Smith et al. (2018) in this. The loss falls to 0.5 in Eq. (2) of Ref. [3] here. "
        "As shown in Figs. 2 and 3, it holds."
    )
    assert split(text) == [
        "We follow Smith et al. (2018) in this.",
        "The loss falls to 0.5 in Eq. (2) of Ref. [3] here.",
        "As shown in Figs. 2 and 3, it holds.",
    ]


def test_a_run_in_title_stays_with_its_sentence() -> None:
    text = "Plain Network. Our plain baselines follow VGG nets."
    assert split(text) == [text]


@given(st.text(max_size=1500))
def test_sentences_are_in_order_and_short_and_lose_no_letter(text: str) -> None:
    spans = sentence_spans(text, 0, len(text))
    kept = "".join(text[start:end] for start, end in spans)
    assert "".join(kept.split()) == "".join(text.split())
    assert all(end - start <= MAX_SENTENCE_CHARACTERS for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


def test_neighbours_are_of_the_same_paragraph() -> None:
    read = document(
        page(
            line("1 Method", 100),
            line("The first one is about the encoder of it. The second is about the", 120),
            line("decoder of it. The third one is about the loss that both share.", 132),
            line("Another paragraph stands apart from all of the three before it.", 180),
        )
    )
    sentences = sentences_of(read)
    first, second, third, apart = sentences
    assert {sentence.section for sentence in sentences} == {"1 Method"}
    assert neighbours(sentences, 0) == (None, second)
    assert neighbours(sentences, 1) == (first, third)
    assert neighbours(sentences, 2) == (second, None)
    assert neighbours(sentences, sentences.index(apart)) == (None, None)
