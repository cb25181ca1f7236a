"""What a number counts: a step of 1.0 seconds is not 1.0 tokens a second, and layers are no parameters."""

import re
from collections.abc import Iterator, Sequence

from ingestion.terms import terms
from rag_agent.grounding.checks.names import UNITS, numbers, numbers_in, value_of
from rag_agent.grounding.evidence import Evidence

_NEAR_WORDS = 4  # a counted thing stands right behind its number, at times with an adjective or two
_NEAR_CHARACTERS = 60  # a quote may say "of parameters there are 175 billion"
_THINGS = 2

# The words between "how many" and the verb, the last of which is what is counted.
_HOW_MANY = re.compile(
    r"\bhow many ((?:[\w-]+ ){0,3}?[\w-]+)"
    r"(?= (?:of|in|per|does?|did|do|is|are|was|were|has|have|had|can|make|used?|\w+ed)\b)",
    re.I,
)
_NEXT_WORD = re.compile(r"[\s–-]*([^\W\d_]+|%)")


def counts_alike(text: str, quotes: Sequence[Evidence], question: str = "") -> bool:
    """Whether every number of a sentence counts there what it counts in its quotes.

    A number without a word right behind it counts nothing. A table says what its numbers are in caption and
    label, so anywhere in a row's reading.

    Args:
        text: The sentence, English.
        quotes: What it shall stand on.
        question: Numbers that it asks about are its own.
    """
    asked = {value_of(number) for number in numbers(question)}
    for number in numbers_in(text):
        things = stems_behind(text, number.end)
        if number.value in asked or number.named or not things:
            continue
        near = [stems for quote in quotes for stems in _around(number.value, quote)]
        if near and not any(things & stems for stems in near):
            return False
    return True


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


def stems_behind(text: str, place: int) -> set[str]:
    """Stems of the two words right behind a place in a text, to the next pause or small word; a unit is none."""
    found: set[str] = set()
    for _ in range(_THINGS + 1):
        word = _NEXT_WORD.match(text, place)
        if word is None:
            break
        place = word.end()
        if word[1].lower() in UNITS:
            continue
        stems = terms(word[1])
        if not stems or word[1].lower() == "per" or len(found) == _THINGS:
            break
        found.update(stems)
    return found


def _around(value: str, quote: Evidence) -> Iterator[set[str]]:
    """The stems that stand near each mention of a number in a quote."""
    said = quote.reading
    for number in numbers_in(said):
        if number.value == value:
            near = said[max(0, number.start - _NEAR_CHARACTERS) : number.end + _NEAR_CHARACTERS]
            yield set(terms(said if quote.is_row else near))


def _behind(wanted: set[str], said: str) -> Iterator[str]:
    """Each number of `wanted` in a text with the words behind it."""
    words = said.split()
    for place, word in enumerate(words):
        if {value_of(n) for n in numbers(word)} & {value_of(n) for n in wanted}:
            near = words[place : place + _NEAR_WORDS + 1]
            yield " ".join(near).replace("-", " ")
