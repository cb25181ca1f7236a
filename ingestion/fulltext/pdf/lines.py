"""Lines as set: words of the parser cleaned, parts that are raised or lowered put back, scripts marked."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ingestion.cleaning import printable

CELL_GAP = 0.75
"""Of the font's size, the least gap between cells of a table; a blank is a quarter to a third (convention).
Measured: 0.6 changes 91 blocks, 0.938 144."""
MAIN_FONT_SHARE = 0.25
"""Of a line's letters, that its main font has at least; a formula may hold more letters in scripts. Measured:
0.2 changes 133 blocks, 0.312 171."""
SAME_FONT = 0.2
"""Of the size: words that differ by less share a font. Scripts are set at 0.7 (convention of TeX). Measured:
0.16 changes 18 blocks, 0.25 49."""
SCRIPT_OVERLAP = 0.3
"""Of the lower line: parts of one line overlap by more. A script is moved by a third of its height, the next
line by more than all. Measured: 0.24 changes 71 blocks, 0.375 337."""
SCRIPT_BACK = -2.0
"""Of the size: how far the next part may begin before the end of this one, as a limit under a sum does.
Measured: -1.6 changes 84 blocks, -2.5 58."""
SCRIPT_FORWARD = 1.5
"""Of the size: the widest gap before the next part of a line. Measured: 1.2 changes 74 blocks, 1.875 24."""
GLUED_GAP = 0.12
"""Of the size: less is no blank; the narrowest blank of justified Computer Modern is 0.22 (TeX).
Measured: 0.096 changes 204 blocks, 0.15 441."""
RAISED_SIZE = 0.85
"""Of the base's size, below which a word may be a script; scripts are set at 0.7 (convention of TeX).
Measured: 0.68 changes 623 blocks, 1.062 92."""
RAISED_BY = 0.12
"""Of the base's size, that a power's foot stands above its base's at least. Measured: 0.096 changes 2 blocks,
0.15 none."""

# What fonts without a table of characters leave: replacement marks and private codes.
_UNREADABLE = re.compile("[\ufffd\ue000-\uf8ff]")
_COMPOSED = re.compile("[\ufb00-\ufb06\U0001d400-\U0001d7ff]")  # ligatures, mathematical letters
_POWER = re.compile(r"[-−+]?[\w(]")


@dataclass(frozen=True, slots=True)
class Word:
    """A word and its box: points from the left and from the top of the page."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def height(self) -> float:
        """Height of its font, points; 0 where the parser knows no boxes."""
        return self.y1 - self.y0


@dataclass(frozen=True, slots=True)
class Line:
    """A line as set.

    Args:
        words: At least one.
        pieces: What each word adds to the text: itself after a blank, after `^`, or after nothing.
        x0, y0, x1, y1: The box around its words; scripts do not count for y.
        size: Height of its main font, points; 0 where the parser knows no boxes.
        text: Its words put together.
    """

    words: tuple[Word, ...]
    pieces: tuple[str, ...]
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    text: str

    @property
    def width(self) -> float:
        """Points."""
        return self.x1 - self.x0

    @property
    def cells(self) -> list[list[Word]]:
        """The words in groups parted by more than a blank: the cells of a table row."""
        groups = [[self.words[0]]]
        for before, word in pairwise(self.words):
            if word.x0 - before.x1 > CELL_GAP * self.size > 0:
                groups.append([])
            groups[-1].append(word)
        return groups


def lines_of(raw: Iterable[Sequence[Sequence[Any]]]) -> list[Line]:
    """The lines of a page, from the parser's words `[text, x0, y0, x1, y1]`.

    The parser breaks a line at a raised or lowered part: it is put together again. Words that hold nothing
    to see are left out.
    """
    merged: list[Line] = []
    for line in _clean_lines(raw):
        before = merged[-1] if merged else None
        if before and line.size and _continues(before, line):
            merged[-1] = line_of([*before.words, *line.words])
        else:
            merged.append(line)
    return merged


def _clean_lines(raw: Iterable[Sequence[Sequence[Any]]]) -> Iterator[Line]:
    for line in raw:
        words = [Word(text, *box) for dirty, *box in line if (text := _clean(dirty))]
        if words:
            yield line_of(words)


def _clean(text: str) -> str:
    seen = "".join(_UNREADABLE.sub("", printable(text)).split())
    return _COMPOSED.sub(lambda match: unicodedata.normalize("NFKC", match[0]), seen)


def line_of(words: Sequence[Word]) -> Line:
    """One line of at least one word, in the order given."""
    size = _main_size(words)
    main = [word for word in words if abs(word.height - size) < SAME_FONT * size] or list(words)
    pieces = (words[0].text, *(_joint(*pair) + pair[1].text for pair in pairwise(words)))
    return Line(
        tuple(words),
        pieces,
        min(word.x0 for word in words),
        min(word.y0 for word in main),
        max(word.x1 for word in words),
        max(word.y1 for word in main),
        size,
        "".join(pieces),
    )


def _main_size(words: Sequence[Word]) -> float:
    """The largest height that enough letters have: a line may hold more letters in scripts than outside."""
    heights: Counter[float] = Counter()
    for word in words:
        heights[round(word.height, 1)] += len(word.text)
    enough = MAIN_FONT_SHARE * sum(heights.values())
    common = (height for height, letters in heights.items() if letters >= enough)
    return max(common, default=max(heights))


def _continues(before: Line, line: Line) -> bool:
    """Whether a line is the next part of the one before, on the same height and beside it."""
    overlap = min(before.y1, line.y1) - max(before.y0, line.y0)
    gap = line.x0 - before.x1
    return (
        overlap > SCRIPT_OVERLAP * min(before.size, line.size)
        and SCRIPT_BACK * before.size < gap < SCRIPT_FORWARD * before.size
    )


def _joint(before: Word, word: Word) -> str:
    """What stands between two words: a blank, nothing, or `^` before a power."""
    glued = 0 < word.height and word.x0 - before.x1 < GLUED_GAP * max(before.height, word.height)
    if not glued:
        return " "
    return "^" if _is_raised(before, word) and _may_have_power(before.text, word.text) else ""


def _is_raised(before: Word, word: Word) -> bool:
    smaller = word.height < RAISED_SIZE * before.height
    return smaller and word.y1 < before.y1 - RAISED_BY * before.height


def _may_have_power(base: str, power: str) -> bool:
    """A letter, number or bracket before a letter, number or bracket; a word's raised mark is a footnote's."""
    return (
        _POWER.match(power) is not None
        and (len(base) == 1 or not base[-2:].isalpha())
        and (base[-1].isalnum() or base[-1] in ")]}")
    )
