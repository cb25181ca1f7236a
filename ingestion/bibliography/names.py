"""Names of authors, taken apart as reference managers store them."""

import re
import unicodedata
from dataclasses import dataclass

OTHERS = "and others"
"""Stands as the last author of a list that is known to be cut."""

_SUFFIX = re.compile(r"(?:jr|sr|junior|senior|ii|iii|iv)\.?", re.IGNORECASE)
_GROUP = re.compile(r"\b(?:collaborations?|consortium|team|group|and)\b", re.IGNORECASE)
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i"}
    | {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th"}
)


@dataclass(frozen=True, slots=True)
class Name:
    """One author's name in its parts.

    Args:
        family: Family name; the whole name of a group, and of a person who has one name only.
        given: First names; empty for these.
        particle: `van der` and the like, before the family name.
        suffix: `Jr.`, `III`.
    """

    family: str
    given: str = ""
    particle: str = ""
    suffix: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether it has no parts: a group, a single name, or a name in a script without spaces."""
        return not self.given


def name_of(author: str) -> Name:
    """The parts of a full name, `Given van Family Jr.` or `Family, Given`."""
    if _GROUP.search(author) or author.count(",") > 1:
        return Name(author)
    if "," in author:
        family, _, given = (part.strip() for part in author.partition(","))
        return Name(family or given, given if family else "")
    *words, last = author.split() or [""]
    suffix = last if words and _SUFFIX.fullmatch(last) else ""
    if not suffix:
        words.append(last)
    first = len(words) - 1
    while first > 1 and words[first - 1].islower():
        first -= 1
    return Name(words[-1], " ".join(words[:first]), " ".join(words[first:-1]), suffix)


def key_name(author: str) -> str:
    """What a citation key calls an author: the family name, or a group's first telling word."""
    if not _GROUP.search(author):
        return "".join(ascii_words(name_of(author).family))
    telling = [word for word in ascii_words(author) if not _GROUP.fullmatch(word) and word != "the"]
    return telling[0] if telling else ""


def ascii_words(text: str) -> list[str]:
    """Lower-case ASCII words; letters of scripts other than Latin are left out."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS))
    bare = "".join(c for c in plain if not unicodedata.combining(c) and c not in "'’")
    return re.findall(r"[a-z0-9]+", bare)
