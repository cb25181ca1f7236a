"""Text by others stays text."""

import html
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.cleaning import printable
from ingestion.formulas import is_harmless
from ui.web.evidence import marked
from ui.web.plain import as_html, escaped, table_html, with_maths

pytestmark = pytest.mark.long

_SPECIAL = r"[!-/:-@\[-`{-~]"
_ESCAPED = re.compile(rf"(?:\\{_SPECIAL}|[^!-/:-@\[-`{{-~])*", re.DOTALL)


@given(st.text())
def test_html_holds_no_markup_and_says_the_same(text: str) -> None:
    shown = as_html(text)
    assert not set("<>\"'") & set(shown)
    assert html.unescape(shown) == html.unescape(as_html(html.unescape(shown)))


@given(st.text())
def test_markdown_punctuation_is_escaped_and_says_the_same(text: str) -> None:
    shown = escaped(text)
    assert _ESCAPED.fullmatch(shown)
    assert "\n" not in shown
    plain = re.sub(rf"\\({_SPECIAL})", r"\1", shown).replace("\u2060", "")
    assert plain == " ".join(printable(text).split())


@given(st.text(alphabet="ab $\\{}^_()[]:*#<>`alphfrc"))
def test_text_around_formulas_is_escaped_whatever_stands_there(text: str) -> None:
    shown = with_maths(text)
    pieces = re.split(r"((?<!\\)\$[^$]+(?<!\\)\$)", shown)
    assert all(is_harmless(piece[1:-1]) for piece in pieces[1::2])
    assert all(_ESCAPED.fullmatch(piece) for piece in pieces[::2])


@pytest.mark.parametrize(
    "formula", [r"\alpha_1^2", r"O(n \log n)", r"\frac{1}{2}", "x < y", r"\mathbb{R}^{d}", r"90\%"]
)
def test_formulas_of_abstracts_are_set(formula: str) -> None:
    assert with_maths(f"We show ${formula}$ here.") == rf"We show ${formula}$ here\."


@pytest.mark.parametrize(
    "formula",
    [
        r"\href{javascript:alert(1)}{x}",
        r"\rule{999em}{999em}",
        r"\def\a{\a\a}\a",
        r"\htmlClass{x}{y}",
        r"\includegraphics{x}",
        "{",
        "}{",
        "x" * 301,
        r"\color{red} x",
        "a`b",
        "\\",
    ],
)
def test_other_formulas_stay_text(formula: str) -> None:
    assert re.search(r"(?<!\\)\$", with_maths(f"See ${formula}$ now")) is None


def test_a_single_dollar_is_a_dollar() -> None:
    assert with_maths("It costs 5$ each.") == r"It costs 5\$ each\."


def test_a_quote_is_marked_in_its_passage() -> None:
    assert marked("a <b> c", "<b>") == "a <mark>&lt;b&gt;</mark> c"
    assert marked("elsewhere", "the quote") == "<mark>the quote</mark>"


def test_of_a_quoted_row_the_cells_that_carry_the_sentence_are_marked() -> None:
    table = "Table 1: Ways.\nWay | F1\nOurs | 0.9\nTheirs | 0.9"
    shown = table_html(table, "Ours | 0.9", (1,))
    assert "<tr><td>Ours</td><td><mark>0.9</mark></td></tr>" in shown
    assert shown.count("<mark>") == 1
    assert table_html(table, "Ours | 0.9").count("<mark>") == 2


HOSTILE = "safe\x1b[2J\u009b31m\u202etxt.exe\U000e0041 end"


@pytest.mark.parametrize("shown", [as_html, escaped, with_maths])
def test_what_acts_unseen_is_gone(shown: Callable[[str], str]) -> None:
    assert not re.search(
        "[\x00-\x08\x1b\x7f-\x9f\u202a-\u202e\U000e0000-\U000e007f]", shown(HOSTILE)
    )
    assert "safe" in shown(HOSTILE)
