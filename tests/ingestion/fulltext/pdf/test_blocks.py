"""Lines that belong together, and what they are."""

from itertools import pairwise

import pytest

from ingestion.fulltext.pdf.blocks import LineBlock, blocks_of
from ingestion.fulltext.pdf.body import Body
from ingestion.fulltext.pdf.lines import lines_of
from tests.ingestion.fulltext.typeset import Line, line, page, prose

TEXT = [*prose(120), *prose(600)]  # sets what is usual


def blocks(*lines: Line) -> list[LineBlock]:
    whole = page(*TEXT, *lines)
    found = lines_of(whole["lines"])
    body = Body.of([found], [whole])
    return blocks_of(found[len(TEXT) :], body, 800)


def kinds(*lines: Line) -> list[str]:
    return [block.kind for block in blocks(*lines)]


def test_a_paragraph_is_one_block_and_a_gap_begins_another() -> None:
    assert [len(block.lines) for block in blocks(*prose(300), *prose(400))] == [4, 4]


def test_an_indented_line_after_a_stop_opens_a_paragraph() -> None:
    indented = line("Here another paragraph begins and runs on for the whole of the line", 348, 120)
    assert len(blocks(*prose(300), indented)) == 2


def test_items_of_a_list_are_blocks() -> None:
    first = line("• The first of the items says something about it all.", 300)
    second = line("• The second of the items says something more about it.", 312)
    assert [len(block.lines) for block in blocks(first, second)] == [1, 1]


@pytest.mark.parametrize(
    "title",
    [
        "3.2 Attention",
        "IV. Results",
        "A.1 Details",
        "Conclusions",
        "2.3 Transfer Learning From Supervised Data That Fills The Whole Column Over It All",
    ],
)
def test_numbered_and_named_titles_are_headings(title: str) -> None:
    assert kinds(line(title, 300), *prose(320)) == ["heading", "text"]


@pytest.mark.parametrize(
    "text",
    [
        "2 We train it on a very long line of text that goes on over the whole of the column",
        "3.5 = x + y, where x",
    ],
)
def test_a_line_that_begins_with_a_number_is_no_heading(text: str) -> None:
    assert "heading" not in kinds(line(text, 300))


def test_a_caption_is_told_from_a_sentence_about_a_figure() -> None:
    assert kinds(line("Figure 2: The model and what it does.", 300, size=9)) == ["caption"]
    broken = [
        line("The encoder maps an input sequence of symbols to a sequence, as shown in", 300),
        line("Figure 1. The decoder maps them back, one after the other, to symbols.", 312),
    ]
    assert kinds(*broken) == ["text"]


def test_dotted_lines_are_contents() -> None:
    assert kinds(line("1 Introduction . . . . . . . . . 12", 300, size=8.5)) == ["contents"]


def test_small_print_with_a_mark_is_a_footnote() -> None:
    note = "1 The code and all of the models of this paper are there for everybody to download."
    assert kinds(line(note, 300, size=8)) == ["footnote"]


def test_a_footnote_whose_line_an_address_stretches_is_one() -> None:
    stretched = "1Fine-tuning | code and | models are | available | at https://example.org/"
    note = [line(stretched, 700, size=8), line("owls/nest", 709, size=8)]
    assert kinds(*note) == ["footnote"]


def test_a_displayed_equation_is_text_and_labels_in_a_figure_are_none() -> None:
    assert kinds(line("y = f(x) + x", 300, 200)) == ["text"]
    assert kinds(line("0.2 | 0.4 | 0.6", 300, size=7)) == ["figure"]


def test_margins_come_last() -> None:
    assert kinds(line("12", 770), *prose(300)) == ["text", "margin"]


def test_a_block_s_box_holds_its_lines() -> None:
    (block,) = blocks(*prose(300))
    x0, y0, x1, y1 = block.box
    assert (x0, y0, y1) == (100, 300, 346)
    assert all(line.x1 <= x1 for line in block.lines)
    assert all(above.y0 < below.y0 for above, below in pairwise(block.lines))
