r"""Formulas taken out of a paper's text before it is parsed, and displays with the numbers they are printed with.

`\keptmaths{n}` stands for the n-th: pylatexenc would take each apart sign by sign, which is most of its time; they
are kept as written.
"""

import re
from collections.abc import Callable

from ingestion.document import maths
from ingestion.document.latex.commands import ALIGNED, EQUATIONS

MAX_FORMULA_CHARACTERS = 40_000
"""Of one formula; where none ends within, a dollar is a dollar."""

_ENVIRONMENTS = "|".join(name + r"\*?" for name in EQUATIONS)
_OPENING = re.compile(rf"\\begin\s*\{{({_ENVIRONMENTS})\}}|\$\$|\$|\\\[|\\\(|\\.|\\\n", re.DOTALL)
_INNER = re.compile(r"\\.|[{}]|\$\$?|\n[^\S\n]*\n", re.DOTALL)
_CLOSERS = {r"\[": r"\]", r"\(": r"\)"}
_LABEL = re.compile(r"\\label\s*\{([^{}]*)\}")
_TAG = re.compile(r"\\tag\*?\s*\{([^{}]*)\}")
_UNNUMBERED = re.compile(r"\\(?:nonumber|notag)(?![A-Za-z])")
_LINE_PARTS = re.compile(
    r"\\(begin|end)\s*\{([A-Za-z]+\*?)\}|\\\\(?:\s*\*)?(?:\s*\[[^\]]*\])?|\\.|[{}]", re.DOTALL
)


class Formulas:
    """The formulas of one paper, by number: environment (`$` within a line, `[` for a plain display) and LaTeX."""

    def __init__(self) -> None:
        self._kept: list[tuple[str, str]] = []

    def __getitem__(self, number: int) -> tuple[str, str]:
        return self._kept[number]

    def taken_out(self, text: str) -> str:
        """The text with a command in the place of each formula."""
        pieces, place, match = [], 0, _OPENING.search(text)
        while match:
            kind, latex, end = _formula(match, text)
            if kind:
                pieces += [text[place : match.start()], rf"\keptmaths{{{len(self._kept)}}}"]
                self._kept.append((kind, latex))
                place = end
            match = _OPENING.search(text, end if kind else match.end())
        return "".join([*pieces, text[place:]])


def _formula(match: re.Match[str], text: str) -> tuple[str, str, int]:
    """Kind, LaTeX and end of the formula that opens at a match; no kind where none does."""
    sign, place = match[0], match.end()
    if match[1]:
        end = text.find(rf"\end{{{match[1]}}}", place, place + MAX_FORMULA_CHARACTERS)
        closed = end + len(rf"\end{{{match[1]}}}")
        kind = "$" if match[1] == "math" else match[1]
        return (kind, text[place:end], closed) if end >= 0 else ("", "", 0)
    if sign in _CLOSERS:
        end = text.find(_CLOSERS[sign], place, place + MAX_FORMULA_CHARACTERS)
        return (
            ("[" if sign == r"\[" else "$", text[place:end], end + 2) if end >= 0 else ("", "", 0)
        )
    if sign in ("$", "$$"):
        return _between_dollars(sign, text, place)
    return "", "", 0


def _between_dollars(sign: str, text: str, place: int) -> tuple[str, str, int]:
    r"""A formula up to the dollar that closes it; those within its braces, as in `\text{if $x$}`, do not."""
    depth = 0
    for match in _INNER.finditer(text, place, place + MAX_FORMULA_CHARACTERS):
        found = match[0]
        if found in "{}":
            depth += 1 if found == "{" else -1
            if depth < 0:
                break
        elif found[0] == "$" and depth == 0:
            end = match.start() + len(sign) if found.startswith(sign) else match.end()
            return "[" if sign == "$$" else "$", text[place : match.start()], end
        elif found[0] == "\n":
            break
    return "", "", 0


def display(
    environment: str, latex: str, count: Callable[[], str]
) -> tuple[str, tuple[str, ...], dict[str, str]]:
    """A display's LaTeX, its numbers, and the number of each of its labels.

    Args:
        environment: Its name; `[` for an unnumbered one.
        latex: What stands in it.
        count: Counts one more equation and gives its number.
    """
    name = environment.rstrip("*")
    starred = environment.endswith("*") or name in ("displaymath", "math", "[")
    numbers: list[str] = []
    labels: dict[str, str] = {}
    lines = split_lines(latex) if name in ALIGNED else [latex]
    for line in lines:
        tag = _TAG.search(line)
        bare = _LABEL.sub("", line).strip()
        counted = not starred and bare and not _UNNUMBERED.search(line)
        number = tag[1].strip("$ ") if tag else count() if counted else ""
        numbers += [number] if number else []
        labels |= dict.fromkeys(_LABEL.findall(line), number)
    text = _UNNUMBERED.sub("", _TAG.sub("", _LABEL.sub("", latex)))
    return maths.cleaned(text).removesuffix(r"\\").strip(), tuple(numbers), labels


def split_lines(latex: str) -> list[str]:
    r"""The lines of an alignment: parted at `\\`, but not within groups and inner environments."""
    lines, depth, place = [], 0, 0
    for match in _LINE_PARTS.finditer(latex):
        if match[1] or match[0] in "{}":
            depth += 1 if match[1] == "begin" or match[0] == "{" else -1
        elif match[0].startswith("\\\\") and depth <= 0:
            lines.append(latex[place : match.start()])
            place = match.end()
    lines.append(latex[place:])
    return [line for line in lines if line.strip()]
