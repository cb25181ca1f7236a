"""Entries of a list of references, as printed or as fields, read for what they name."""

import re
from collections.abc import Sequence

from ingestion.document.blocks import Reference

MAX_ENTRY_CHARACTERS = 4_000
"""Of one entry that is looked into; one with a hundred authors has about 2,000."""
_TITLE_WORDS = 3  # of a title guessed from its place; journals' abbreviations have fewer

_ARXIV = re.compile(
    r"(?:arxiv[:.\s/]*(?:preprint\s*)?(?:arxiv[:\s]*)?(?:org/(?:abs|pdf|html)/)?|\babs/|\bCoRR,?\s*(?:abs/)?)"
    r"(\d{4}\.\d{4,5}|[a-z][a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?",
    re.IGNORECASE,
)
_OLD_ID = re.compile(
    r"\b((?:astro-ph|cond-mat|gr-qc|hep-(?:ex|lat|ph|th)|math(?:-ph)?|nlin|nucl-(?:ex|th)|physics|quant-ph|q-bio|cs)"
    r"(?:\.[A-Z]{2})?/\d{7})\b"
)
_DOI = re.compile(r"\b(10\.\d{4,9}/[^\s,;\"<>{}]+)", re.IGNORECASE)
_URL = re.compile(r"https?://[^\s,;\"<>{}]+")
_YEAR = re.compile(r"(?<![\d./:-])(1[89]\d\d|20\d\d)[a-z]?(?![\d/-])")
_BRACKETED_YEAR = re.compile(r"[(\[](1[89]\d\d|20\d\d)[a-z]?[)\]]")
_ONLY_YEAR = re.compile(r"[(\[]?(?:1[89]|20)\d\d[a-z]?[)\]]?[.,]?")
_QUOTED = re.compile(r"[“\"‘]{1,2}\s*([^“”\"]{8,400}?)[.,?!]?\s*(?:[”\"]|’’|'')")
_INITIALS = re.compile(r"(?:[^\W\d_a-z]\.?[ -]?){1,4}(?:,?\s+(?:Jr|Sr|II|III)\.?)?")
_INITIAL = re.compile(r"\b[^\W\d_a-z]\.")
_SENTENCE_END = re.compile(r"(?<=[^\W\d_A-Z]|[\d)\]”’])[.?!]\s+(?=[“\"(\[]?[^\W_])")
_VENUE = re.compile(
    r"^(?:in\b|arxiv\b|corr\b|proceedings\b|journal\b|advances in\b|ieee\b|acm\b|springer\b|https?:)",
    re.IGNORECASE,
)


def reference_of(
    parts: Sequence[str], *, key: str = "", label: str = "", links: Sequence[str] = ()
) -> Reference:
    """What a printed entry names, as far as its form tells.

    Args:
        parts: The entry, in the parts its source marks (`\\newblock`, `ltx_bibblock`); one where it marks none.
        key: By which the text cites it.
        label: As printed in front of it.
        links: Addresses behind its words.
    """
    parts = [" ".join(part.split()) for part in parts if part.strip()]
    text = " ".join(parts)[:MAX_ENTRY_CHARACTERS]
    authors, title = _named(parts, text)
    with_links = " ".join([text, *links])
    return Reference(
        key=key,
        label=label.strip(" []"),
        title=title,
        authors=tuple(authors_of(authors)),
        year=year_in(text) or year_in(label),
        arxiv_id=arxiv_id_in(with_links),
        doi=doi_in(with_links),
        url=_first(_URL, with_links).rstrip(".)]"),
    )


def arxiv_id_in(text: str) -> str:
    """The first arXiv id that a text names as one, without version; empty where there is none."""
    return (_first(_ARXIV, text) or _first(_OLD_ID, text)).lower()


def doi_in(text: str) -> str:
    """The first DOI in a text, lower case; empty where there is none."""
    doi = _first(_DOI, text).rstrip(".)]").lower()
    return "" if doi.startswith("10.48550/") else doi


def year_in(text: str) -> int:
    """The year of an entry: the one in brackets, else the last; 0 where there is none."""
    bracketed = _BRACKETED_YEAR.findall(text)
    years = bracketed or _YEAR.findall(_URL.sub(" ", _ARXIV.sub(" ", text)))
    return int(years[-1]) if years else 0


def authors_of(text: str) -> list[str]:
    """Names in the order of a printed list; `Last, F.` becomes `F. Last`."""
    text = re.sub(r"\(\s*(?:1[89]|20)\d\d[a-z]?\s*\)|\bet al\b\.?|\(?\beds?\.\)?", " ", text)
    text = " ".join(re.sub(r",?\s+(?:and|&)\s+|\s*;\s*", ", ", f" {text} ").split())
    names: list[str] = []
    for piece in (
        part.strip(" .,") if "." not in part else part.strip(" ,") for part in text.split(",")
    ):
        if not piece or len(piece) > 60 or any(c.isdigit() for c in piece):
            continue
        if names and _INITIALS.fullmatch(piece) and not _INITIAL.search(names[-1]):
            names[-1] = f"{piece} {names[-1]}"
        else:
            names.append(piece)
    return [name.rstrip(".") if not _INITIAL.search(name[-2:]) else name for name in names]


def _named(parts: Sequence[str], text: str) -> tuple[str, str]:
    """Authors and title as printed."""
    quoted = _QUOTED.search(text)
    if quoted:
        return text[: quoted.start()], _tidy(quoted[1])
    if len(parts) > 1:
        return _by_parts(parts)
    return _by_sentences(text)


def _by_parts(parts: Sequence[str]) -> tuple[str, str]:
    """`\\newblock` stands before the title and before the venue."""
    rest = [part for part in parts[1:] if not _ONLY_YEAR.fullmatch(part)]
    if not rest or _VENUE.match(rest[0]):
        authors, title = _by_sentences(parts[0])
        return authors, title
    return parts[0], _tidy(rest[0])


def _by_sentences(text: str) -> tuple[str, str]:
    """Authors end at the year in brackets or at their sentence's end, the title at its own."""
    year = _BRACKETED_YEAR.search(text)
    if year and 0 < year.start() < len(text) / 2:
        rest = text[year.end() :].lstrip(" .,:")
        return text[: year.start()], _tidy(_SENTENCE_END.split(rest, maxsplit=1)[0])
    pieces = [p for p in _SENTENCE_END.split(text) if not _ONLY_YEAR.fullmatch(p)]
    if len(pieces) < 2 or len(pieces[1].split()) < _TITLE_WORDS or _VENUE.match(pieces[1]):
        return "", ""
    return pieces[0], _tidy(pieces[1])


def _tidy(title: str) -> str:
    return _ARXIV.sub("", title).strip(" .,“”\"'‘’")[:400]


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[found.lastindex or 0] if found else ""
