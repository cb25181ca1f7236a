"""Names and numbers in a text, in one spelling, so that an answer can be held against its quotes."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# A name in one sentence of fifty is what the paper is about; fewer than four say little of a short text.
_TOPIC_SHARE = 0.02
_TOPIC_COUNT = 4

ARXIV_ID = re.compile(
    r"(?:arxiv:)?\b(?:\d{4}\.\d{4,5}|[a-z]+(?:-[a-z]+)?(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?\b", re.I
)
"""What has the shape of an arXiv id: it names a paper, and is no number that a text must hold."""

_NUMBER = re.compile(r"(?<![\w.])[-−+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?", re.IGNORECASE)
_BEHIND_A_NAME = re.compile(r"(?<=[^\W\d_][-–])")
_NAME = re.compile(r"[^\W_][\w'’.+-]*[^\W_]|[^\W_]")
_PART_ENDS = re.compile(r"(?<=[^\W\d_]{3}[:.!?])\s+")
_LONGER_WORD = re.compile(r"[^\W\d_]{4,}")  # shorter ones are small in a title too
_TITLE_SHARE = 0.8
_TITLE_WORDS = 4

_WORD_NUMBERS = {
    word: str(value)
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve".split()
    )
}
_ASKERS_COUNT = re.compile(
    rf"\b(the|these|those|its|their|which|what) (?:{'|'.join(list(_WORD_NUMBERS)[2:])})\b(?!-)",
    re.I,
)
UNITS = frozenset(
    """% percent gb mb kb tb ghz mhz hz kev mev gev tev ev nm mm cm km kg ms fps db hours hour minutes
    days million billion trillion thousand kpc mpc pc au k""".split()
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number where it stands in a text.

    Args:
        value: In one spelling, without unit.
        start: Offset of its first character.
        end: Offset behind its last.
        named: Whether it ends a name, as in `ResNet-101`.
    """

    value: str
    start: int
    end: int
    named: bool


def numbers_in(text: str) -> Iterator[Number]:
    """The numbers of a text as it stands, in order; those written as words are none."""
    for match in _NUMBER.finditer(text):
        named = _BEHIND_A_NAME.match(text, match.start()) is not None
        yield Number(_plain(match[0]), match.start(), match.end(), named)


def numbers(text: str) -> set[str]:
    """Numbers in a text in one spelling: `10,000`, `10 000` and `10000` are one; so are `three` and `3`.

    A unit or magnitude behind a number belongs to it: `3 GB` and `3 MB` are two.
    """
    text = unicodedata.normalize("NFKC", text).replace("−", "-")
    text = re.sub(r"(?<=\d) (?=\d{3}\b)", "", text)
    found = set()
    for match in _NUMBER.finditer(text):
        value = _plain(match[0])
        unit = re.match(r"[\s-]*(%|[^\W\d_]+)", text[match.end() :])
        name = unit[1].lower() if unit else ""
        found.add(value + {"percent": "%"}.get(name, name) if name in UNITS else value)
    words = re.findall(r"[a-z]+", text.lower())
    return found | {
        _WORD_NUMBERS[word] for word in words if word in _WORD_NUMBERS and word != "one"
    }


def numbers_asked(question: str) -> set[str]:
    """The numbers of a question but how many "the two authors" are: a text names them without the number."""
    return numbers(_ASKERS_COUNT.sub(r"\1", question))


def _plain(number: str) -> str:
    """`10000` of `+10,000`, `0.5` of `-0.50`."""
    value = number.replace(",", "").lstrip("+-−")
    return value.rstrip("0").rstrip(".") if "." in value else value


def names(text: str) -> set[str]:
    """Words that name something, lower-cased: a capital inside, a digit beside letters, or a capital
    that does not merely begin the sentence."""
    return _names(text, capitals_name=True)


def names_asked(question: str) -> set[str]:
    """The names of a question: where it is Written Like a Title, those that have a capital or a digit inside.

    What begins a part of it, behind a colon or a full stop, has its capital from there, as its first word has.
    """
    parts = _PART_ENDS.split(question)
    capitals_name = not _is_title_case(question)
    return set().union(*(_names(part, capitals_name=capitals_name) for part in parts))


def _names(text: str, *, capitals_name: bool) -> set[str]:
    found = set()
    for position, match in enumerate(_NAME.finditer(text)):
        word = match[0]
        for place, part in enumerate(_parts(word), start=position):
            inner = any(c.isupper() for c in part[1:]) or (
                any(c.isdigit() for c in part) and any(c.isalpha() for c in part)
            )
            if inner or (capitals_name and place > 0 and part[:1].isupper()):
                found.add(_folded(part))
    return found


def _is_title_case(text: str) -> bool:
    """Whether nearly all longer words behind the first have a capital, and they are no list of names."""
    if text.count(",") > 1:
        return False
    longer = _LONGER_WORD.findall(text)[1:]
    capital = sum(word[0].isupper() for word in longer)
    return len(longer) >= _TITLE_WORDS and capital >= _TITLE_SHARE * len(longer)


def words(text: str) -> set[str]:
    """Every word of a text and its parts, folded, to look names up in."""
    return {
        form
        for match in _NAME.finditer(text)
        for part in (match[0], *_parts(match[0]))
        for form in (_folded(part), _folded(part).removesuffix("s"))
    }


def _parts(word: str) -> list[str]:
    return [part for part in re.split(r"[-–/.'’+]", word) if part]


def _folded(word: str) -> str:
    plain = unicodedata.normalize("NFKD", word)
    folded = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    return folded.removesuffix("s") if len(folded) > 3 else folded


def value_of(number: str) -> str:
    """A number of `numbers` without its unit."""
    return re.sub(r"(?<=\d)[^\d.]+$", "", number)


def topic_of(sentences: Iterable[str]) -> frozenset[str]:
    """Names that a whole text is about: those in many of its sentences."""
    counts: Counter[str] = Counter()
    total = 0
    for sentence in sentences:
        total += 1
        counts.update(names(sentence))
    least = max(_TOPIC_COUNT, _TOPIC_SHARE * total)
    return frozenset(name for name, count in counts.items() if count >= least)
