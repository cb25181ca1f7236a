"""The sentences of a paper as a model is shown them, and which of them are evidence.

Front matter, reference lists, tables of contents and the text inside figures are left out.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from ingestion.fulltext.pdf.page import Block, Kind, PageText
from ingestion.fulltext.quotable import BULLET, LEFT_OPEN, why_not_quotable
from ingestion.fulltext.sentences import Sentence, sentence_spans

READ: frozenset[Kind] = frozenset({"abstract", "text", "footnote", "caption", "table"})
"""Kinds of blocks that are read."""
READABLE_LETTERS = 12
READABLE_LETTER_SHARE = 0.4
"""Of its characters; the crumbs of a formula have fewer letters."""

_LETTERS = re.compile(r"[^\W\d_]")
_ENDED = re.compile(r"[.!?:;][\d∗*†‡)\]”\"’']*$")


def sentences_of(pages: Sequence[PageText]) -> list[Sentence]:
    """The sentences of a paper in the order of its pages; table rows count as sentences."""
    split = [
        sentence
        for number, page in enumerate(pages, start=1)
        for block in page.blocks
        if block.kind in READ
        for sentence in _block_sentences(page, number, block)
    ]
    whole = _with_other_halves(_with_lead_ins(split))
    return [
        replace(each, unfit=why_not_quotable(each.text, each.kind, each.lead_in)) for each in whole
    ]


def _block_sentences(page: PageText, number: int, block: Block) -> Iterator[Sentence]:
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


def _is_readable(text: str, block: Block) -> bool:
    """Neither the crumbs of a formula nor a table's header, which stands in its rows' readings."""
    if block.kind == "table":
        return bool(block.reading)
    letters = len(_LETTERS.findall(text))
    return letters >= READABLE_LETTERS and letters >= READABLE_LETTER_SHARE * len(
        text.replace(" ", "")
    )


def _with_lead_ins(sentences: Sequence[Sentence]) -> Iterator[Sentence]:
    """Items of a list are read after the sentence that opens it: the last before them, if it ends in a colon."""
    lead_in: Sentence | None = None
    for sentence in sentences:
        if sentence.kind != "text":  # captions and footnotes stand after a page's running text
            yield sentence
        elif _is_item(sentence) and lead_in and lead_in.section == sentence.section:
            reading = f"{lead_in.text} {sentence.text}"
            yield replace(sentence, reading=reading, lead_in=lead_in.text)
        else:
            if sentence.text.endswith(":"):
                lead_in = sentence
            elif sentence.block == sentence.start and not _is_item(sentence):
                lead_in = None  # a paragraph that is no item ends the list
            yield sentence


def _is_item(sentence: Sentence) -> bool:
    return sentence.block == sentence.start and BULLET.match(sentence.text) is not None


def _with_other_halves(sentences: Iterator[Sentence]) -> list[Sentence]:
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
