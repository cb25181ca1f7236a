"""Numbers of the quotes of one answer."""

from hypothesis import given
from hypothesis import strategies as st

from rag_agent.grounding.keys import Keys
from tests.rag_agent.grounding.pieces import PEAK, evidence

PLACES = st.lists(st.tuples(st.integers(0, 5), st.sampled_from([None, 1, 2])), max_size=20)


def test_a_citation_is_the_evidence_word_for_word() -> None:
    shown = evidence(PEAK, start=40, page=2, passage=f"Before. {PEAK} After.")
    cited = Keys().cite(shown, 0.5)
    assert (cited.quote, cited.start, cited.page) == (PEAK, 40, 2)
    assert (cited.passage, cited.cosine, cited.paper) == (shown.passage, 0.5, shown.paper)


def test_the_kind_of_a_quote_is_that_of_its_place() -> None:
    assert Keys().cite(evidence(PEAK, page=2), 0.5).kind == "pdf"
    assert Keys().cite(evidence(PEAK, page=None), 0.5).kind == "abstract"


@given(PLACES)
def test_the_same_place_keeps_its_number_and_numbers_count_from_one(
    places: list[tuple[int, int | None]],
) -> None:
    keys = Keys()
    given_keys = [keys.cite(evidence("A.", s, page=page), 0.5).key for s, page in places]
    first_seen = list(dict.fromkeys(places))
    assert given_keys == [first_seen.index(place) + 1 for place in places]
