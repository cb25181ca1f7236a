"""The sentences of a paper as a model is shown them, and which of them are evidence.

Front matter, reference lists, tables of contents and the text inside figures are left out.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from ingestion.document import Document, Equation, Kind, Table
from ingestion.fulltext.quotable import BULLET, LEFT_OPEN, why_not_quotable
from ingestion.fulltext.sentences import Sentence, sentence_spans

READ: frozenset[Kind] = frozenset(
    {"abstract", "text", "list", "theorem", "equation", "algorithm", "footnote", "caption", "table"}
)
"""Kinds of blocks that are read."""
PROSE: frozenset[Kind] = frozenset({"text", "list", "theorem"})
"""Kinds of blocks that make the running text."""
READABLE_LETTERS = 12
READABLE_LETTER_SHARE = 0.4
"""Of its characters; the crumbs of a formula have fewer letters."""
ALGORITHM_CHARACTERS = 500
"""Of a run of an algorithm's lines, about ten; MiniLM reads about 1,000 characters."""

_LETTERS = re.compile(r"[^\W\d_]")
# An item's own head: `LR + All Features (tweet-level): We extract …`; what LaTeX leaves of a list may stand before it.
_HEAD = r"(?:\[[^\]\s]{1,40}\] )?(?=[A-Z])[^\s.!?:;]+(?: [^\s.!?:;]+){0,5}: [A-Z\d$(“\"]"
_HEADED = re.compile(_HEAD)
# `… the following baselines: Majority: We take …`
_LEADS_WITHIN = re.compile(rf"([^:]{{12,300}}:) {_HEAD}")
_ITEM_SENTENCES = 5
"""Most sentences of one item; the next head may stand behind so many."""
_UNLED_ITEMS = 3
"""Heads in a row that are a list though no colon leads to them."""
_ENDED = re.compile(r"[.!?:;][\d∗*†‡)\]”\"’']*$")


def sentences_of(document: Document) -> list[Sentence]:
    """The sentences of a paper in the order of its text; table rows and equations count as sentences."""
    split = [
        sentence
        for place, block in enumerate(document.blocks)
        if block.kind in READ
        for sentence in _block_sentences(document, place)
    ]
    whole = _with_run_in_items(list(_with_lead_ins(split)))
    if document.pages:
        whole = _with_other_halves(whole)
    return [
        replace(each, unfit=why_not_quotable(each.text, each.kind, each.lead_in)) for each in whole
    ]


def _block_sentences(document: Document, place: int) -> Iterator[Sentence]:
    block = document.blocks[place]
    page = document.page_at(block.start)
    for start, end, reading in _readings(document, place):
        text = document.text[start:end]
        yield Sentence(
            text, page, start, end, reading or text, block.section, block.kind, block.start
        )


def _readings(document: Document, place: int) -> Iterator[tuple[int, int, str]]:
    """Span and reading of each sentence of a block; an empty reading where it reads as it stands."""
    block = document.blocks[place]
    if isinstance(block.content, Table):
        yield from ((row.start, row.end, row.reading) for row in block.content.rows if row.reading)
    elif isinstance(block.content, Equation):
        yield block.start, block.end, _equation_reading(document, place, block.content)
    elif block.kind == "algorithm":
        yield from _algorithm_readings(document, place)
    else:
        for start, end in sentence_spans(document.text, block.start, block.end):
            if _is_readable(document.text[start:end]):
                yield start, end, ""


def _equation_reading(document: Document, place: int, equation: Equation) -> str:
    """An equation with its number, after the sentence that leads to it and before one that goes on from it."""
    latex = document.text_of(document.blocks[place])
    number = f" ({equation.number})" if equation.number else ""
    before, after = _prose_beside(document, place, -1), _prose_beside(document, place, 1)
    goes_on = after[:1].islower() or after.startswith("Here")
    return " ".join(
        part for part in (before, f"$${latex}$${number}", after if goes_on else "") if part
    )


def _prose_beside(document: Document, place: int, step: int) -> str:
    """The nearest sentence of the running text before or after an equation, other equations passed over."""
    place += step
    while 0 <= place < len(document.blocks) and document.blocks[place].kind == "equation":
        place += step
    if not 0 <= place < len(document.blocks) or document.blocks[place].kind not in PROSE:
        return ""
    block = document.blocks[place]
    spans = sentence_spans(document.text, block.start, block.end)
    start, end = spans[-1] if step < 0 else spans[0]
    return document.text[start:end]


def _algorithm_readings(document: Document, place: int) -> Iterator[tuple[int, int, str]]:
    """An algorithm in runs of whole lines, each read after its caption."""
    block = document.blocks[place]
    before = document.blocks[place - 1] if place else block
    caption = f"{document.text_of(before)} " if before.kind == "caption" else ""
    start = block.start
    while start < block.end:
        end = block.end
        if end - start > ALGORITHM_CHARACTERS:
            line_end = document.text.rfind("\n", start + 1, start + ALGORITHM_CHARACTERS)
            end = line_end if line_end > start else min(end, start + ALGORITHM_CHARACTERS)
        yield start, end, caption + document.text[start:end]
        start = end + 1 if document.text[end : end + 1] == "\n" else end


def _is_readable(text: str) -> bool:
    """No crumbs of a formula."""
    letters = len(_LETTERS.findall(text))
    return letters >= READABLE_LETTERS and letters >= READABLE_LETTER_SHARE * len(
        text.replace(" ", "")
    )


def _with_lead_ins(sentences: Sequence[Sentence]) -> Iterator[Sentence]:
    """Items of a list are read after the sentence that opens it: the last before them, if it ends in a colon."""
    lead_in: Sentence | None = None
    for sentence in sentences:
        if sentence.kind not in PROSE:  # captions and footnotes stand after a page's running text
            yield sentence
        elif _is_item(sentence) and lead_in and lead_in.section == sentence.section:
            yield _led(sentence, lead_in.text)
        else:
            if sentence.text.endswith(":"):
                lead_in = sentence
            elif sentence.block == sentence.start and not _is_item(sentence):
                lead_in = None  # a paragraph that is no item ends the list
            yield sentence


def _led(item: Sentence, lead_in: str) -> Sentence:
    return replace(item, reading=f"{lead_in} {item.text}", lead_in=lead_in)


def _is_item(sentence: Sentence) -> bool:
    return sentence.block == sentence.start and BULLET.match(sentence.text) is not None


def _with_run_in_items(sentences: Sequence[Sentence]) -> list[Sentence]:
    """Items without a mark, each under a head of its own (`Tweet2vec: We use …`), are read as those of lists are.

    What opens them is a sentence that leads to the first by a colon, or, before three or more, the sentence above.
    """
    read = list(sentences)
    places = [i for i, sentence in enumerate(read) if sentence.kind in PROSE]
    prose = [read[i] for i in places]
    heads = [number for number, sentence in enumerate(prose) if _is_headed(sentence)]
    for run in _neighbouring(heads, [sentence.section for sentence in prose]):
        lead_in = _opening(prose, run)
        for number in run if lead_in else ():
            prose[number] = _led(prose[number], lead_in)
    for i, sentence in zip(places, prose, strict=True):
        read[i] = sentence
    return read


def _is_headed(sentence: Sentence) -> bool:
    return not sentence.lead_in and _HEADED.match(sentence.text) is not None


def _neighbouring(heads: Sequence[int], sections: Sequence[str]) -> Iterator[list[int]]:
    """Runs of headed sentences in one section, few others between two of them."""
    run: list[int] = []
    for place in heads:
        if run and (place - run[-1] > _ITEM_SENTENCES or sections[place] != sections[run[-1]]):
            yield run
            run = []
        run.append(place)
    if run:
        yield run


def _opening(prose: Sequence[Sentence], run: Sequence[int]) -> str:
    """What leads to a run of headed sentences; empty where nothing does."""
    if not run[0]:
        return ""
    before, first = prose[run[0] - 1], prose[run[0]]
    if before.section != first.section or before.lead_in:
        return ""
    within = _LEADS_WITHIN.match(before.text)
    if within:
        return within[1]
    led = before.text.endswith(":") and len(run) > 1
    return before.text if led or len(run) >= _UNLED_ITEMS else ""


def _with_other_halves(sentences: Sequence[Sentence]) -> list[Sentence]:
    """A sentence that a column's or page's end cuts in two is read whole from either half."""
    whole = list(sentences)
    prose = [i for i, sentence in enumerate(whole) if sentence.kind == "text"]
    for i, j in pairwise(prose):
        if _goes_on(whole[i], whole[j]):
            joined = _joined(whole[i].text, whole[j].text)
            whole[i] = replace(whole[i], reading=joined)
            whole[j] = replace(whole[j], reading=joined)
    return whole


def _goes_on(first: Sentence, second: Sentence) -> bool:
    """Whether one is the beginning and the next the end of a sentence, in two blocks."""
    apart = (first.page, first.block) != (second.page, second.block)
    follows = second.start == second.block and second.page - first.page in (0, 1)
    if not (apart and follows) or _ENDED.search(first.text) or BULLET.match(second.text):
        return False
    return second.text[0].islower() or LEFT_OPEN.search(first.text) is not None


def _joined(first: str, second: str) -> str:
    """Both halves, a word broken between them joined."""
    if first[-1] in "-‐" and second[0].islower():
        return first[:-1] + second
    return f"{first} {second}"
