"""What papers state in a fixed form, which code reads more surely than a small model: addresses of code, sizes.

Asked for these columns, the embedded model took another's address or size as the paper's own, or any number: 10 of 20
cells right (`make bench-tables`, 29 November 2026).
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ingestion.fulltext import Sentence

_MAGNITUDE = r"(?:\d[\d,.]*[- ]?(?:[KMBT]\b|thousand|million|billion|trillion)|\d{1,3}(?:,\d{3})+)"
_PARAMETERS = r"param(?:eter)?s?\b"
_OWN = re.compile(r"\b(?:we|our|ours|us|this (?:paper|work)|proposed)\b", re.IGNORECASE)
_OTHERS = re.compile(
    r"\bet al\b|\[\d+(?:[,–-] ?\d+)*\]|\b(?:based on|adapted from|taken from|borrowed from|official|baselines?)\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"\b(?=\w*[A-Z]\w*[A-Z])[A-Za-z][\w-]+")
_UNIT = re.compile(r"[KMBT^]|illion|\d{5}")
_ROWS = 3  # of a table of sizes: the variants of one model


@dataclass(frozen=True, slots=True)
class _Form:
    """What a value looks like, and which sentences state it.

    Args:
        value: Matches the value; all matches of a sentence are it.
        about: Has to stand in the sentence too.
        labels: Matches the label of a table's column whose cells are such values; None: tables have none.
        is_mere_mention: Whether a sentence that is neither the paper's own nor another's will do.
        first_only: Whether the first match of a sentence is all of the value.
    """

    value: re.Pattern[str]
    about: re.Pattern[str]
    labels: re.Pattern[str] | None = None
    is_mere_mention: bool = True
    first_only: bool = False


_CODE = _Form(
    # A line of a PDF ends behind a slash: the address goes on after the blank.
    re.compile(
        r"(?:https?://|www\.|(?<![\w/])(?=(?:github|gitlab|bitbucket)\.))[^\s<>\"']*[^\s<>\"'.,;:)\]]"
        r"(?:(?<=/) [a-z0-9][\w.~-]*/[^\s<>\"']*[^\s<>\"'.,;:)\]])?"
    ),
    re.compile(r"code\b|software|implement|script|package|toolkit|\bgit", re.IGNORECASE),
    is_mere_mention=False,
    first_only=True,
)
_ALONE = re.compile(r"[\W\d]{0,3}(?:https?://)?(?:github|gitlab|bitbucket)\.\w+/\S+", re.IGNORECASE)
_RELEASED = re.compile(r"(?:avail|releas|open-sourced|code at|code:|found at)", re.IGNORECASE)
_SIZE = _Form(
    re.compile(
        rf"{_MAGNITUDE}(?:(?:, )?(?: ?(?:to|and|or) |–|-)?{_MAGNITUDE})*[- ](?:[a-z-]+ ){{0,2}}{_PARAMETERS}"
        rf"|total of {_MAGNITUDE}"
        rf"|{_PARAMETERS}(?: ?[=:(]| of| is| are)? ?(?:about |around |over |~)?{_MAGNITUDE}",
        re.IGNORECASE,
    ),
    re.compile(_PARAMETERS, re.IGNORECASE),
    re.compile(
        rf"(?:#|no\.|number of|total|trainable|model)? ?{_PARAMETERS}(?! \w+ \w+).*", re.IGNORECASE
    ),
)


@dataclass(frozen=True, slots=True)
class Stated:
    """A value and the places, among the sentences given, of those that state it."""

    value: str
    places: tuple[int, ...]


Reader = Callable[[Sequence[Sentence], str], Stated | None]
"""What a paper states of itself, of its sentences in order and its title; None where it does not."""


def code(sentences: Sequence[Sentence], title: str) -> Stated | None:
    """The address of the paper's own code; see `Reader`.

    Where no sentence tells it, the one repository whose address stands alone, in a footnote or below the abstract.
    """
    if told := _stated(_CODE, sentences, title):
        return told
    alone = [p for p, sentence in enumerate(sentences) if _ALONE.fullmatch(sentence.text)]
    is_one = len({sentences[place].text for place in alone}) == 1
    return _of(_CODE, sentences, alone[0]) if is_one else None


def size(sentences: Sequence[Sentence], title: str) -> Stated | None:
    """How many parameters its model or its models have; see `Reader`."""
    return _stated(_SIZE, sentences, title)


def _stated(form: _Form, sentences: Sequence[Sentence], title: str) -> Stated | None:
    """The paper's own sentences go first (`we`, `our`, a name of its title), then rows of its tables, then sentences
    that are nobody's; those that speak of others' work state nothing about this one.
    """
    names = names_of(title)
    told = [
        (own_work(sentence.text, names), place)
        for place, sentence in enumerate(sentences)
        if sentence.kind != "table"
        and form.value.search(sentence.text)
        and form.about.search(sentence.text)
    ]
    told.sort(key=lambda one: (-one[0], one[1]))
    if told and told[0][0] > 0:
        return _of(form, sentences, told[0][1])
    rows = _rows(form, sentences) if form.labels else None
    if rows or not told or told[0][0] < 0 or not form.is_mere_mention:
        return rows
    return _of(form, sentences, told[0][1])


def names_of(title: str) -> frozenset[str]:
    """Names in a title that are the paper's own: `BERT`, `U-Net`."""
    return frozenset(_NAME.findall(title.replace(":", " ")))


def own_work(text: str, names: Iterable[str]) -> int:
    """More than 0 for a sentence about the paper's own work, less for one about others'."""
    own = bool(_OWN.search(text)) or any(re.search(rf"\b{re.escape(n)}", text) for n in names)
    return 2 * own + bool(_RELEASED.search(text)) - 2 * bool(_OTHERS.search(text))


def _of(form: _Form, sentences: Sequence[Sentence], place: int) -> Stated:
    found = [match[0].replace("/ ", "/") for match in form.value.finditer(sentences[place].text)]
    return Stated(", ".join(dict.fromkeys(found[:1] if form.first_only else found)), (place,))


def _rows(form: _Form, sentences: Sequence[Sentence]) -> Stated | None:
    """The cells under such a label in the first rows of the first table that has one.

    Where the label has the unit, it is told, and the row that has the label is quoted too; a number whose unit no
    quote would have is not told.
    """
    found: list[tuple[int, str]] = []
    labels: list[str] = []
    for place, sentence in enumerate(sentences):
        if sentence.kind != "table" or (found and sentence.block != sentences[found[0][0]].block):
            continue
        if cell := _cell(form, sentence.reading):
            found.append((place, cell[1]))
            labels.append(cell[0])
    read = joined(found[:_ROWS])
    if read is None or _UNIT.search(read.value):
        return read
    block = sentences[found[0][0]].block
    heads = [p for p, s in enumerate(sentences) if s.block == block and labels[0] in s.text]
    if not heads:
        return None
    return Stated(f"{read.value} ({labels[0]})", (heads[0], *read.places))


def joined(found: Sequence[tuple[int, str]]) -> Stated | None:
    """Values with the place of each, as one; None of none."""
    if not found:
        return None
    return Stated(
        ", ".join(value for _, value in found), tuple(dict.fromkeys(place for place, _ in found))
    )


def _cell(form: _Form, reading: str) -> tuple[str, str] | None:
    """`Params` and `86M` of a row that reads `Model: ViT-Base; Params: 86M.`"""
    for part in reading.rstrip(".").split("; "):
        label, _, value = part.partition(": ")
        if form.labels and form.labels.fullmatch(label.strip()) and re.match(r"\d", value):
            return label.strip(), value
    return None
