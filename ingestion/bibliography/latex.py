r"""Text as a value in BibTeX: accents as they are (UTF-8), mathematics as typed, everything else escaped.

A formula with a command that is not known to be harmless (`\write18` runs programs) is prose too.
BibTeX counts braces without regard to backslashes, so every value is made to balance: `\{` in a formula
becomes `\lbrace`.
"""

import re

from ingestion.cleaning import MATHS, printable
from ingestion.formulas import is_harmless

_SPECIAL = {
    **{sign: rf"\{sign}" for sign in "&%#_$"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
}
_DELIMITERS = re.compile(r"^(?:\$\$?|\\[(\[])|(?:\$\$?|\\[)\]])$")
_BRACES = {r"\{": r"\lbrace ", r"\}": r"\rbrace "}


def escaped(text: str) -> str:
    """A value that balances and means in LaTeX what the text says; formulas stay as typed."""
    line, end = " ".join(printable(text).split()), 0
    parts = []
    for formula in MATHS.finditer(line):
        parts += [_prose(line[end : formula.start()]), _formula(formula[0])]
        end = formula.end()
    return "".join([*parts, _prose(line[end:])])


def _prose(text: str) -> str:
    return "".join(_SPECIAL.get(sign, sign) for sign in text)


def _formula(typed: str) -> str:
    balanced = re.sub(r"\\[{}]", lambda brace: _BRACES[brace[0]], typed)
    if not _balances(balanced) or not is_harmless(_DELIMITERS.sub("", typed)):
        return _prose(typed)
    bare = typed.startswith(("_", "^"))  # `W^{1,2}(X)`, typed without dollar signs
    return f"${balanced}$" if bare else balanced


def _balances(text: str) -> bool:
    depth = 0
    for sign in text:
        depth += (sign == "{") - (sign == "}")
        if depth < 0:
            return False
    return depth == 0
