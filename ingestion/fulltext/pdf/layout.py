"""What each line of a typeset page is (prose, heading, caption, table row, …), and the page as clean text.

The parser gives words with boxes. Here they become lines, the lines blocks of one kind, and the blocks the
stored text of the page: running headers gone, hyphenated words joined, scripts marked (`n^2`), the prose in
one flow with captions, tables and figure text after it. Every word keeps its box and its character span.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Literal

Kind = Literal[
    "front",
    "abstract",
    "heading",
    "text",
    "footnote",
    "caption",
    "table",
    "reference",
    "contents",
    "figure",
    "margin",
]
Span = tuple[int, int]
Box = tuple[float, float, float, float]

_CAPTION = re.compile(
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
_REFERENCES = re.compile(
    r"(?:\d+\.?\s+|[IVX]+\.\s+)?(?:references|bibliography|literature cited)\s*:?", re.IGNORECASE
)
_FIRST_SECTION = re.compile(r"[1I]\.?\s|introduction", re.IGNORECASE)
_FIRST_ENTRY = re.compile(
    r"\[1\]\s+\S+.*"
)  # of a list without a heading, as physics journals set it
_ABSTRACT = re.compile(r"abstract\s*[.:—-]*", re.IGNORECASE)
_FOOTNOTE = re.compile(r"(?:\d{1,2}|[∗*†‡§¶])\s?[A-Zh]")
_CONTENTS = re.compile(r"(?:\.\s?){5,}\s*\d+$")
_VALUE = re.compile(
    r"[-+−±~<>≈(]*\d[\d.,·×^−%()/±kKMBx+-]*(?: |$)|\w\(.*\)$|N/A$|[-–—✓✗]$"
)  # as table cells hold
_BULLET = re.compile(r"[•‣▪◦∙–—]|\(?[a-z0-9]{1,2}[.)]$")
_WORD = re.compile(r"[^\W\d_]{2,}")
_MATH = re.compile(r"[=∈∑∫√≤≥∼∂∇≡→∝]")
_DROPPED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u00ad\ufffe\ufffd\ue000-\uf8ff]")


_COMPOSED = re.compile("[\ufb00-\ufb06\U0001d400-\U0001d7ff]")  # ligatures, mathematical letters


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
        size: Height of its main font, points.
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
            if word.x0 - before.x1 > 0.75 * self.size > 0:
                groups.append([])
            groups[-1].append(word)
        return groups


@dataclass(slots=True)
class _Block:
    kind: Kind
    lines: list[Line]
    rows: list[str] = field(default_factory=list)  # of a table: each line with its column labels


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of a page's text of one kind.

    Args:
        kind: What it is.
        start: Offset in the page's text.
        end: Offset after its last character.
        section: Title of the section it stands in, empty before the first.
        reading: For a table row: caption, then `column: cell` pairs; empty otherwise.
    """

    kind: Kind
    start: int
    end: int
    section: str = ""
    reading: str = ""


@dataclass(frozen=True, slots=True)
class PageText:
    """A page as stored, searched, and quoted.

    Args:
        text: Clean text; offsets everywhere refer to it.
        blocks: Its parts in order, without overlap.
        words: Character span of every word.
        boxes: Box of every word as (x0, y0, x1, y1), points, y downwards; all zero from the fallback parser.
        width: Of the page, points.
        height: Of the page, points.
    """

    text: str
    blocks: tuple[Block, ...]
    words: tuple[Span, ...]
    boxes: tuple[Box, ...]
    width: float
    height: float

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "PageText":
        """The page that `dataclasses.asdict` and JSON made of one."""
        return cls(
            text=stored["text"],
            blocks=tuple(Block(**block) for block in stored["blocks"]),
            words=tuple((start, end) for start, end in stored["words"]),
            boxes=tuple((x0, y0, x1, y1) for x0, y0, x1, y1 in stored["boxes"]),
            width=stored["width"],
            height=stored["height"],
        )

    def boxes_of(self, start: int, end: int) -> list[Box]:
        """Boxes that cover a character span, one a line of the page; for a highlight on its image."""
        merged: list[Box] = []
        for (word_start, word_end), box in zip(self.words, self.boxes, strict=True):
            if word_end <= start or word_start >= end or not any(box):
                continue
            if merged and _same_line(merged[-1], box):
                merged[-1] = _around([merged[-1], box])
            else:
                merged.append(box)
        return merged


def lay_out(pages: Sequence[dict[str, Any]]) -> tuple[list[PageText], list[Line]]:
    """Clean pages from the parser's raw ones, and the lines of the front matter."""
    lines = [_merge_scripts(_lines(page["lines"])) for page in pages]
    body = _Body.of(lines, pages)
    blocks = [
        _blocks(page_lines, body, height)
        for page_lines, height in zip(lines, body.heights, strict=True)
    ]
    _mark_front_matter(blocks, body)
    _mark_references(blocks, body)
    front = (
        [line for block in blocks[0] if block.kind == "front" for line in block.lines]
        if blocks
        else []
    )
    section = ""
    laid_out = []
    for page, page_blocks in zip(pages, blocks, strict=True):
        text, section = _page_text(page_blocks, body.vocabulary, page, section)
        laid_out.append(text)
    return laid_out, front


def _lines(raw: Iterable[Sequence[Sequence[Any]]]) -> Iterator[Line]:
    for line in raw:
        words = [Word(text, *box) for dirty, *box in line if (text := _clean(dirty))]
        if words:
            yield _line_of(words)


def _clean(text: str) -> str:
    text = _DROPPED.sub("", text)
    return _COMPOSED.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)


def _line_of(words: Sequence[Word]) -> Line:
    heights: Counter[float] = Counter()
    for word in words:
        heights[round(word.height, 1)] += len(word.text)
    enough = 0.25 * sum(heights.values())  # a line may hold more letters in scripts than outside
    size = max(
        (height for height, letters in heights.items() if letters >= enough), default=max(heights)
    )
    main = [word for word in words if abs(word.height - size) < 0.2 * size] or list(words)
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


def _merge_scripts(lines: Iterable[Line]) -> list[Line]:
    """The parser breaks a line at a raised or lowered part: put it together again."""
    merged: list[Line] = []
    for line in lines:
        before = merged[-1] if merged else None
        if before and line.size and _continues(before, line):
            merged[-1] = _line_of([*before.words, *line.words])
        else:
            merged.append(line)
    return merged


def _continues(before: Line, line: Line) -> bool:
    overlap = min(before.y1, line.y1) - max(before.y0, line.y0)
    gap = line.x0 - before.x1
    return (
        overlap > 0.3 * min(before.size, line.size) and -2 * before.size < gap < 1.5 * before.size
    )


def _joint(before: Word, word: Word) -> str:
    glued = 0 < word.height and word.x0 - before.x1 < 0.12 * max(before.height, word.height)
    if not glued:
        return " "
    raised = word.height < 0.85 * before.height and word.y1 < before.y1 - 0.12 * before.height
    is_power = (
        raised
        and re.match(r"[-−+]?[\w(]", word.text)
        and (len(before.text) == 1 or not before.text[-2:].isalpha())
        and (before.text[-1].isalnum() or before.text[-1] in ")]}")
    )
    return "^" if is_power else ""


@dataclass(frozen=True, slots=True)
class _Body:
    """What is usual in this document."""

    size: float
    width: float
    margins: frozenset[str]
    vocabulary: Counter[str]
    heights: tuple[float, ...]

    @classmethod
    def of(cls, pages: Sequence[Sequence[Line]], raw: Sequence[dict[str, Any]]) -> "_Body":
        sizes: Counter[float] = Counter()
        widths: Counter[float] = Counter()
        vocabulary: Counter[str] = Counter()
        broken = False  # half words at either side of a line break are no words of the vocabulary
        for line in (line for page in pages for line in page):
            sizes[round(line.size)] += len(line.words)
            vocabulary.update(_bare(word.text) for word in line.words[broken:-1])
            broken = line.text.endswith("-")
        size = sizes.most_common(1)[0][0] if sizes else 0
        for line in (line for page in pages for line in page):
            if abs(line.size - size) <= 1 and len(line.words) > 4:
                widths[round(line.width / 6) * 6] += 1
        heights = tuple(float(page["height"]) for page in raw)
        return cls(
            size,
            widths.most_common(1)[0][0] if widths else 0,
            _repeated_margins(pages, heights),
            vocabulary,
            heights,
        )


def _repeated_margins(pages: Sequence[Sequence[Line]], heights: Sequence[float]) -> frozenset[str]:
    """Texts, digits aside, that stand at the edge of three or more pages."""
    seen = Counter(
        key
        for page, height in zip(pages, heights, strict=True)
        for key in {_margin_key(line) for line in _edge_lines(page, height)}
    )
    return frozenset(key for key, count in seen.items() if count >= 3)


def _edge_lines(page: Sequence[Line], height: float) -> list[Line]:
    if any(line.size for line in page):
        return [line for line in page if line.y1 < 0.1 * height or line.y0 > 0.9 * height]
    return [*page[:2], *page[-2:]]


def _margin_key(line: Line) -> str:
    return re.sub(r"\d+", "#", line.text)


def _blocks(lines: Sequence[Line], body: _Body, height: float) -> list[_Block]:
    """Blocks of one page in the order of its content."""
    margin = [line for line in lines if _is_margin(line, body, height)]
    kept = [line for line in lines if not _is_margin(line, body, height)]
    groups = _groups(kept, body)
    blocks = [_Block(_kind(group, body), group) for group in groups]
    _gather_tables(blocks, body)
    return [*blocks, *(_Block("margin", [line]) for line in margin)]


def _is_margin(line: Line, body: _Body, height: float) -> bool:
    at_edge = not line.size or line.y1 < 0.1 * height or line.y0 > 0.9 * height
    rotated = len(line.text) > 4 and line.y1 - line.y0 > 2.5 * max(line.width, 1) and line.width > 0
    stamp = re.match(r"arXiv:\S+v\d", line.text.replace(" ", "")) is not None
    number = re.fullmatch(r"[-–\s]*(\d{1,3}|[ivx]{1,4})[-–\s]*", line.text) is not None
    return (
        rotated
        or (stamp and len(line.text) < 60)
        or (at_edge and ((number and line.size > 0) or _margin_key(line) in body.margins))
    )


def _groups(lines: Sequence[Line], body: _Body) -> list[list[Line]]:
    groups: list[list[Line]] = []
    for line in lines:
        if groups and _belongs(groups[-1], line, body):
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups


def _belongs(group: Sequence[Line], line: Line, body: _Body) -> bool:
    """Whether a line goes on with the block before it."""
    before = group[-1]
    if _is_heading(line, body) or _is_heading(before, body):
        return False
    if _CAPTION.match(line.text) and not _is_mid_sentence(before, line):
        return False
    if not line.size or not before.size:
        return not _REFERENCES.fullmatch(line.text)
    if abs(line.size - before.size) > 0.13 * before.size and not _MATH.search(line.text):
        return False
    gap = line.y0 - before.y1
    apart = min(line.x1, before.x1) < max(line.x0, before.x0)
    if apart or not -0.9 * before.size < gap < 0.8 * before.size:
        return False
    indented = line.x0 > before.x0 + 0.7 * line.size and before.x0 <= group[0].x0 + 1
    return not (indented and before.text[-1] in ".:?!" and line.width > 0.5 * body.width) and not (
        _BULLET.match(line.words[0].text) and before.text[-1] in ".;:"
    )


def _is_mid_sentence(before: Line, line: Line) -> bool:
    """Prose such as `as shown in / Figure 1. The` is no caption."""
    same_size = abs(line.size - before.size) < 0.05 * before.size
    return (
        same_size
        and 0 < line.y0 - before.y0 < 2 * before.size
        and before.text[-1] not in ".:?!"
        and (len(before.words) > 4)
    )


def _is_heading(line: Line, body: _Body) -> bool:
    text = line.text
    if len(text) > 90 or (line.size and line.size < 0.8 * body.size) or len(line.cells) > 3:
        return False
    if _NUMBERED_HEADING.match(text):
        return not line.size or (
            line.width < 0.98 * body.width and text[-1] not in ",;-" and "=" not in text
        )
    return len(text) < 40 and _NAMED_HEADING.fullmatch(text) is not None and text[-1] not in ",;"


def _kind(group: Sequence[Line], body: _Body) -> Kind:
    first = group[0]
    if _CAPTION.match(first.text):
        return "caption"
    if len(group) == 1 and _is_heading(first, body):
        return "heading"
    if sum(_CONTENTS.search(line.text) is not None for line in group) > len(group) / 2:
        return "contents"
    if not first.size or _is_prose(group, body):
        return (
            "footnote"
            if _FOOTNOTE.match(first.text) and 0 < first.size < 0.93 * body.size
            else "text"
        )
    text = " ".join(line.text for line in group)
    if first.size > 0.85 * body.size and _MATH.search(text):
        return "text"  # a displayed equation
    return "figure"


def _is_prose(group: Sequence[Line], body: _Body) -> bool:
    tokens = [word.text for line in group for word in line.words]
    wordy = sum(len(_WORD.findall(token)) > 0 for token in tokens) / len(tokens)
    gaps = sum(len(line.cells) > 2 for line in group) / len(group)
    if wordy < 0.5 or (gaps > 0.34 and len(group) > 1) or (gaps and len(group) == 1):
        return False
    widest = max(line.width for line in group)
    if widest >= 0.7 * body.width:
        return len(tokens) >= 5
    # A narrow block is prose when it reads like a sentence: a bullet, a short paragraph.
    return len(tokens) >= 6 and tokens[-1][-1] in ".:;?!" and _is_body_size(group[0], body)


def _is_body_size(line: Line, body: _Body) -> bool:
    """Whether the line is set in the size of running text."""
    return line.size >= 0.85 * body.size


def _gather_tables(blocks: list[_Block], body: _Body) -> None:
    """Turn the loose lines next to each table caption into its rows."""
    captions = [
        block
        for block in blocks
        if block.kind == "caption" and "tab" in block.lines[0].text[:3].lower()
    ]
    for caption in captions:
        sides = [_neighbours(caption, blocks, body, down=down) for down in (True, False)]
        tables = [
            rows for rows in sides if any(len(line.cells) > 1 for row in rows for line in row.lines)
        ]
        if not tables:
            continue
        rows = _with_strays(min(tables, key=lambda found: _distance(caption, found[0])), blocks)
        for block in rows:
            block.kind = "table"
        lines = sorted((line for block in rows for line in block.lines), key=lambda line: line.y0)
        labelled = _labelled_rows(_visual_rows(lines))
        title = _caption_title(caption)
        for block in rows[1:]:
            blocks.remove(block)
        rows[0].lines = [line for line, _ in labelled]
        rows[0].rows = [f"{title} {reading}" if reading else "" for _, reading in labelled]


def _distance(one: _Block, other: _Block) -> float:
    """Points between two blocks, one above the other."""
    upper, lower = sorted((_box(one), _box(other)), key=lambda box: box[1])
    return lower[1] - upper[3]


def _with_strays(rows: list[_Block], blocks: Sequence[_Block]) -> list[_Block]:
    """Labels that span several rows stand between them: take in what lies inside the table's box."""
    box = _around([_box(block) for block in rows])
    return [
        block
        for block in blocks
        if block in rows
        or (block.kind == "figure" and _inside(_box(block), box, block.lines[0].size))
    ]


def _box(block: _Block) -> Box:
    return _around([(line.x0, line.y0, line.x1, line.y1) for line in block.lines])


def _inside(box: Box, outer: Box, slack: float) -> bool:
    centre = (box[1] + box[3]) / 2
    return (
        outer[1] - slack < centre < outer[3] + slack
        and box[0] < outer[2] + slack
        and box[2] > outer[0] - 20 * slack
    )


def _caption_title(caption: _Block) -> str:
    text = re.sub(r"(?<=[a-z])- (?=[a-z])", "", " ".join(line.text for line in caption.lines))
    head = re.match(r".{8,}?[.:]\s*.{8,240}?(?<!Fig)(?<!al)\.(?=\s+[A-Z]|$)", text)
    return head[0] if head else text[:240].removesuffix(".") + "."


def _neighbours(
    caption: _Block, blocks: Sequence[_Block], body: _Body, *, down: bool
) -> list[_Block]:
    """Loose blocks stacked below (or above) a caption, up to the first that is none."""
    left, right = min(line.x0 for line in caption.lines), max(line.x1 for line in caption.lines)
    edge = caption.lines[-1].y1 if down else caption.lines[0].y0
    found: list[_Block] = []
    stack = sorted(
        (block for block in blocks if block is not caption and block.kind != "margin"),
        key=lambda block: block.lines[0].y0 if down else -block.lines[-1].y1,
    )
    for block in stack:
        top, bottom = min(line.y0 for line in block.lines), max(line.y1 for line in block.lines)
        distance = top - edge if down else edge - bottom
        beside = (
            max(line.x1 for line in block.lines) < left
            or min(line.x0 for line in block.lines) > right
        )
        if distance < -0.5 * body.size or beside:
            continue
        tabular = sum(len(line.cells) > 1 for line in block.lines) * 2 >= len(block.lines)
        if distance > 3 * body.size or not (
            block.kind == "figure" or (tabular and block.kind == "text")
        ):
            break
        found.append(block)
        edge = bottom if down else top
    return found


def _visual_rows(lines: Sequence[Line]) -> list[Line]:
    """Lines at one height are one row, left to right."""
    rows: list[Line] = []
    for line in lines:
        before = rows[-1] if rows else None
        if before and min(before.y1, line.y1) - max(before.y0, line.y0) > 0.5 * min(
            before.size, line.size
        ):
            rows[-1] = _line_of(sorted([*before.words, *line.words], key=lambda word: word.x0))
        else:
            rows.append(line)
    return rows


def _labelled_rows(rows: Sequence[Line]) -> list[tuple[Line, str]]:
    """Each row with its cells under the labels of their columns; header rows with an empty text."""
    header: list[Line] = []
    group = ""  # the heading of a group of rows, set alone on its line
    labelled: list[tuple[Line, str]] = []
    for row in rows:
        started = len(header) < len(labelled)
        if (
            not started
            and not _is_data_row(row)
            and len(header) < 4
            and not _opens_group(row, header)
        ):
            header.append(row)
            labelled.append((row, ""))
        elif len(row.cells) == 1 and not _is_data_row(row):
            group = f"{row.text}: "
            labelled.append((row, ""))
        else:
            labelled.append((row, group + _reading(row, header)))
    return labelled


def _opens_group(row: Line, header: Sequence[Line]) -> bool:
    """A line of one cell below the column labels that is not the rest of one of them."""
    if not header or len(row.cells) > 1:
        return False
    cells = max(header, key=lambda line: len(line.cells)).cells
    over = [i for i, cell in enumerate(cells) if cell[0].x0 < row.x1 and cell[-1].x1 > row.x0]
    return len(cells) > 1 and (len(over) != 1 or over[0] == 0)


def _is_data_row(row: Line) -> bool:
    cells = [_cell_text(cell) for cell in row.cells]
    values = sum(_VALUE.match(cell) is not None for cell in cells[1:] or cells)
    return values * 2 >= max(1, len(cells) - 1)


def _cell_text(cell: Sequence[Word]) -> str:
    return _line_of(cell).text


def _reading(row: Line, header: Sequence[Line]) -> str:
    pairs = []
    for cell in row.cells:
        labels = [label for line in header if (label := _label_over(cell, line))]
        label = " ".join(labels)
        pairs.append(f"{label}: {_cell_text(cell)}" if label else _cell_text(cell))
    return "; ".join(pairs) + "."


def _label_over(cell: Sequence[Word], header: Line) -> str:
    """The header cell that stands over most of a cell."""
    left, right = cell[0].x0, cell[-1].x1
    best = max(header.cells, key=lambda label: min(right, label[-1].x1) - max(left, label[0].x0))
    return _cell_text(best) if min(right, best[-1].x1) > max(left, best[0].x0) else ""


def _mark_front_matter(pages: Sequence[list[_Block]], body: _Body) -> None:
    """Everything on page 1 up to the abstract is front matter; the abstract runs to the first section."""
    if not pages:
        return
    blocks = [block for block in pages[0] if block.kind != "margin"]
    marker = _first(blocks, _opens_abstract)
    if marker == len(
        blocks
    ):  # journals that set no heading over it; else the first section or the text
        marker = min(_first(blocks, _long_prose), _first(blocks, _opens_body))
    if marker == len(blocks):
        marker = _first(blocks, lambda block: block.kind == "text")
    after = marker if marker < len(blocks) and _opens_body(blocks[marker]) else marker + 1
    end = after + _first(blocks[after:], _is_section)
    for block in blocks[:marker]:
        block.kind = "front"
    prose = [block for block in blocks[marker:end] if block.kind == "text"]
    for block in prose:
        if block.lines[0].size >= 0.97 * prose[0].lines[0].size:  # smaller print is a footnote
            block.kind = "abstract"


def _first(blocks: Sequence[_Block], wanted: Callable[[_Block], bool]) -> int:
    """Index of the first block that is wanted, or their number."""
    return next((index for index, block in enumerate(blocks) if wanted(block)), len(blocks))


def _is_section(block: _Block) -> bool:
    return block.kind == "heading"


def _opens_body(block: _Block) -> bool:
    """The first section; an author's `J. Smith` looks like a heading too, but not like the first."""
    return _is_section(block) and _FIRST_SECTION.match(block.lines[0].text) is not None


def _opens_abstract(block: _Block) -> bool:
    return (
        _ABSTRACT.match(block.lines[0].text) is not None and len(block.lines[0].words[0].text) < 12
    )


def _long_prose(block: _Block) -> bool:
    return block.kind == "text" and sum(len(line.words) for line in block.lines) > 40


def _mark_references(pages: Sequence[list[_Block]], body: _Body) -> None:
    """The reference list runs from its heading, or its entry [1], to the next heading that is no entry."""
    inside = False
    for block in (block for page in pages for block in page if block.kind != "margin"):
        first = block.lines[0].text
        if block.kind == "heading" or _REFERENCES.fullmatch(first):
            inside = _REFERENCES.fullmatch(first) is not None or (
                inside and not _opens_appendix(block, body)
            )
        inside = inside or _FIRST_ENTRY.match(first) is not None
        if (
            inside
            and block.kind in ("text", "figure", "heading")
            and not _REFERENCES.fullmatch(first)
        ):
            block.kind = "reference"


def _opens_appendix(block: _Block, body: _Body) -> bool:
    line = block.lines[0]
    named = re.match(r"(appendi|supplement|[A-Z]\.?\s+[A-Z]|[A-Z]\.\d)", line.text, re.IGNORECASE)
    return named is not None and line.size >= 0.98 * body.size and not line.text.endswith(".")


def _page_text(
    blocks: Sequence[_Block], vocabulary: Counter[str], page: dict[str, Any], section: str
) -> tuple[PageText, str]:
    """The page's text with its blocks, and the section that is open at its end."""
    writer = _Writer(vocabulary)
    flow = [
        block
        for block in blocks
        if block.kind in ("front", "abstract", "heading", "text", "reference")
    ]
    for block in flow:
        if block.kind == "heading":
            section = block.lines[0].text
        writer.write(block, section)
    for block in blocks:
        if block.kind in ("footnote", "caption", "table", "figure", "contents"):
            writer.write(block, section)
    return writer.page(page), section


class _Writer:
    """Puts blocks together to the text of a page."""

    def __init__(self, vocabulary: Counter[str]) -> None:
        self._vocabulary = vocabulary
        self._text = ""
        self._blocks: list[Block] = []
        self._words: list[Span] = []
        self._boxes: list[Box] = []

    def write(self, block: _Block, section: str) -> None:
        if block.kind == "table":
            for line, reading in zip(block.lines, block.rows, strict=True):
                self._write_lines([line], Block("table", 0, 0, section, reading))
        elif self._goes_on(block):
            last = self._blocks.pop()
            self._write_lines(block.lines, last, joined=True)
        else:
            self._write_lines(block.lines, Block(block.kind, 0, 0, section))

    def _goes_on(self, block: _Block) -> bool:
        """A paragraph broken by a column, a figure or an equation."""
        return (
            block.kind == "text"
            and bool(self._blocks)
            and self._blocks[-1].kind == "text"
            and self._text[-1] not in ".?!"
            and (block.lines[0].text[:1].islower() or _MATH.search(block.lines[0].text) is not None)
        )

    def _write_lines(self, lines: Iterable[Line], block: Block, *, joined: bool = False) -> None:
        start = block.start
        if not joined:
            self._text += "\n" if self._text else ""
            start = len(self._text)
        for line in lines:
            self._write_line(line, start)
        self._blocks.append(replace(block, start=start, end=len(self._text)))

    def _write_line(self, line: Line, block_start: int) -> None:
        if len(self._text) > block_start:
            self._break_line(line.words[0].text)
        for word, piece in zip(line.words, line.pieces, strict=True):
            self._text += piece
            self._words.append((len(self._text) - len(word.text), len(self._text)))
            self._boxes.append((word.x0, word.y0, word.x1, word.y1))

    def _break_line(self, following: str) -> None:
        """A blank for the line break, or nothing where a word was broken."""
        left = self._text.rsplit(None, 1)[-1]
        if left[-1] not in "-‐" or not left[-2:-1].isalnum() or not following[0].isalnum():
            self._text += " "
        elif self._is_one_word(_bare(left[:-1]), following):
            self._text = self._text[:-1]
            start, end = self._words[-1]
            self._words[-1] = (start, end - 1)

    def _is_one_word(self, left: str, following: str) -> bool:
        """Whether a hyphen at a line end only breaks the word: as the rest of the paper writes it."""
        right = _bare(following)
        one, two = self._vocabulary[left + right], self._vocabulary[f"{left}-{right}"]
        if one != two:
            return one > two
        compound = "-" in left or "-" in right or not following[0].islower()
        return not compound and not (
            len(left) > 2 and self._vocabulary[left] and self._vocabulary[right]
        )

    def page(self, raw: dict[str, Any]) -> PageText:
        return PageText(
            self._text,
            tuple(self._blocks),
            tuple(self._words),
            tuple(self._boxes),
            float(raw["width"]),
            float(raw["height"]),
        )


def _bare(word: str) -> str:
    return word.strip(".,;:()[]“”\"'’").lower()


def _same_line(one: Box, other: Box) -> bool:
    overlap = min(one[3], other[3]) - max(one[1], other[1])
    return overlap > 0.5 * min(one[3] - one[1], other[3] - other[1]) and other[0] >= one[0]


def _around(boxes: Sequence[Box]) -> Box:
    return (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )
