"""A page of a document: where its words are set."""

from ingestion.document.blocks import Page, around

PAGE = Page(
    start=0,
    end=13,
    words=((0, 3), (4, 7), (8, 13)),
    boxes=((10, 10, 30, 20), (35, 9, 55, 20), (10, 22, 40, 32)),
    width=600,
    height=800,
)


def test_a_span_has_one_box_a_line() -> None:
    assert PAGE.boxes_of(0, 7) == [(10, 9, 55, 20)]
    assert PAGE.boxes_of(4, 13) == [(35, 9, 55, 20), (10, 22, 40, 32)]
    assert PAGE.boxes_of(3, 4) == []


def test_words_without_places_have_no_box() -> None:
    bare = Page(0, 3, ((0, 3),), ((0, 0, 0, 0),), 600, 800)
    assert bare.boxes_of(0, 3) == []


def test_the_box_around_boxes_holds_them_all() -> None:
    assert around([(1, 5, 3, 6), (2, 2, 9, 4)]) == (1, 2, 9, 6)
