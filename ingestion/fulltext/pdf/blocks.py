"""Blocks of a page: neighbouring lines that belong together, and what each is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingestion.document.blocks import Box, Kind, around
from ingestion.fulltext.pdf.body import Body, is_margin
from ingestion.fulltext.pdf.lines import Line

SIZE_CHANGE = 0.13
"""Of the size: a block's lines differ by no more. LaTeX's sizes are 10 to 20 % apart (convention). Measured:
0.104 changes 63 blocks, 0.163 18."""
LINE_GAP_LEAST = -0.9
"""Of the size, between the lines of a block: further up is another column. Measured: -0.72 changes 1 block,
-1.125 71."""
LINE_GAP_MOST = 0.8
"""Of the size, between the lines of a block; lines are set 1.2 sizes apart, paragraphs further (convention).
Measured: 0.64 changes 91 blocks, 1.0 353."""
INDENT = 0.7
"""Of the size: a line that begins so far to the right opens a paragraph; LaTeX's article indents by 1 to 1.5
(convention). Measured: 0.56 and 0.875 change nothing."""
ALIGNED_POINTS = 1.0
"""A line that begins this near to its block's first is not indented itself. Measured: 0.8 and 1.25 change
nothing."""
PARAGRAPH_WIDTH = 0.5
"""Of the usual width: an indented line that is shorter is no paragraph's first but a formula's. Measured: 0.4
changes 4 blocks, 0.625 14."""
SENTENCE_SIZE_CHANGE = 0.05
"""Of the size: prose goes on in the same font; captions are mostly set smaller. Measured: 0.04 and 0.062
change nothing."""
SENTENCE_LINE_STEP = 2.0
"""Of the size: prose goes on within it; lines are 1.2 apart (convention). Measured: 1.6 and 2.5 change
nothing."""
SENTENCE_WORDS = 4
"""A line of more words can be the first part of a sentence about a figure. Measured: 3 and 5 change
nothing."""
HEADING_CHARACTERS = 90
"""Longer lines are no heading; a full line of two columns has about 60 characters, of one about 90. Measured:
72 changes 4 blocks, 112 none."""
HEADING_SIZE = 0.8
"""Of the usual size, which headings have at least: table cells and axis labels are smaller. Measured: 0.64
changes 5 blocks, 1.0 593."""
HEADING_CELLS = 3
"""A heading has its number and title apart, and no more. Measured: 2 changes no blocks, 4 2."""
HEADING_WIDTH = 0.98
"""Of the usual width: a heading leaves its line short, unless it is capitalized. Measured: 0.784 changes 65
blocks, 1.225 39."""
HEADING_SMALL_WORD = 4
"""Titles write words of up to so many letters small: `from`, `with` (convention of style guides). Measured:
it adds 3 headings in the twenty papers, all of them right."""
NAMED_HEADING_CHARACTERS = 40
"""Longer lines that begin with `Conclusion` are prose. Measured: 32 changes 17 blocks, 50 none."""
CONTENTS_SHARE = 0.5
"""Of a block's lines: more that end in dots and a number make it a table of contents. Measured: 0.4 and 0.625
change nothing."""
FOOTNOTE_SIZE = 0.93
"""Of the usual size: footnotes are set smaller, 8 points to a text of 10 (convention of LaTeX). Measured: 0.744
changes 53 blocks, 1.163 none."""
BODY_SIZE = 0.85
"""Of the usual size, which prose in short lines and displayed formulas have at least. Measured: 0.68 changes
88 blocks, 1.062 349."""
PROSE_WORD_SHARE = 0.5
"""Of its tokens, that are words in prose; formulas and rows of values have fewer. Measured: 0.4 changes 6
blocks, 0.625 22."""
PROSE_CELLS = 2
"""A line of more is set apart: a row of a table, or authors. Measured: 1 changes 58 blocks, 3 6."""
PROSE_GAP_SHARE = 0.34
"""Of a block's lines that may be so set in prose: a third, for justified lines with wide blanks. Measured:
0.272 changes 8 blocks, 0.425 2."""
PROSE_WIDTH = 0.7
"""Of the usual width: a block as wide as that is prose, a narrower one only if it ends like a sentence.
Measured: 0.56 changes 55 blocks, 0.875 62."""
PROSE_TOKENS = 5
"""Words of the shortest prose in full lines. Measured: 4 changes 10 blocks, 6 9."""
NARROW_PROSE_TOKENS = 6
"""Words of the shortest prose in short lines: labels in figures end in a stop too. Measured: 4 changes 13
blocks, 8 5."""

CAPTION = re.compile(
    r"(?P<what>Fig(?:ure|\.)|Table|TABLE|FIG\.|Algorithm)\s*(?:[IVX]+|\d+|[A-Z]\d+)\s*[:.|]",
    re.UNICODE,
)
_NUMBERED_HEADING = re.compile(
    r"(?:\d{1,2}(?:\.\d{1,2}){0,3}\.?|[A-Z](?:\.\d{1,2}){0,3}\.?|[IVX]{1,4}\.)\s+[A-Z](?:[^.!?]|\.(?=\S)){1,80}$"
)
_NAMED_HEADING = re.compile(
    r"(?:abstract|introduction|conclusions?|discussion|acknowledge?ments?|references|bibliography"
    r"|appendix|appendices|supplementary material)\b.{0,60}",
    re.IGNORECASE,
)
REFERENCES = re.compile(
    r"(?:\d+\.?\s+|[IVX]+\.\s+)?(?:references|bibliography|literature cited)\s*:?", re.IGNORECASE
)
_FOOTNOTE = re.compile(r"(?:\d{1,2}|[∗*†‡§¶])\s?[A-Zh]")
_CONTENTS = re.compile(r"(?:\.\s?){5,}\s*\d+$")
_BULLET = re.compile(r"[•‣▪◦∙–—]|\(?[a-z0-9]{1,2}[.)]$")
_WORD = re.compile(r"[^\W\d_]{2,}")
MATHS = re.compile(r"[=∈∑∫√≤≥∼∂∇≡→∝]")


@dataclass(slots=True)
class LineBlock:
    """Lines of one kind, before they become a page's text.

    Args:
        kind: What it is; `tables` and `parts` change it.
        lines: At least one.
        rows: Of a table: how each line is read, with its column labels; empty for a header.
    """

    kind: Kind
    lines: list[Line]
    rows: list[str] = field(default_factory=list)

    @property
    def box(self) -> Box:
        """The box around its lines."""
        return around([(line.x0, line.y0, line.x1, line.y1) for line in self.lines])


def blocks_of(lines: Sequence[Line], body: Body, height: float) -> list[LineBlock]:
    """Blocks of one page in the order of its content, its margins last."""
    margin = [line for line in lines if is_margin(line, body, height)]
    kept = [line for line in lines if not is_margin(line, body, height)]
    blocks = [LineBlock(_kind(group, body), group) for group in _groups(kept, body)]
    return [*blocks, *(LineBlock("margin", [line]) for line in margin)]


def _groups(lines: Sequence[Line], body: Body) -> list[list[Line]]:
    groups: list[list[Line]] = []
    for line in lines:
        if groups and _belongs(groups[-1], line, body):
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups


def _belongs(group: Sequence[Line], line: Line, body: Body) -> bool:
    """Whether a line goes on with the block before it."""
    before = group[-1]
    if _is_heading(line, body) or _is_heading(before, body):
        return False
    if CAPTION.match(line.text) and not _is_mid_sentence(before, line):
        return False
    if not line.size or not before.size:
        return not REFERENCES.fullmatch(line.text)
    return _is_set_alike(before, line) and not _opens_paragraph(group, line, body)


def _is_set_alike(before: Line, line: Line) -> bool:
    """One size, one column, and no more than the usual space between the two."""
    resized = abs(line.size - before.size) > SIZE_CHANGE * before.size
    if resized and not MATHS.search(line.text):
        return False
    gap = line.y0 - before.y1
    apart = min(line.x1, before.x1) < max(line.x0, before.x0)
    return not apart and LINE_GAP_LEAST * before.size < gap < LINE_GAP_MOST * before.size


def _opens_paragraph(group: Sequence[Line], line: Line, body: Body) -> bool:
    """An indented line after a sentence's end, or a list's next item."""
    before = group[-1]
    if _BULLET.match(line.words[0].text) and before.text[-1] in ".;:":
        return True
    indented = line.x0 > before.x0 + INDENT * line.size
    aligned = before.x0 <= group[0].x0 + ALIGNED_POINTS
    ended = before.text[-1] in ".:?!"
    return indented and aligned and ended and line.width > PARAGRAPH_WIDTH * body.width


def _is_mid_sentence(before: Line, line: Line) -> bool:
    """Prose such as `as shown in / Figure 1. The` is no caption."""
    same_size = abs(line.size - before.size) < SENTENCE_SIZE_CHANGE * before.size
    next_line = 0 < line.y0 - before.y0 < SENTENCE_LINE_STEP * before.size
    goes_on = before.text[-1] not in ".:?!" and len(before.words) > SENTENCE_WORDS
    return same_size and next_line and goes_on


def _is_heading(line: Line, body: Body) -> bool:
    text = line.text
    small = line.size and line.size < HEADING_SIZE * body.size
    if len(text) > HEADING_CHARACTERS or small or len(line.cells) > HEADING_CELLS:
        return False
    if _NUMBERED_HEADING.match(text):
        is_short = line.width < HEADING_WIDTH * body.width or _is_capitalized(text)
        return not line.size or (is_short and text[-1] not in ",;-" and "=" not in text)
    named = _NAMED_HEADING.fullmatch(text) is not None and text[-1] not in ",;"
    return named and len(text) < NAMED_HEADING_CHARACTERS


def _is_capitalized(text: str) -> bool:
    """Whether its longer words begin in capitals, as in `2.3 Transfer Learning from Supervised Data`."""
    long = [word for word in _WORD.findall(text) if len(word) > HEADING_SMALL_WORD]
    capitals = sum(word[0].isupper() for word in long)
    return len(long) > 1 and capitals == len(long)


def _kind(group: Sequence[Line], body: Body) -> Kind:
    first = group[0]
    if CAPTION.match(first.text):
        return "caption"
    if len(group) == 1 and _is_heading(first, body):
        return "heading"
    dotted = sum(_CONTENTS.search(line.text) is not None for line in group)
    if dotted > CONTENTS_SHARE * len(group):
        return "contents"
    if not first.size or _is_prose(group, body):
        small = 0 < first.size < FOOTNOTE_SIZE * body.size
        return "footnote" if small and _FOOTNOTE.match(first.text) else "text"
    is_equation = first.size > BODY_SIZE * body.size and MATHS.search(_text(group))
    return "text" if is_equation else "figure"


def _is_prose(group: Sequence[Line], body: Body) -> bool:
    tokens = [word.text for line in group for word in line.words]
    wordy = sum(_WORD.search(token) is not None for token in tokens) / len(tokens)
    # An address that goes on below stretches the blanks of its line, where the page is justified.
    set_apart = [len(line.cells) > PROSE_CELLS and line.text[-1] != "/" for line in group]
    gaps = sum(set_apart) / len(group)
    if wordy < PROSE_WORD_SHARE or gaps > (PROSE_GAP_SHARE if len(group) > 1 else 0):
        return False
    if max(line.width for line in group) >= PROSE_WIDTH * body.width:
        return len(tokens) >= PROSE_TOKENS
    # A narrow block is prose when it reads like a sentence: a bullet, a short paragraph.
    is_sentence = len(tokens) >= NARROW_PROSE_TOKENS and tokens[-1][-1] in ".:;?!"
    return is_sentence and group[0].size >= BODY_SIZE * body.size


def _text(group: Sequence[Line]) -> str:
    return " ".join(line.text for line in group)
