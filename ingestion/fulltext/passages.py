"""Sentences and passages of a paper: what is searched, shown to a model, and quoted.

A sentence is an exact span of a page's stored text. A passage is a run of about three sentences of one
section and page, small enough for an embedder that reads 256 word pieces; or a few rows of one table.
Front matter, reference lists, tables of contents and the text inside figures are left out.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import groupby

from ingestion.fulltext.pdf.page import Block, Kind, PageText

SPLITTER = f"sentencex {version('sentencex')}, 3 sentences, 3"
"""Names how passages are made, for caches. The last number counts changes of the rules below."""
WINDOW = 3
"""Sentences in a passage. Five or more outgrow what MiniLM reads in papers of long sentences."""
MAX_CHARACTERS = 900
"""Of a passage as read: 256 word pieces of English, numbers and names among them, are about 1,000."""
MAX_SENTENCE_CHARACTERS = 600
"""A longer one is cut at a space: it is a list or a formula that the splitter took for a sentence."""

# measured, splitting 1706.03762: sentencex 2 ms, pysbd 270 ms, about the same sentences
_READ: frozenset[Kind] = frozenset({"abstract", "text", "footnote", "caption", "table"})
_OPEN_ENDED = re.compile(
    r"(?:\b(?:Eqn?s?|Figs?|Refs?|Secs?|Sects?|Tabs?|Thms?|Apps?|Chs?|Nos?|[Aa]pprox|resp|cf|vs|al|[Ee]\.g|[Ii]\.e"
    r"|w\.r\.t|a\.k\.a|[Dd]r|[Pp]rof|Mr|Ms|St|Jr|incl|Vol|pp?)\.|(?:^|\s)[A-Z]\.|[,;:(\[]|\b(?:and|or|of|the))\s*$"
)
_FORMULA = re.compile(r"[=←≈] ?[^=←≈\n]{0,40}?[\w)\]}](?: ?[−+*/·×⊙^√(|∑∏] ?| - )[\w({\[√∑∏|]")
_LETTERS = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, or one table row, of a paper.

    Args:
        text: Exactly `page.text[start:end]`, so it may be quoted.
        page: Page of the PDF from 1.
        start: Offset of its first character in the page's text.
        end: Offset after its last.
        reading: What a model is shown: the text itself; for a table row the table's caption and each cell
            after its column's label.
        section: Title of its section, empty before the first.
        kind: Kind of its block.
        block: Offset of its block in the page's text.
    """

    text: str
    page: int
    start: int
    end: int
    reading: str
    section: str
    kind: Kind
    block: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of sentences of one page.

    Args:
        text: Exactly `page.text[start:end]`.
        page: Page of the PDF from 1.
        start: Offset of its first character in the page's text.
        end: Offset after its last.
        reading: What is embedded and searched: its sentences' readings, a table's caption only once.
        section: Title of its section.
        first: Index of its first sentence in the paper's list.
        last: Index of its last sentence.
    """

    text: str
    page: int
    start: int
    end: int
    reading: str
    section: str
    first: int
    last: int


def sentences_of(pages: Sequence[PageText]) -> list[Sentence]:
    """Every sentence and table row worth reading, in order of page and offset."""
    return [
        sentence
        for number, page in enumerate(pages, start=1)
        for block in page.blocks
        if block.kind in _READ
        for sentence in _sentences(page, number, block)
    ]


def _sentences(page: PageText, number: int, block: Block) -> Iterator[Sentence]:
    spans = (
        [(block.start, block.end)]
        if block.kind == "table"
        else sentence_spans(page.text, block.start, block.end)
    )
    for start, end in spans:
        text = page.text[start:end]
        if _is_readable(text, block):
            reading = block.reading or text
            yield Sentence(
                text, number, start, end, reading, block.section, block.kind, block.start
            )


def sentence_spans(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Spans of the sentences in `text[start:end]`, without the blanks around them.

    Scholarly abbreviations (`et al.`, `Fig. 3`) and decimals end none, nor do fewer than four words, such as
    a paragraph's own title. A sentence beyond `MAX_SENTENCE_CHARACTERS` is cut at blanks.
    """
    spans = []
    for stop in [*_stops(text, start, end), end]:
        while stop - start > MAX_SENTENCE_CHARACTERS:
            cut = text.rfind(" ", start + 1, start + MAX_SENTENCE_CHARACTERS)
            cut = cut if cut > start else start + MAX_SENTENCE_CHARACTERS
            spans.append(_stripped(text, start, cut))
            start = cut
        spans.append(_stripped(text, start, stop))
        start = stop
    return [(first, last) for first, last in spans if first < last]


def _stops(text: str, start: int, end: int) -> Iterator[int]:
    """Where all sentences but the last stop."""
    import sentencex

    begun = start
    for boundary in sentencex.get_sentence_boundaries("en", text[start:end])[:-1]:
        stop = start + boundary["end_index"]
        following = text[stop:end].lstrip()[:1]
        goes_on = following.islower() or following in (")", ",", ";", ".")
        short = len(text[begun:stop].split()) < 4
        if not goes_on and not short and not _OPEN_ENDED.search(text, max(begun, stop - 30), stop):
            yield stop
            begun = stop


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())


def _is_readable(text: str, block: Block) -> bool:
    """Neither the crumbs of a formula nor a table's header, which stands in its rows' readings."""
    if block.kind == "table":
        return bool(block.reading)
    letters = len(_LETTERS.findall(text))
    return letters >= 12 and letters >= 0.4 * len(text.replace(" ", ""))


def passages_of(pages: Sequence[PageText], sentences: Sequence[Sentence]) -> list[Passage]:
    """Windows over the sentences, each beginning where the one before has its last sentence."""
    passages = []
    indices = range(len(sentences))
    for _, run in groupby(indices, key=lambda index: _run_key(sentences[index])):
        members = list(run)
        for first, last in _windows(members, sentences):
            passages.append(join_sentences(pages, sentences, first, last))
    return passages


def _run_key(sentence: Sentence) -> tuple[int, str, str | int]:
    """Passages keep within a page and a section; captions, footnotes and tables stand alone."""
    run: str | int = ""
    if sentence.kind == "table":
        run = table_title(sentence)
    elif sentence.kind in ("caption", "footnote"):
        run = sentence.block
    return sentence.page, sentence.section, run


def table_title(row: Sentence) -> str:
    """The first sentence of the caption that a table row is read with."""
    return row.reading.split(". ")[0]


def _windows(members: Sequence[int], sentences: Sequence[Sentence]) -> Iterator[tuple[int, int]]:
    """First and last index of each window; neighbours share one sentence, table rows none."""
    position = 0
    while position < len(members):
        end = position + 1
        size = len(sentences[members[position]].reading)
        while end < len(members) and end - position < WINDOW:
            size += len(sentences[members[end]].reading) + 1
            if size > MAX_CHARACTERS:
                break
            end += 1
        yield members[position], members[end - 1]
        if end == len(members):
            return
        overlaps = end - position > 1 and sentences[members[position]].kind != "table"
        position = end - 1 if overlaps else end


def join_sentences(
    pages: Sequence[PageText], sentences: Sequence[Sentence], first: int, last: int
) -> Passage:
    """The passage from one sentence to another of the same page."""
    opening, closing = sentences[first], sentences[last]
    text = pages[opening.page - 1].text[opening.start : closing.end]
    readings = [sentence.reading for sentence in sentences[first : last + 1]]
    if opening.kind == "table":
        readings = _share_caption(readings)
    reading = " ".join(readings)
    return Passage(
        text, opening.page, opening.start, closing.end, reading, opening.section, first, last
    )


def _share_caption(readings: Sequence[str]) -> list[str]:
    """Drop what all readings of a table begin with, the caption, from all but the first."""
    shared = 0
    for letters in zip(*readings, strict=False):
        if len(set(letters)) > 1:
            break
        shared += 1
    stop = readings[0].rfind(". ", 0, shared)
    cut = stop + 2 if len(readings) > 1 and stop > 0 else 0
    return [readings[0], *(reading[cut:] for reading in readings[1:])]


def sentences_in(text: str) -> list[str]:
    """The sentences of a text, exactly as they stand."""
    return [text[start:end] for start, end in sentence_spans(text, 0, len(text))]


def has_formula(text: str) -> bool:
    """Whether a sentence states a formula: an equals sign or an assignment, of something with a sign of maths."""
    return bool(_FORMULA.search(text))
