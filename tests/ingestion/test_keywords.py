from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.keywords import extract_keywords

TITLE = "Sparse attention for long documents"
ABSTRACT = (
    "Transformers scale quadratically with document length. We propose sparse attention: each "
    "token attends to $k$ others. On long documents, sparse attention needs a tenth of the memory."
)


def test_the_topic_comes_first_and_parts_of_a_phrase_are_left_out() -> None:
    keywords = extract_keywords(TITLE, ABSTRACT)
    assert "sparse attention" in [keyword.lower() for keyword in keywords[:3]]
    lowered = [set(keyword.lower().split()) for keyword in keywords]
    assert not any(a < b for i, b in enumerate(lowered) for a in lowered[i + 1 :])


def test_at_most_the_limit_and_none_of_no_words() -> None:
    assert len(extract_keywords(TITLE, ABSTRACT, limit=2)) == 2
    assert extract_keywords("", "") == ()


@settings(deadline=None)
@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_gives_phrases(title: str, abstract: str) -> None:
    assert all(
        isinstance(keyword, str) and keyword for keyword in extract_keywords(title, abstract)
    )
