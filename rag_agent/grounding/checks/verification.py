"""Whether a sentence stands on its quotes, and whether the quotes speak of what was asked.

A sentence stands when every number and name in it occurs in its quotes, most of its words do, and it denies
what they deny. The quotes meet a question when the names and numbers it asks about occur in or around them.
What fails is dropped: a quote never stands in for an answer.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from ingestion.terms import terms
from rag_agent.grounding.checks.directions import directions
from rag_agent.grounding.checks.names import (
    ARXIV_ID,
    names,
    names_asked,
    numbers,
    numbers_asked,
    value_of,
    words,
)
from rag_agent.grounding.evidence import Evidence

# Lower values let paraphrases through whose meaning has turned (`make bench-answers`, 22 November 2026).
_LEAST_SHARED = 0.6

# Words around a value that say nothing of it ("23 is the total number of layers"), and those that join a reason to
# what it explains, whether the paper has them or a full stop.
_FRAME = frozenset(
    terms(
        "number amount total count value reason because therefore thus hence cause causes due lead leads allow allows "
        "result results turn way means"
    )
)

_NEGATION = re.compile(
    r"\b(?:not|no|never|neither|nor|cannot|without|fails?|unable)\b|n['’]t\b", re.I
)
_PLACE = re.compile(
    r"\b(?:sec(?:tion)?s?|tables?|fig(?:ure)?s?|appendi(?:x|ces)|eq(?:uation)?s?)\b", re.I
)
_POINTER = re.compile(
    r"(?:\b(?:described|given|shown|listed|reported|presented|summari[sz]ed|detailed|discussed|provided|found|explained"
    rf"|defined|as|see)\b )?(?:\b(?:in|by|from)\b )?\(?{_PLACE.pattern}\.? (?:[A-Z]\b|\(?[A-Z]*\d)[\w.]*\)?",
    re.I,
)


def denies(text: str) -> bool:
    """Whether a sentence holds a negation."""
    return bool(_NEGATION.search(text))


def stands_on(text: str, quotes: Sequence[Evidence], question: str = "") -> bool:
    """Whether numbers, names, words, negations and directions of a sentence are those of its quotes.

    Args:
        text: The sentence, English.
        quotes: What it shall stand on.
        question: Its words need not be the quotes'; see `meets` for its names and numbers.
    """
    said = " ".join(evidence.reading for evidence in quotes)
    if _unsaid(numbers(text), numbers(said)) - numbers(question):
        return False
    if names(text) - words(said) - names(question):
        return False
    if denies(text) and not denies(said):
        return False
    if directions(text) - directions(f"{said} {question}"):
        return False
    own = set(terms(text)) - set(terms(question)) - _FRAME
    return len(own & set(terms(said))) >= _LEAST_SHARED * len(own)


def _unsaid(claimed: set[str], said: set[str]) -> set[str]:
    """Numbers that were not said; a table says them without their unit."""
    return {number for number in claimed if number not in said and value_of(number) not in said}


def meets(question: str, quotes: Sequence[Evidence]) -> bool:
    """Whether the names and numbers that a question asks about stand in or around the quotes.

    An answer about LibriSpeech needs a sentence about LibriSpeech. What the whole paper is about need not be
    said in each sentence.

    Args:
        question: English.
        quotes: Evidence of an answer.
    """
    return not unmet(question, quotes)


def unmet(question: str, quotes: Sequence[Evidence]) -> set[str]:
    """Names and numbers of a question that stand neither in nor around the quotes, nor are the paper's topic.

    Around a sentence of an abstract stands the whole abstract: it speaks of one thing.
    """
    question = ARXIV_ID.sub(" ", question)
    around = " ".join(
        f"{e.text} {e.reading} {e.section} {e.paper.title} "
        + (e.passage if e.page is not None else e.paper.abstract)
        for e in quotes
    )
    known = words(around) | set().union(*(e.topic for e in quotes))
    stems = {stem for word in known for stem in terms(word)}
    asked = {name for name in names_asked(question) if not stems.issuperset(terms(name))}
    plain = {value_of(number) for number in numbers_asked(question)}
    said = {value_of(number) for number in numbers(around)}
    return (asked - known) | (plain - said)


def adds_nothing(text: str, question: str) -> bool:
    """Whether a sentence only says the question's own words, as in "U-Net is named after U-Net", or points elsewhere.

    "The layers are described in Section 3.4" answers only who asks for a section.
    """
    if not _PLACE.search(question):
        text = _POINTER.sub(" ", text)
    stems = {term for term in terms(text) if not term.isdigit()}
    joined = " ".join(one + other for one, other in pairwise(question.split()))  # "step size"
    return stems - _FRAME <= set(terms(f"{question} {joined}")) and numbers(text) <= numbers(
        question
    )
