"""Titles and abstracts for programs that know no LaTeX: a formula becomes Unicode where that says all of it."""

import re
from functools import lru_cache

from ingestion.cleaning import MATHS, printable

_LEFT = re.compile(
    r"[\\{}^_$&#]"
)  # of a formula that has no plain form, such as a fraction or an index

_STACKED = re.compile(r"\\(?:[cdt]?frac|sqrt|binom|over|begin|overset|underset|stackrel)\b")


def readable(text: str) -> str:
    """One line in which simple formulas are Unicode (`$\\alpha$`-stable is α-stable); others stay as typed."""
    line = " ".join(printable(text).split())
    return (
        MATHS.sub(lambda formula: _plain(formula[0]), line) if "$" in line or "\\" in line else line
    )


@lru_cache(maxsize=4096)
def _plain(formula: str) -> str:
    if _STACKED.search(formula):  # (a+b)/c would lose its brackets
        return formula
    from pylatexenc.latex2text import LatexNodes2Text

    try:
        plain = str(
            LatexNodes2Text(math_mode="text").latex_to_text(formula, tolerant_parsing=False)
        )
    except (RecursionError, LookupError, ValueError, AttributeError, TypeError):
        return formula
    return formula if _LEFT.search(plain) or not plain.strip() else " ".join(plain.split())
