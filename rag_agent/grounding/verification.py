"""Whether a sentence stands on its quotes, and whether the quotes speak of what was asked.

A sentence stands when every number and name in it occurs in its quotes, most of its words do, and it denies
what they deny. The quotes meet a question when the names and numbers it asks about occur in or around them.
What fails is dropped: a quote never stands in for an answer.
"""

import re
from collections.abc import Iterator, Sequence

from ingestion.terms import terms
from rag_agent.grounding.evidence import Evidence
from rag_agent.grounding.names import ARXIV_ID, names, numbers, value_of, words

# Lower values let paraphrases through whose meaning has turned (`make bench-answers`, 22 November 2026).
_LEAST_SHARED = 0.6
_NEAR_WORDS = 4  # a counted thing stands right behind its number, at times with an adjective or two

# Words around a value that say nothing of it: "23 is the total number of layers".
_FRAME = frozenset(terms("number amount total count value"))

_NEGATION = re.compile(
    r"\b(?:not|no|never|neither|nor|cannot|without|fails?|unable)\b|n['’]t\b", re.I
)
_DIRECTIONS = (
    re.compile(
        r"\b(?:more|higher|larger|greater|better|faster|longer|increas\w*|improv\w*|outperform\w*|"
        r"gains?|exceed\w*|above|over)\b",
        re.I,
    ),
    re.compile(
        r"\b(?:less|lower|smaller|fewer|worse|slower|shorter|decreas\w*|reduc\w*|degrad\w*|"
        r"drops?|below|under|hurts?|cuts?)\b",
        re.I,
    ),
)

# The words between "how many" and the verb, the last of which is what is counted.
_HOW_MANY = re.compile(
    r"\bhow many ((?:[\w-]+ ){0,3}?[\w-]+)"
    r"(?= (?:of|in|per|does?|did|do|is|are|was|were|has|have|had|can|make|used?|\w+ed)\b)",
    re.I,
)


def denies(text: str) -> bool:
    """Whether a sentence holds a negation."""
    return bool(_NEGATION.search(text))


def directions(text: str) -> frozenset[str]:
    """The ways that a sentence points: `more`, `less`, both or none."""
    ways = zip(("more", "less"), _DIRECTIONS, strict=True)
    return frozenset(name for name, way in ways if way.search(text))


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
    if any(way.search(text) and not way.search(f"{said} {question}") for way in _DIRECTIONS):
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


def counts_what_was_asked(text: str, question: str, quotes: Sequence[Evidence]) -> bool:
    """Whether the number that answers a "how many" counts those things in its quotes: layers are no parameters.

    Either the quotes name the things, or a word behind the number is one of the question's.
    """
    asked = _HOW_MANY.search(question)
    if asked is None:
        return True
    said = " ".join(e.reading for e in quotes)
    if set(terms(asked[1].split()[-1])) <= set(terms(said)):
        return True
    about = set(terms(question))
    return any(about & set(terms(behind)) for behind in _behind(numbers(text), said))


def _behind(wanted: set[str], said: str) -> Iterator[str]:
    """Each number of `wanted` in a text with the words behind it."""
    words = said.split()
    for place, word in enumerate(words):
        if {value_of(n) for n in numbers(word)} & {value_of(n) for n in wanted}:
            near = words[place : place + _NEAR_WORDS + 1]
            yield " ".join(near).replace("-", " ")


def unmet(question: str, quotes: Sequence[Evidence]) -> set[str]:
    """Names and numbers of a question that stand neither in nor around the quotes, nor are the paper's topic."""
    question = ARXIV_ID.sub(" ", question)
    around = " ".join(
        f"{e.text} {e.reading} {e.passage} {e.section} {e.paper.title}" for e in quotes
    )
    known = words(around) | set().union(*(e.topic for e in quotes))
    stems = {stem for word in known for stem in terms(word)}
    asked = {name for name in names(question) if not stems.issuperset(terms(name))}
    plain = {value_of(number) for number in numbers(question)}
    said = {value_of(number) for number in numbers(around)}
    return (asked - known) | (plain - said)


def adds_nothing(text: str, question: str) -> bool:
    """Whether a sentence only says the question's own words, as in "U-Net is named after U-Net"."""
    stems = {term for term in terms(text) if not term.isdigit()}
    return stems <= set(terms(question)) and numbers(text) <= numbers(question)
