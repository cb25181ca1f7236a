"""Title, authors and abstract, guessed from how page 1 is set."""

import re
from collections.abc import Sequence

from ingestion.fulltext.pdf.lines import Line
from ingestion.fulltext.pdf.page import PageText

TITLE_CHARACTERS = 3
"""Shorter lines are no title: an ornament, a number. Measured: 2 and 4 change nothing."""
TITLE_SIZE = 0.8
"""Of the largest print: the title's first line has at least that, if it begins with small capitals. Measured:
0.64 changes 1 paper; 1.0 would leave some without a title."""
TITLE_SAME_SIZE = 0.95
"""Of its first line, which the title's other lines have at least. Measured: 0.76 changes 1 papers, 1.188
4."""
TITLE_GAP = 0.75
"""Of the largest print: a wider gap ends the title. Measured: 0.6 changes 1 papers, 0.938 none."""

_AFFILIATION = re.compile(
    r"universit|institut|department|laborator|research|google|microsoft|facebook|openai|deepmind|centre|center"
    r"|college|school|academy|faculty|foundation|\blabs?\b|\binc\b|\bltd\b|@|www\.|http|dated|equal|\bteam\b"
    r"|technolog|hospital|\bai\b|corresponding|preprint|\d{4}",
    re.IGNORECASE,
)
_NAME = re.compile(r"[^\W\d_][\w.'’´-]*(?:\s+(?:[^\W\d_][\w.'’´-]*)){1,4}")
_MARKS = re.compile(r"\s?[\d∗*†‡§¶?♠♦,]*[\d∗*†‡§¶?♠♦](?=[\s,]|$)")  # of footnotes and affiliations


def title_of(front: Sequence[Line]) -> str:
    """The first lines in about the largest print, up to a wider gap; empty where there are none."""
    return _plain(" ".join(line.text for line in _title_lines(front)))


def _title_lines(front: Sequence[Line]) -> Sequence[Line]:
    largest = max((line.size for line in front if len(line.text) > TITLE_CHARACTERS), default=0)
    if not largest:
        return front[:1]
    first = next(
        i
        for i, line in enumerate(front)
        if line.size > TITLE_SIZE * largest and len(line.text) > TITLE_CHARACTERS
    )
    end = first + 1
    while end < len(front) and front[end].size > TITLE_SAME_SIZE * front[first].size:
        if front[end].y0 - front[end - 1].y1 > TITLE_GAP * largest:
            break
        end += 1
    return front[first:end]


def authors_of(front: Sequence[Line]) -> tuple[str, ...]:
    """Names on the lines below the title: what is set apart, or listed, and is no affiliation."""
    title = _title_lines(front)
    below = front.index(title[-1]) + 1 if title else 0
    names = [
        name
        for line in front[below:]
        for cell in line.cells
        for name in _names(" ".join(word.text for word in cell))
    ]
    return tuple(dict.fromkeys(names))


def _names(cell: str) -> list[str]:
    listed = _MARKS.sub(";", cell)
    if _AFFILIATION.search(listed):
        return []
    parts = [_plain(part) for part in re.split(r"[;,&]|\band\b", listed)]
    return [name for name in parts if name[:1].isupper() and _NAME.fullmatch(name)]


def abstract_of(pages: Sequence[PageText]) -> str:
    """The abstract of page 1 as one paragraph, without its heading; empty where there is none."""
    text = " ".join(
        page.text[block.start : block.end]
        for page in pages[:1]
        for block in page.blocks
        if block.kind == "abstract"
    )
    return re.sub(r"^abstract\s*[.:—–-]?\s*", "", text, flags=re.IGNORECASE)


def _plain(text: str) -> str:
    return " ".join(text.split()).strip(" ,;∗*†‡")
