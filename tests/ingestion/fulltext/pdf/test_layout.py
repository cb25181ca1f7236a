"""Whole pages."""

from hypothesis import given
from hypothesis import strategies as st

from ingestion.fulltext.pdf.layout import lay_out
from tests.ingestion.fulltext.typeset import line, page, prose


def test_captions_and_footnotes_come_after_the_flow_of_the_text() -> None:
    (laid_out,), _ = lay_out(
        [
            page(
                line("1 Method", 90),
                line("Figure 1: What is shown here.", 110, size=9),
                *prose(140),
            )
        ]
    )
    assert [block.kind for block in laid_out.blocks] == ["heading", "text", "caption"]


def test_a_section_goes_on_over_the_page() -> None:
    pages, _ = lay_out([page(line("1 Method", 90), *prose(110)), page(*prose(100))])
    assert pages[1].blocks[0].section == "1 Method"


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
PLACES = st.floats(0, 800, allow_nan=False)
LINES = st.lists(st.tuples(WORDS, PLACES, PLACES, PLACES, PLACES).map(list), max_size=4)


@given(st.lists(st.lists(LINES, max_size=6), max_size=3))
def test_whatever_the_parser_says_blocks_and_words_lie_in_the_text(
    raw: list[list[list[list[object]]]],
) -> None:
    pages, _ = lay_out([{"width": 600, "height": 800, "lines": lines} for lines in raw])
    assert len(pages) == len(raw)
    for laid_out in pages:
        assert all(0 <= b.start <= b.end <= len(laid_out.text) for b in laid_out.blocks)
        assert all(0 <= start <= end <= len(laid_out.text) for start, end in laid_out.words)
        assert len(laid_out.words) == len(laid_out.boxes)
