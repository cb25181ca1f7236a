r"""Formulas as they stand in a text: plain where they are simple, as LaTeX between dollars where they are not.

`28.4`, `d_model`, `10^-4` and `λ_init = 0.8` read, search and compare like any other words, and as a PDF's
text has them; a fraction or a sum keeps its LaTeX, `$\frac{a+b}{c}$`, which a page can render.
"""

import re
from functools import cache

MAX_LATEX_CHARACTERS = 20_000
"""Of one formula; the longest display of nine papers has 2,100."""

_WRAP = re.compile(r"%[^\S\n]*\n\s*")  # LaTeXML breaks long formulas so
_DISPLAY = re.compile(
    r"\\(?:displaystyle|textstyle|scriptstyle|limits|nolimits|nonumber|notag|allowbreak"
    r"|tiny|scriptsize|footnotesize|small|normalsize|large)(?![A-Za-z])\s*"
)
_COLOUR = re.compile(
    r"\\(?:color|pagecolor)\s*(?:\[[^\]]*\])?\s*\{[^{}]*\}|\\(?:textcolor|colorbox)\s*(?:\[[^\]]*\])?\s*\{[^{}]*\}"
    r"|\\(?:xspace|relax|protect|ensuremath|boldmath|unboldmath|hfill|vspace\*?\{[^{}]*\})(?![A-Za-z])"
)
_RENAMED = (
    (re.compile(r"\\textsc(?![A-Za-z])"), r"\\text"),
    (re.compile(r"\\mathbbm(?![A-Za-z])"), r"\\mathbb"),
)
_LABEL = re.compile(r"\\label\s*\{[^{}]*\}")
_TOKEN = re.compile(r"\\[A-Za-z]+\*?|\\.|[{}^_]|\s+|.", re.DOTALL)
_BRACKETED = re.compile(r"^\\(?:left|right|[bB]igg?[lrm]?|middle)$")
_FONTS = frozenset(
    r"\mathrm \mathbf \mathit \mathsf \mathtt \mathnormal \mathcal \mathbb \mathfrak \mathscr \text \textrm"
    r" \textbf \textit \textsf \texttt \textsc \textup \textnormal \textmd \emph \mbox \hbox \bm \boldsymbol \pmb"
    r" \operatorname \operatorname* \mathop"
    r" \mathopen \mathclose \mathbin \mathrel \mathord \ensuremath \underline".split()
)
_SWITCHES = frozenset(r"\bf \it \rm \sf \tt \sc \em \cal \boldmath \bfseries \itshape".split())
_SPACES = {r"\,": " ", r"\;": " ", r"\:": " ", r"\!": "", r"\ ": " ", r"\quad": " ", r"\qquad": " "}
_SPACES |= {"~": " ", r"\/": "", r"\-": "", r"\>": " "}
_SYMBOLS = {r"\%": "%", r"\$": "$", r"\#": "#", r"\&": "&", r"\{": "{", r"\}": "}", r"\_": "_"}
_SYMBOLS |= {r"\|": "‖", r"\colon": ":", r"\dots": "…", r"\ldots": "…", r"\cdots": "⋯", "'": "′"}
_SYMBOLS |= {r"\dagger": "†", r"\dag": "†", r"\ddagger": "‡", r"\ddag": "‡", r"\diamond": "⋄"}
_SYMBOLS |= {r"\lvert": "|", r"\rvert": "|", r"\lVert": "‖", r"\rVert": "‖", r"\mid": "|"}
_SYMBOLS |= {
    r"\checkmark": "✓",
    r"\cmark": "✓",
    r"\xmark": "✗",
    r"\degree": "°",
    r"\textdegree": "°",
}
_SPACED = frozenset("=<>≤≥≈→←↦∈⊂⊆≪≫∼≠≡:+")
_SCRIPT = re.compile(r"[^\W_]{1,12}|[-−+]?\d+(?:\.\d+)?|[*′†‡§∗°+\-−]{1,3}")
_SHORT = re.compile(r"[\w+\-−*′∗%,.|/…=:]{1,14}")
_SIMPLE = re.compile(r"[\w.]{1,8}")
_FRACTION = re.compile(r"\(\w+/\w+\)")
_RAISED = {"∘": "°", "†": "†", "‡": "‡", "*": "*", "∗": "∗", "′": "′"}


class NotPlain(Exception):
    """A formula that says less as plain text."""


def inline(latex: str) -> str:
    """A formula within a sentence or a cell.

    Args:
        latex: Without delimiters, untrusted.

    Returns:
        Plain text for numbers, symbols and simple scripts; else `$…$` with the LaTeX cleaned.
    """
    kept = cleaned(latex)
    try:
        return plain(kept)
    except (NotPlain, RecursionError):
        return f"${kept}$"


def cleaned(latex: str) -> str:
    """The LaTeX on one line, without what only sets sizes, labels and breaks."""
    text = _WRAP.sub(" ", latex[:MAX_LATEX_CHARACTERS])
    text = _COLOUR.sub("", _DISPLAY.sub("", _LABEL.sub("", text)))
    for command, name in _RENAMED:
        text = command.sub(name, text)
    return " ".join(text.split())


def plain(latex: str) -> str:
    """A simple formula as text.

    Raises:
        NotPlain: It holds more than letters, numbers, symbols and simple scripts.
    """
    tokens = [sign for sign in _TOKEN.findall(latex) if not sign.isspace()]
    text, place = _run(tokens, 0)
    if place < len(tokens):
        raise NotPlain
    if _FRACTION.fullmatch(text):
        text = text[1:-1]
    return " ".join(_spaced(text).split())


def _run(tokens: list[str], place: int, depth: int = 0) -> tuple[str, int]:
    """Text of the tokens up to the end or a closing brace, and where that stands."""
    text = ""
    while place < len(tokens) and tokens[place] != "}":
        piece, place = _piece(tokens, place, depth)
        text += piece
    return text, place


def _piece(tokens: list[str], place: int, depth: int) -> tuple[str, int]:
    if place >= len(tokens) or depth > 12:
        raise NotPlain
    sign = tokens[place]
    if sign in ("^", "_"):
        return _script(sign, tokens, place + 1, depth)
    if sign == "{":
        return _group(tokens, place, depth)
    if sign in (r"\frac", r"\tfrac", r"\nicefrac", r"\sfrac"):
        return _fraction(tokens, place + 1, depth)
    if sign == r"\sqrt":
        inner, after = _piece(tokens, place + 1, depth + 1)
        return f"√{_simple(inner)}", after
    if sign in _FONTS:
        return _piece(tokens, place + 1, depth + 1)
    return _symbol(sign), place + 1


def _group(tokens: list[str], place: int, depth: int) -> tuple[str, int]:
    text, end = _run(tokens, place + 1, depth + 1)
    if end >= len(tokens):
        raise NotPlain
    return text, end + 1


def _script(mark: str, tokens: list[str], place: int, depth: int) -> tuple[str, int]:
    text, after = _piece(tokens, place, depth + 1)
    text = "".join(text.split())
    if mark == "^" and (
        text in _RAISED or (len(text) == 1 and not text.isalnum() and text not in "+-−")
    ):
        return _RAISED.get(text, text), after
    if "_" in text or "^" in text or (not _SHORT.fullmatch(text) and not _SCRIPT.fullmatch(text)):
        raise NotPlain
    shown = text if _SCRIPT.fullmatch(text) else "{" + text + "}"
    following = tokens[after] if after < len(tokens) else ""
    return f"{mark}{shown}{' ' if following.isalnum() else ''}", after


def _fraction(tokens: list[str], place: int, depth: int) -> tuple[str, int]:
    over, place = _piece(tokens, place, depth + 1)
    under, place = _piece(tokens, place, depth + 1)
    return f"({_simple(over)}/{_simple(under)})", place


def _simple(text: str) -> str:
    if not _SIMPLE.fullmatch(text):
        raise NotPlain
    return text


def _symbol(sign: str) -> str:
    if _BRACKETED.match(sign) or sign in _SWITCHES:
        return ""
    if sign in _SPACES:
        return _SPACES[sign]
    if sign in _SYMBOLS:
        return _SYMBOLS[sign]
    if not sign.startswith("\\"):
        if sign == "&":
            raise NotPlain
        return sign
    return _named(sign)


@cache
def _named(sign: str) -> str:
    r"""The character of a command such as `\lambda`, or the name of a function such as `\log`."""
    text = _texts().get(sign[1:])
    if isinstance(text, str) and text and "%" not in text:
        return f" {text} " if len(text) > 1 and text.isalpha() else text
    raise NotPlain


@cache
def _texts() -> dict[str, object]:
    from pylatexenc.latex2text import get_default_latex_context_db

    known = get_default_latex_context_db()
    return {spec.macroname: spec.simplify_repl for spec in known.iter_macro_specs()}


def _spaced(text: str) -> str:
    """Blanks around relations, as a reader would set them; none within numbers and scripts."""
    out = ""
    for place, sign in enumerate(text):
        before = text[place - 1 : place]
        binary = sign in _SPACED and before.strip() and before not in "^_(" and sign not in "+:"
        out += f" {sign} " if binary else sign
    return out.replace("< =", "<=").replace("> =", ">=").replace(": =", ":=")
