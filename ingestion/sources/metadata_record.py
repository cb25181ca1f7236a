"""One metadata record becomes a paper, or the reason why it cannot.

Two layouts are understood, field by field: arXiv's own metadata snapshot (authors_parsed,
categories in one string, versions, comments) and plain records (lists of authors and categories,
primary_category, published, updated, comment).
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from email.utils import parsedate_to_datetime
from typing import Any

from ingestion.cleaning import clean_text, printable
from ingestion.errors import AgentError, InvalidArxivId
from ingestion.paper import ArxivId, Paper, parse_arxiv_id

MIN_ABSTRACT_CHARACTERS = 40
"""Shortest abstract kept. The shortest of 100,000 real ones has 72; `Not available` has fewer."""

MAX_ABSTRACT_CHARACTERS = 10_000
"""Longest abstract kept. arXiv takes 1,920 (https://info.arxiv.org/help/prep.html#abstracts); the
longest of 100,000 real ones, from before that limit, has 4,031."""

MAX_TITLE_CHARACTERS = 1_000
MAX_COMMENT_CHARACTERS = 2_000
"""Longer comments are cut here; arXiv takes 400."""

MAX_NAME_CHARACTERS = 300
"""Longer names of authors and categories are cut here."""

# Only a sentence about this very paper counts: papers about withdrawals speak of other works or
# quote such notes, and comments may name a withdrawn theorem or talk.
_WORK = r"(?:paper|submission|article|manuscript|preprint|work|note|letter|document)"
_START = r"(?:^|[.;!?)\]*]\s+|[(\[*])"
_STATEMENT = (
    rf"\b(?:this|the|our)\s+(?:present\s+|arxiv\s+)?{_WORK}\s+"
    r"(?:(?:has|have)(?:\s+now)?\s+been|is(?:\s+now|\s+being)?|was)(?:\s+temporarily|\s+hereby)?\s+"
    r"(?:withdrawn?|retracted)\b"
)
_NOTE = (
    rf"(?:(?:this\s+|the\s+)?{_WORK}\s+)?(?:temporarily\s+)?withdrawn\s*"
    r"(?:$|[.;,!:(\])]|by\s+(?:the\s+)?(?:sub|auth|arxiv)|(?:due|because|since|to|for|as)\s)"
)
_REQUEST = (
    rf"\bwithdr(?:aw|awing|ew|awal\s+of)\s+(?:all\s+versions\s+of\s+)?(?:this|the|our|my)\s+{_WORK}"
)
_ABSTRACT_WITHDRAWN = re.compile(rf"^{_NOTE}|{_START}{_STATEMENT}", re.IGNORECASE)
_COMMENT_WITHDRAWN = re.compile(
    rf"{_START}{_NOTE}|{_STATEMENT}|{_REQUEST}|\b{_WORK}\s+withdrawn\b"
    r"|\bwithdrawn\s+by\s+(?:the\s+|arxiv\s+)?(?:author|admin|submitter)",
    re.IGNORECASE,
)
_DOI = re.compile(
    r"10\.\d{4,9}/\S+"
)  # https://www.crossref.org/blog/dois-and-matching-regular-expressions/
_PARENTHESES = re.compile(r"\([^()]*\)")
_BETWEEN_NAMES = re.compile(r"\s*,\s*(?:and\s+)?|\s+and\s+")


class UnusableRecord(AgentError):
    """Why a record is no paper: `what` is one of a few fixed clauses, to count rejects by."""


def paper_of(record: object) -> Paper:
    """The cleaned paper of one record, without keywords.

    Args:
        record: Decoded JSON, untrusted.

    Raises:
        UnusableRecord: It has no arXiv id, title or abstract, or the paper was withdrawn.
    """
    if not isinstance(record, Mapping):
        raise UnusableRecord("not a JSON object")
    arxiv_id = _arxiv_id(record)
    title, abstract, comment = _title(record), _abstract(record), _comment(record)
    if is_withdrawn(abstract, comment):
        raise UnusableRecord("withdrawn")
    if len(abstract) < MIN_ABSTRACT_CHARACTERS:
        raise UnusableRecord(f"abstract shorter than {MIN_ABSTRACT_CHARACTERS} characters")
    published, updated, versions = _history(record)
    return Paper(
        arxiv_id=arxiv_id.id,
        title=title,
        abstract=abstract,
        authors=_authors(record),
        categories=_categories(record),
        year=arxiv_id.year,
        month=arxiv_id.month,
        version=arxiv_id.version or versions,
        published=published,
        updated=updated,
        comment=comment,
        journal=_published_in(record),
        doi=_doi(record),
    )


def is_withdrawn(abstract: str, comment: str) -> bool:
    """Whether the record itself says that this paper was withdrawn or retracted."""
    return bool(_ABSTRACT_WITHDRAWN.search(abstract) or _COMMENT_WITHDRAWN.search(comment))


def _arxiv_id(record: Mapping[str, Any]) -> ArxivId:
    text = record.get("id")
    if not isinstance(text, str) or not text.strip():
        raise UnusableRecord("no id")
    try:
        return parse_arxiv_id(text)
    except InvalidArxivId as error:
        raise UnusableRecord("the id is not arXiv's") from error


def _title(record: Mapping[str, Any]) -> str:
    title = _text(record, "title")
    if len(title) > MAX_TITLE_CHARACTERS:
        raise UnusableRecord(f"title longer than {MAX_TITLE_CHARACTERS:,} characters")
    if not (cleaned := clean_text(title)):
        raise UnusableRecord("no title")
    return cleaned


def _abstract(record: Mapping[str, Any]) -> str:
    abstract = _text(record, "abstract")
    if len(abstract) > MAX_ABSTRACT_CHARACTERS:
        raise UnusableRecord(f"abstract longer than {MAX_ABSTRACT_CHARACTERS:,} characters")
    if not (cleaned := clean_text(abstract)):
        raise UnusableRecord("no abstract")
    return cleaned


def _comment(record: Mapping[str, Any]) -> str:
    comment = _text(record, "comment") or _text(record, "comments")
    return clean_text(comment[:MAX_COMMENT_CHARACTERS])


def _published_in(record: Mapping[str, Any]) -> str:
    journal = _text(record, "journal-ref") or _text(record, "journal_ref")
    return clean_text(journal[:MAX_COMMENT_CHARACTERS])


def _doi(record: Mapping[str, Any]) -> str:
    """The first DOI named; arXiv's snapshot separates several by spaces."""
    named = _DOI.search(_text(record, "doi")[:MAX_COMMENT_CHARACTERS])
    return printable(named[0]) if named else ""


def _text(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    return value if isinstance(value, str) else ""


def _authors(record: Mapping[str, Any]) -> tuple[str, ...]:
    parsed, authors = record.get("authors_parsed"), record.get("authors")
    if isinstance(parsed, list) and parsed:
        names = [_full_name(parts) for parts in parsed if isinstance(parts, list)]
    elif isinstance(authors, str):
        names = _BETWEEN_NAMES.split(_PARENTHESES.sub("", authors))
    else:
        names = _strings(authors)
    return tuple(name for name in map(_name, names) if name)


def _full_name(parts: list[Any]) -> str:
    """arXiv parses a name into last name, first names, suffix, and then affiliations."""
    last, first, suffix = (*_strings(parts), "", "", "")[:3]
    return " ".join((first, last, suffix))


def _categories(record: Mapping[str, Any]) -> tuple[str, ...]:
    named = record.get("categories")
    categories = named.split() if isinstance(named, str) else _strings(named)
    primary = _text(record, "primary_category")
    return tuple(dict.fromkeys(_name(each) for each in (primary, *categories) if each.strip()))


def _name(text: str) -> str:
    return clean_text(text[:MAX_NAME_CHARACTERS])


def _strings(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _history(record: Mapping[str, Any]) -> tuple[str, str, int]:
    """(date of the first version, of the last, their number): empty and 0 where unknown."""
    versions = record.get("versions")
    if not isinstance(versions, list) or not versions:
        return _day(record.get("published")), _day(record.get("updated")), 0
    first, last = (
        {} if not isinstance(each, dict) else each for each in (versions[0], versions[-1])
    )
    number = re.fullmatch(r"v([1-9]\d?)", _text(last, "version"))
    return (
        _day(first.get("created")),
        _day(last.get("created")) or _day(record.get("update_date")),
        int(number.group(1)) if number else len(versions),
    )


def _day(value: object) -> str:
    """The ISO date of an ISO or an e-mail time stamp, empty where it is neither."""
    if not isinstance(value, str):
        return ""
    with suppress(ValueError):
        return date.fromisoformat(value.strip()[:10]).isoformat()
    with suppress(ValueError, TypeError, IndexError, OverflowError):
        return parsedate_to_datetime(value).date().isoformat()
    return ""
