"""Passages of a paper: runs of sentences that are embedded and searched.

A sentence is an exact span of a document's stored text. A passage is a run of about three sentences of one
section and page, small enough for an embedder that reads 256 word pieces; or a few rows of one table.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import groupby

from ingestion.document import Document
from ingestion.fulltext.reading import sentences_of
from ingestion.fulltext.sentences import (
    MAX_SENTENCE_CHARACTERS,
    Sentence,
    has_formula,
    sentence_spans,
    sentences_in,
)

__all__ = [
    "MAX_SENTENCE_CHARACTERS",
    "SPLITTER",
    "Passage",
    "Sentence",
    "has_formula",
    "join_sentences",
    "passages_of",
    "sentence_spans",
    "sentences_in",
    "sentences_of",
]

SPLITTER = f"sentencex {version('sentencex')}, 3 sentences, 6"
"""Names how passages are made, for caches. The last number counts changes of the rules, `reading`'s too."""
WINDOW = 3
"""Sentences in a passage. Five or more outgrow what MiniLM reads in papers of long sentences."""
MAX_CHARACTERS = 900
"""Of a passage as read: 256 word pieces of English, numbers and names among them, are about 1,000."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of sentences of one section and page.

    Args:
        text: Exactly `document.text[start:end]`.
        page: Page of the PDF from 1; 0 where the document has no pages.
        start: Offset of its first character in the document's text.
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


def passages_of(document: Document, sentences: Sequence[Sentence]) -> list[Passage]:
    """Windows over the sentences, each beginning where the one before has its last sentence."""
    passages = []
    indices = range(len(sentences))
    for _, run in groupby(indices, key=lambda index: _run_key(sentences[index])):
        members = list(run)
        for first, last in _windows(members, sentences):
            passages.append(join_sentences(document, sentences, first, last))
    return passages


def _run_key(sentence: Sentence) -> tuple[int, str, int]:
    """Passages keep within a page and a section; captions, footnotes, tables and algorithms stand alone."""
    alone = sentence.kind in ("table", "caption", "footnote", "algorithm")
    return sentence.page, sentence.section, sentence.block if alone else -1


def _windows(members: Sequence[int], sentences: Sequence[Sentence]) -> Iterator[tuple[int, int]]:
    """First and last index of each window; neighbours share one sentence, table rows none."""
    position = 0
    while position < len(members):
        end = position + 1
        size = _size(sentences[members[position]])
        while end < len(members) and end - position < WINDOW:
            size += _size(sentences[members[end]]) + 1
            if size > MAX_CHARACTERS:
                break
            end += 1
        yield members[position], members[end - 1]
        if end == len(members):
            return
        overlaps = end - position > 1 and sentences[members[position]].kind != "table"
        position = end - 1 if overlaps else end


def _size(sentence: Sentence) -> int:
    """Characters that a sentence adds to a passage, in which a list's lead-in is read once."""
    return len(sentence.text if sentence.lead_in else sentence.reading)


def join_sentences(
    document: Document, sentences: Sequence[Sentence], first: int, last: int
) -> Passage:
    """The passage from one sentence to another of the same page."""
    opening, closing = sentences[first], sentences[last]
    text = document.text[opening.start : closing.end]
    run = sentences[first : last + 1]
    readings = (
        _share_caption([sentence.reading for sentence in run])
        if opening.kind == "table"
        else _share_lead_in(run)
    )
    reading = " ".join(readings)
    return Passage(
        text, opening.page, opening.start, closing.end, reading, opening.section, first, last
    )


def _share_lead_in(run: Sequence[Sentence]) -> list[str]:
    """Readings with a list's lead-in only before its first item, an equation's lead only where it stands apart, and
    a sentence in two halves once."""
    readings: list[str] = []
    for before, sentence in zip([None, *run], run, strict=False):
        known = before and before.text.endswith(sentence.lead_in)
        led = before and before.lead_in == sentence.lead_in
        led_to = before and sentence.kind == "equation"
        shared = (sentence.lead_in and (known or led)) or led_to
        reading = sentence.text if shared else sentence.reading
        if not readings or reading != readings[-1]:
            readings.append(reading)
    return readings


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
