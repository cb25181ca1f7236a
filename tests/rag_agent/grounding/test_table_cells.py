"""Which rows and cells of a table a question is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_agent.grounding.table_cells import ROWS, asked_for, cells_named

CAPTION = "Table 2: Yield of pond plants. Means of three summers. "
PLANTS = [
    CAPTION + "Plant: Water lily; Area (m2): 12; Yield spring: 3.1; Yield autumn: 4.4.",
    CAPTION + "Plant: DuckweedSMALL; Area (m2): 3; Yield spring: 0.9; Yield autumn: 1.2.",
    CAPTION + "Plant: DuckweedLARGE; Area (m2): 9; Yield spring: 2.2; Yield autumn: 2.8.",
]


def test_the_row_and_the_column_asked_for_are_shown() -> None:
    shown = asked_for("What does the large duckweed yield in autumn?", PLANTS)
    assert shown == {2: CAPTION + "Plant: DuckweedLARGE; Yield autumn: 2.8."}


def test_rows_of_a_name_they_share_are_all_shown() -> None:
    assert set(asked_for("What is the area of duckweed?", PLANTS)) >= {1, 2}


def test_a_question_that_names_no_column_is_shown_the_whole_row() -> None:
    shown = asked_for("What is known of the water lily?", PLANTS)
    assert shown[0].endswith(
        "Plant: Water lily; Area (m2): 12; Yield spring: 3.1; Yield autumn: 4.4."
    )


def test_a_magnitude_set_apart_is_still_its_numbers() -> None:
    rows = [
        f"Table 1: Sizes. Name: {size}; Width: {w}." for size, w in (("3 B", 2560), ("14 B", 5120))
    ]
    assert asked_for("Which width has the 3B model?", rows) == {
        0: "Table 1: Sizes. Name: 3 B; Width: 2560."
    }


def test_a_single_row_keeps_its_caption() -> None:
    shown = asked_for("What is the width?", ["Table 1: Sizes (in cm). Name: reed; Width: 2."])
    assert shown[0].startswith("Table 1: Sizes (in cm). ")


def test_rows_without_the_column_asked_for_give_way() -> None:
    rows = [
        "Table 1: Ways. Way: Ours; 5 steps Flowers: 17.9; 5 steps Beds: 16.5.",
        "Table 1: Ways. Way: Ours; 5 steps Faces: 20.5; 5 steps Scenes: 14.1.",
    ]
    assert asked_for("What does Ours reach on Beds?", rows) == {
        0: "Table 1: Ways. Way: Ours; 5 steps Beds: 16.5."
    }


def test_the_name_of_the_first_column_asks_for_no_column() -> None:
    rows = ["Table 1: Steps. Teacher steps: Ours; 100: 27.04; 200: 28.07."]
    assert asked_for("What does Ours reach with its teacher steps?", rows)[0].endswith(
        "100: 27.04; 200: 28.07."
    )


@pytest.mark.parametrize(
    ("said", "cells"),
    [
        ("Ours reaches 0.61 on News.", (3,)),
        ("It is 0.53 and 0.61.", (1, 3)),
        ("Ours is the best way.", ()),
        ("It is open.", (4,)),
    ],
)
def test_the_cells_that_a_sentence_states_are_named(said: str, cells: tuple[int, ...]) -> None:
    assert cells_named(said, "Ours | 0.53 | 0.41 | 0.61 | open") == cells


@given(st.text(max_size=80), st.lists(st.text(max_size=80), max_size=9))
def test_any_table_can_be_asked(question: str, readings: list[str]) -> None:
    shown = asked_for(question, readings)
    assert set(shown) <= set(range(len(readings)))
    assert len(shown) <= ROWS
