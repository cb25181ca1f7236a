"""Lines out of the parser's words."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.fulltext.pdf.lines import lines_of
from tests.ingestion.fulltext.typeset import Line, line

BASE, RAISED, LOWERED = (100, 110), (98, 104), (107, 113)


def text_of(*words: Line) -> list[str]:
    return [line.text for line in lines_of(words)]


def test_words_apart_are_joined_by_a_blank_and_words_that_touch_by_none() -> None:
    assert text_of([("a", 0, *(100, 5, 110)), ("b", 8, 100, 13, 110)]) == ["a b"]
    assert text_of([("a", 0, *(100, 5, 110)), ("b", 5.5, 100, 10, 110)]) == ["ab"]


def test_a_raised_number_is_a_power_and_a_lowered_one_an_index() -> None:
    base = ("n", 0, BASE[0], 5, BASE[1])
    assert text_of([base, ("2", 5, RAISED[0], 8, RAISED[1])]) == ["n^2"]
    assert text_of([base, ("2", 5, LOWERED[0], 8, LOWERED[1])]) == ["n2"]


def test_a_footnote_s_mark_after_a_word_is_no_power() -> None:
    assert text_of([("words", 0, *(100, 25, 110)), ("2", 25, 98, 28, 104)]) == ["words2"]


def test_a_line_that_the_parser_broke_at_a_script_is_put_together() -> None:
    parts: list[Line] = [
        [("costs", 0, 100, 25, 110), ("O(n", 28, 100, 43, 110)],
        [("2", 43, 98, 46, 104)],
        [(")", 46, 100, 49, 110)],
    ]
    assert text_of(*parts) == ["costs O(n^2)"]


def test_lines_below_one_another_stay_apart() -> None:
    assert text_of(line("one", 100), line("two", 112)) == ["one", "two"]


def test_the_size_is_that_of_the_main_font_and_not_of_scripts() -> None:
    (found,) = lines_of([[("base", 0, 100, 20, 110), ("12", 20, 98, 25, 104)]])
    assert (found.size, found.y0, found.y1) == (10, 100, 110)


def test_cells_are_parted_by_more_than_a_blank() -> None:
    (row,) = lines_of([line("Small Net | 12 | 86M", 100)])
    assert [[word.text for word in cell] for cell in row.cells] == [
        ["Small", "Net"],
        ["12"],
        ["86M"],
    ]


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ("a\x1b[31mb", "ab"),
        ("a\x9b1mb", "ab"),
        ("pay\u202eload", "payload"),
        ("seen\U000e0041\U000e007f", "seen"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("soft\xadhyphen", "softhyphen"),
        ("\uf0b7item\ufffd", "item"),
        ("ﬁne", "fine"),
        ("𝑛", "n"),
        ("naïve", "naïve"),
    ],
)
def test_words_hold_only_what_can_be_seen(given_: str, kept: str) -> None:
    assert text_of([(given_, 0, 100, 5, 110)]) == [kept]


def test_a_line_of_nothing_to_see_is_left_out() -> None:
    assert text_of([("\x00\u200b", 0, 100, 5, 110)], line("here", 112)) == ["here"]


@given(st.text(max_size=40))
def test_no_control_character_comes_through(text: str) -> None:
    for kept in text_of([(text, 0, 100, 5, 110), ("end", 9, 100, 12, 110)]):
        assert not [c for c in kept if unicodedata.category(c) in ("Cc", "Cs", "Co")]
        assert not set("\u202e\u2066\u200b\ufeff\ufffd") & set(kept)
