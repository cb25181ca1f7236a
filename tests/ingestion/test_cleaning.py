import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.cleaning import clean_text, printable, without_maths


@pytest.mark.parametrize(
    ("typed", "cleaned"),
    [
        (r"Schr\"odinger", "Schrödinger"),
        (r"Schr\"{o}dinger", "Schrödinger"),
        (r"Schr{\"o}dinger", "Schrödinger"),
        (r"Erd\H{o}s and R\'enyi", "Erdős and Rényi"),
        (r"Garc\'\i a", "García"),
        (r"{\O}rsted, \L{}\'od\'z, Stra\ss e", "Ørsted, Łódź, Straße"),
        (r"\emph{Bufo marinus} and {\it in vitro}", "Bufo marinus and in vitro"),
        (r"\textbf{improves $x_1$ by} 5\%", "improves $x_1$ by 5%"),
        (r"50% of \cite{foo} and AT&T", "50% of […] and AT&T"),
        (r"see \href{http://a.b}{the page}", "see the page"),
        (r"\ours achieves 3 \ \SI{10}{K}", "ours achieves 3 10 K"),
        ("``quoted'' text", "“quoted” text"),
        ("Fig.~3 at ~10 km", "Fig. 3 at ~10 km"),
        ("two\n  lines\t and\r\nmore", "two lines and more"),
        ("Schr\x7fodinger \x1b[31mred\x00", "Schrodinger red"),
        ("SchrÃ¶dinger", "Schrödinger"),
        ("a &lt; b &amp; c", "a < b & c"),
        ("R&D at AT&T", "R&D at AT&T"),
        ("e\u0301tude", "étude"),
    ],
)
def test_typed_text_becomes_plain(typed: str, cleaned: str) -> None:
    assert clean_text(typed) == cleaned


@pytest.mark.parametrize(
    "formula",
    [r"$\mathcal{H}\"o$", r"$$a~b$$", r"\(x^{2}\)", r"\[\frac{1}{2}\]", r"W^{1,2}(X)"],
)
def test_maths_stays_as_typed(formula: str) -> None:
    assert clean_text(rf"\emph{{Let}} {formula} be it.") == f"Let {formula} be it."


def test_invisible_and_direction_changing_characters_go_but_scripts_stay() -> None:
    assert clean_text("safe\u202eevil\u2066\u200b\ufeff\ud800\U000e0041") == "safeevil"
    persian, chinese, hebrew = "می‌خواهم", "注意力机制", "שלום עולם"
    assert clean_text(f"{persian} {chinese} {hebrew}") == f"{persian} {chinese} {hebrew}"


def test_latex_that_names_a_file_reads_none(tmp_path: Path) -> None:
    secret = tmp_path / "secret.tex"
    secret.write_text("hunter2")
    assert "hunter2" not in clean_text(rf"\input{{{secret}}} \include{{{secret}}} x")


@pytest.mark.parametrize(
    "hostile", ["{" * 9000 + "\\foo", "\\emph{" * 1500, "\\(" * 5000, "$" * 9999]
)
@pytest.mark.timeout(5)
@pytest.mark.long
def test_hostile_latex_ends_quickly(hostile: str) -> None:
    assert isinstance(clean_text(hostile), str)


def test_a_formula_taken_for_an_argument_comes_back(capsys: pytest.CaptureFixture[str]) -> None:
    assert "$x_1$" in clean_text(r"the vector \vec $x_1$ and \ours")
    assert clean_text("forged \U000f0000 mark \\ours $x$") == "forged mark ours $x$"
    clean_text(r"\hint and \href without arguments")
    assert capsys.readouterr() == ("", "")


@settings(max_examples=3 * settings().max_examples)
@given(
    st.text(max_size=60)
    | st.lists(
        st.sampled_from([*"\\{}$%&~^_'\"`a i[]()", "\\emph", "\\href", "\\cite", "\\SI", "é"])
    ).map("".join)
)
def test_any_text_becomes_one_encodable_line(text: str) -> None:
    cleaned = clean_text(text)
    assert cleaned == " ".join(cleaned.split())
    assert not set(cleaned.encode()) & set(range(32))


def test_prose_without_formulas() -> None:
    assert without_maths(r"Let $x_1$ be \(a\) thing.").split() == ["Let", "be", "thing."]


def test_more_formulas_than_any_paper_has() -> None:
    assert clean_text(r"$x$ \'e " * 70_000).startswith("$x$ é $x$ é")


@pytest.mark.parametrize(
    ("given_", "shown"),
    [
        ("plain text, 100 %", "plain text, 100 %"),
        ("\x1b[31mred\x1b[0m and \x9b1mbold", "red and bold"),
        ("\x1b]0;title\x07name \x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "name link"),
        ("unended \x1b]0;title\nnext", "unended ]0;title\nnext"),
        ("\x1bPq#0;2\x1b\\sixel \x1b(Bset \x1bcreset", "sixel set reset"),
        ("10 %\r20 %\r\ndone\x0cpage\u2028line\x85", "10 %\n20 %\ndone\npage\nline\n"),
        ("a\tb\x1fc", "a\tb c"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("seen\U000e0001\U000e0041\U000e007f", "seen"),
        ("soft\xadhyphen zero\u200bwidth\ufeff\u2066", "softhyphen zerowidth"),
        ("a" + "\U000e0153\U000e0158" * 4 + "b" + "\u200c\u200d" * 8 + "c", "abc"),
        ("❤️‍🔥 می‌خواهم שלום 注意 葛\U000e0100", "❤️‍🔥 می‌خواهم שלום 注意 葛\U000e0100"),
    ],
)
def test_what_is_shown_holds_no_commands(given_: str, shown: str) -> None:
    assert printable(given_) == shown


_HOSTILE = st.sampled_from(
    [
        *"\u200d\u200c\ufe0f\U000e0100\U000e0041\ud800\x00aé字",
        "\x1b",
        "\x1b[",
        "\x1b]",
        "\x9b",
        "\x9d",
        "\x07",
        "\\",
        "31m",
        ";",
        "\r",
        "\n",
        "\t",
        "\u202e",
    ]
)


@settings(max_examples=5 * settings().max_examples)
@given(st.text(max_size=80) | st.lists(_HOSTILE, max_size=40).map("".join))
def test_whatever_is_shown_is_visible_and_stays_as_it_is(text: str) -> None:
    shown = printable(text)
    shown.encode()
    assert printable(shown) == shown
    assert not [c for c in shown if unicodedata.category(c) == "Cc" and c not in "\n\t"]
    assert not {"\u202e", "\u2066", "\u200b", "\ufeff", "\xad"} & set(shown)
    assert not [c for c in shown if 0xE0000 <= ord(c) <= 0xE00FF]


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=60))
def test_what_can_be_seen_is_kept(text: str) -> None:
    assert printable(text) == text


@pytest.mark.timeout(5)
def test_a_megabyte_of_escapes_is_cleaned_quickly() -> None:
    assert "\x1b" not in printable("\x1b]" * 500_000 + "\x9d" * 500_000 + "\x1b[")
