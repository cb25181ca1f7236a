"""Names of people among the marks, addresses and affiliations around them."""

import re

from ingestion.cleaning import clean_text

_PARTS = re.compile(r",|\s{3,}|\band\b|&|\u2003")
_NAME = re.compile(r"[^\W\d_][\w.'’-]*(?: [\w.'’-]+){1,4}")
_NO_NAME = re.compile(
    r"universit|institut|research|department|laborator|school|college|academy|google|microsoft|@|\binc\b|\d|equal"
    r"|corresponding|center|centre|\bai\b|corporation|group|contribution",
    re.IGNORECASE,
)
_NAME_CHARACTERS = 50


def names_in(line: str) -> list[str]:
    """The names on a line of a paper's front matter, in order."""
    parts = (clean_text(part).strip(" .") for part in _PARTS.split(line))
    return [part for part in parts if _is_name(part)]


def _is_name(text: str) -> bool:
    return (
        len(text) < _NAME_CHARACTERS
        and _NAME.fullmatch(text) is not None
        and not _NO_NAME.search(text)
    )
