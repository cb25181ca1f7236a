"""Formulas as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.document.maths import cleaned, inline


@pytest.mark.parametrize(
    ("latex", "shown"),
    [
        (r"\mathbf{28.4}", "28.4"),
        (r"3.5\pm 0.2", "3.5±0.2"),
        (r"50\%", "50%"),
        (r"\lambda_{\text{init}}=0.8", "λ_init = 0.8"),
        (r"10^{-4}", "10^-4"),
        (r"\mathcal{O}(m^{2/3})", "O(m^{2/3})"),
        (r"\frac{1}{2}", "1/2"),
        (r"1-\frac{n}{N}", "1-(n/N)"),
        (r"{}^{\dagger}", "†"),
        (r"\textcolor{red}{0.63}", "0.63"),
        (r"\frac{a+b}{c}", r"$\frac{a+b}{c}$"),
        (r"\mathbb{R}^{d_{x}}", r"$\mathbb{R}^{d_{x}}$"),
        ("a\\times%\nb", "a×b"),
        (r"{" * 400, "$" + "{" * 400 + "$"),
    ],
)
def test_a_simple_formula_is_plain_and_any_other_latex(latex: str, shown: str) -> None:
    assert inline(latex) == shown


def test_what_sets_sizes_and_labels_is_left_out() -> None:
    assert cleaned(r"\displaystyle \label{x} a \nonumber  b") == "a b"
    assert cleaned(r"\ensuremath{\boldsymbol{x}}_0") == r"{\boldsymbol{x}}_0"


@given(st.text(max_size=60))
def test_any_text_gives_one_line(latex: str) -> None:
    assert "\n" not in inline(latex)
