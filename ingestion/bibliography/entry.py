"""An entry of a reference manager becomes a paper, or the reason why it cannot."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from ingestion.bibliography.names import OTHERS, ascii_words
from ingestion.cleaning import MATHS, clean_text
from ingestion.errors import AgentError, InvalidArxivId
from ingestion.paper import ArxivId, Paper, parse_arxiv_id

MAX_CHARACTERS = 20_000
"""Of a field: what is longer than any title or abstract (arXiv's limit is 1,920) is cut."""
_MOST_AUTHORS = 5_000  # the longest author list on arXiv has some 3,000

_DOI = re.compile(r"10\.\d{4,9}/[^\s{}]+")
_ARXIV_DOI = re.compile(r"10\.48550/arxiv\.(.+)", re.IGNORECASE)
_ARXIV = re.compile(
    r"(?:arxiv(?:\.org)?(?:\s*(?:preprint|e-?prints?))?[\s:/]*(?:abs/|pdf/|html/)?(?:arxiv:)?)"
    r"((?:[a-z-]+(?:\.[A-Z]{2})?/\d{7}|\d{4}\.\d{4,5})(?:v\d+)?)",
    re.IGNORECASE,
)
_ONLY_ARXIV = re.compile(r"\s*(?:arxiv|corr)\b.*", re.IGNORECASE)
_YEAR = re.compile(r"\b(?:1[89]|20)\d\d\b")


class UnusableEntry(AgentError):
    """Why an entry is no paper: `what` is one of a few fixed clauses, to count rejects by."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What an entry says, as text without LaTeX or markup, untrusted.

    Args:
        key: Its citation key, empty where it has none.
        title: Empty where it has none.
        authors: Full names, or `Family, Given, Suffix`.
        date: A year, or a date that begins with one.
        month: 1 to 12; 0 where unknown or part of `date`.
        abstract: Empty where it has none.
        doi: As typed.
        venue: Journal or proceedings; `arXiv preprint …` is none.
        places: Where its arXiv id may stand: eprint, address, notes; the surest first.
        categories: arXiv categories.
    """

    key: str
    title: str
    authors: tuple[str, ...] = ()
    date: str = ""
    month: int = 0
    abstract: str = ""
    doi: str = ""
    venue: str = ""
    places: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


def paper_of(entry: Entry) -> Paper:
    """The paper that an entry describes, of origin `import`.

    Raises:
        UnusableEntry: It has no title, or no author and no year and no id, so that nobody could tell it.
    """
    title = plain(entry.title)
    if not title:
        raise UnusableEntry("no title")
    authors = tuple(filter(None, map(_author, entry.authors[:_MOST_AUTHORS])))
    doi, on_arxiv, year = _doi(entry.doi), _arxiv_id(entry), _year(entry)
    if not (authors or year or doi or on_arxiv):
        raise UnusableEntry("neither author nor year nor id")
    return Paper(
        arxiv_id=on_arxiv.id if on_arxiv else local_id(doi, title, authors),
        title=title,
        abstract=plain(entry.abstract),
        authors=authors,
        categories=entry.categories if on_arxiv else (),
        year=year or (on_arxiv.year if on_arxiv else 0),
        month=on_arxiv.month if on_arxiv and not entry.month else entry.month,
        version=(on_arxiv.version or 0) if on_arxiv else 0,
        journal="" if _ONLY_ARXIV.fullmatch(entry.venue) else plain(entry.venue),
        doi="" if _ARXIV_DOI.fullmatch(doi) else doi,
        origin="import",
    )


def plain(text: str) -> str:
    """One line of text: LaTeX resolved, braces that only protect letters gone, formulas as typed."""
    line, end, parts = clean_text(text[:MAX_CHARACTERS]), 0, []
    for formula in MATHS.finditer(line):
        parts += [re.sub(r"[{}]", "", line[end : formula.start()]), formula[0]]
        end = formula.end()
    return " ".join("".join([*parts, re.sub(r"[{}]", "", line[end:])]).split())


def local_id(doi: str, title: str, authors: Sequence[str]) -> str:
    """The id of a paper that arXiv does not have: the same for the same DOI, else for the same title."""
    telling = doi.lower() or " ".join((title.casefold(), *authors[:1]))
    return f"local/{hashlib.sha256(telling.encode()).hexdigest()[:12]}"


def same_work(one: Paper, other: Paper) -> bool:
    """Whether two records are of one paper: title and first author's words agree, years are near."""
    if ascii_words(one.title) != ascii_words(other.title) or not ascii_words(one.title):
        return False
    if one.year and other.year and abs(one.year - other.year) > 3:  # preprint and publication
        return False
    firsts = [set(ascii_words(paper.authors[0])) for paper in (one, other) if paper.authors]
    return len(firsts) < 2 or bool(firsts[0] & firsts[1])


def _author(name: str) -> str:
    """A full name in the order in which it is spoken."""
    name = plain(name)
    if name.casefold() in ("others", "et al.", "et al", OTHERS):
        return OTHERS
    parts = [part.strip() for part in name.split(",")]
    match parts:
        case [family, given]:
            return f"{given} {family}".strip()
        case [family, given, suffix] if len(suffix) <= 4:
            return f"{given} {family} {suffix}".strip()
        case _:
            return name


def _doi(text: str) -> str:
    named = _DOI.search(text.replace("\\_", "_").replace("\\", ""))
    return named[0].rstrip(".,;") if named else ""


def _arxiv_id(entry: Entry) -> ArxivId | None:
    for id_ in _named_ids(entry):
        try:
            return parse_arxiv_id(id_)
        except InvalidArxivId:
            continue
    return None


def _named_ids(entry: Entry) -> Iterator[str]:
    if of_doi := _ARXIV_DOI.fullmatch(_doi(entry.doi)):
        yield of_doi[1]
    for place in (*entry.places, entry.venue):
        yield place
        if named := _ARXIV.search(place[:MAX_CHARACTERS]):
            yield named[1]


def _year(entry: Entry) -> int:
    named = _YEAR.search(entry.date)
    year = int(named[0]) if named else 0
    return year if year <= date.today().year + 1 else 0
