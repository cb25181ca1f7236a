"""Words found in a paper's text: case and line breaks make no difference."""

import re
from typing import NamedTuple

from ingestion.document import Document
from ingestion.fulltext.sentences import sentence_spans

LEAST_CHARACTERS = 2
MOST_HITS = 1_000
_AROUND = 1_000  # characters on either side in which the sentence of a hit is looked for


class Found(NamedTuple):
    """A stretch of the text: its page (0 where there are none), and its span, counted from the page's start."""

    page: int
    start: int
    end: int


def find(text: Document, query: str) -> list[Found]:
    """The first `MOST_HITS` places of some words, in order; none for fewer than two characters."""
    words = query.split()
    if len("".join(words)) < LEAST_CHARACTERS:
        return []
    pattern = re.compile(r"\s+".join(map(re.escape, words)), re.IGNORECASE)
    found = []
    for match in pattern.finditer(text.text):
        page = text.page_at(match.start())
        offset = text.page_start(page)
        found.append(Found(page, match.start() - offset, match.end() - offset))
        if len(found) == MOST_HITS:
            break
    return found


def sentence_of(text: Document, found: Found) -> Found:
    """The sentence that a stretch stands in; the stretch itself where there is none around it."""
    offset = text.page_start(found.page)
    at = offset + found.start
    page_end = text.pages[found.page - 1].end if found.page else len(text.text)
    begin, end = max(offset, at - _AROUND), min(page_end, at + _AROUND)
    spans = sentence_spans(text.text, begin, end)
    around = next(((first, last) for first, last in spans if first <= at < last), None)
    if around is None:
        return found
    return Found(found.page, around[0] - offset, max(around[1], offset + found.end) - offset)
