"""A paper from what a catalogue says of it, cleaned and bounded like arXiv's own records."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import date

from ingestion.cleaning import clean_text, printable
from ingestion.errors import InvalidArxivId
from ingestion.paper import Origin, Paper, parse_arxiv_id
from ingestion.sources import metadata_record as limits

_MAX_AUTHORS = 4000
_MAX_ID_BYTES = 128  # of a primary key of the library


def paper_from(
    origin: Origin,
    id_: str,
    *,
    title: str,
    abstract: str,
    authors: Iterable[object] = (),
    day: str = "",
    year: int = 0,
    journal: str = "",
    doi: str = "",
    categories: Iterable[str] = (),
) -> Paper | None:
    """The paper; None where it has no title, no abstract to speak of, no usable id, or was withdrawn.

    Args:
        origin: The catalogue.
        id_: arXiv's id where it has one, else the catalogue's own behind its name: `acl/N19-1423`.
        title: As the catalogue writes it, untrusted like all that follows.
        abstract: The authors' own.
        authors: Full names.
        day: ISO date of publication, empty where unknown.
        year: Taken where there is no day.
        journal: Where it was published.
        doi: Of the publication.
        categories: arXiv categories, where the catalogue knows them.
    """
    title = clean_text(title[: limits.MAX_TITLE_CHARACTERS])
    abstract = clean_text(abstract[: limits.MAX_ABSTRACT_CHARACTERS])
    identity = _identity(id_)
    if not (title and identity) or len(abstract) < limits.MIN_ABSTRACT_CHARACTERS:
        return None
    if limits.is_withdrawn(abstract, ""):
        return None
    published = _day(day)
    known, in_year, in_month = identity
    return Paper(
        arxiv_id=known,
        title=title,
        abstract=abstract,
        authors=_names(authors),
        categories=tuple(_name(each) for each in categories),
        year=in_year or (published.year if published else year),
        month=in_month or (published.month if published else 0),
        published=published.isoformat() if published else "",
        journal=clean_text(journal[: limits.MAX_COMMENT_CHARACTERS]),
        doi=printable(doi)[: limits.MAX_COMMENT_CHARACTERS],
        origin=origin,
    )


def _identity(id_: str) -> tuple[str, int, int] | None:
    """(id, year, month): arXiv's ids tell both, others neither."""
    if "/" in id_ and not id_.isascii():
        return None
    try:
        known = parse_arxiv_id(id_)
    except InvalidArxivId:
        place, _, rest = id_.partition("/")
        usable = place and rest and id_.isprintable() and len(id_) <= _MAX_ID_BYTES
        return (id_, 0, 0) if usable else None
    return known.id, known.year, known.month


def _names(authors: Iterable[object]) -> tuple[str, ...]:
    texts = [each for each in authors if isinstance(each, str)][:_MAX_AUTHORS]
    return tuple(name for name in map(_name, texts) if name)


def _name(text: str) -> str:
    return clean_text(text[: limits.MAX_NAME_CHARACTERS])


def _day(text: str) -> date | None:
    with suppress(ValueError):
        return date.fromisoformat(text[:10])
    return None
