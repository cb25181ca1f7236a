r"""References that stand beside the text: BibTeX's and biber's `.bbl`, and the entries of a `.bib` that are cited."""

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping

from ingestion.document.blocks import Reference
from ingestion.document.latex.macros import closing
from ingestion.document.references import arxiv_id_in, doi_in

MAX_BIB_CHARACTERS = 20_000_000
"""Of all `.bib` files; the ACL Anthology in one file has about 60 MB and is not read."""

_ENTRY = re.compile(r"@(\w+)\s*[{(]\s*([^\s,{}()]+)\s*,")
_FIELD = re.compile(r"([A-Za-z][\w-]*)\s*=\s*")
_BARE = re.compile(r"[^,\n}]+")
_BIBER_ENTRY = re.compile(r"\\entry\{([^{}]+)\}\{(\w+)\}.*?\\endentry", re.DOTALL)
_BIBER_FIELD = re.compile(r"\\(?:field|strng|verb|list)\{(\w+)\}(?:\{\d+\})?\s*\{")
_BIBER_VERB = re.compile(r"\\verb\{(\w+)\}\s*\\verb\s+([^\n]*)")
_BIBER_NAMES = re.compile(r"\\name\{author\}")
_BIBER_PART = re.compile(r"(family|given)=\{((?:[^{}]|\{[^{}]*\})*)\}")
_VENUES = (
    "journal",
    "journaltitle",
    "booktitle",
    "howpublished",
    "publisher",
    "school",
    "institution",
    "note",
)


def bbl_of(files: Mapping[str, str], main: str) -> str:
    """The `.bbl` of a paper: named as its main file, else the only one; empty where there is none."""
    names = [name for name in files if name.lower().endswith(".bbl")]
    stem = posixpath.splitext(main)[0]
    own = [name for name in names if posixpath.splitext(name)[0] == stem] or names
    return files[own[0]] if len(own) == 1 or stem + ".bbl" in own else ""


def biber_fields(bbl: str) -> dict[str, dict[str, str]]:
    """Entries of biber's `.bbl`: key to fields, as a `.bib` has them."""
    found = {}
    for match in _BIBER_ENTRY.finditer(bbl):
        entry = match[0]
        fields = {"type": match[2]} | dict(_BIBER_VERB.findall(entry))
        for field in _BIBER_FIELD.finditer(entry):
            end = closing(entry, field.end() - 1, "{", "}")
            fields.setdefault(field[1], entry[field.end() : end] if end > 0 else "")
        names = _BIBER_NAMES.search(entry)
        if names:
            fields["author"] = _biber_authors(entry[names.end() :])
        found[match[1]] = fields
    return found


def _biber_authors(text: str) -> str:
    body = re.split(r"\\(?:name|list|field|strng)\{", text, maxsplit=1)[0]
    names: list[dict[str, str]] = []
    for part, value in _BIBER_PART.findall(body):
        if part == "family":
            names.append({})
        if names:
            names[-1].setdefault(part, value)
    return " and ".join(f"{n.get('family', '')}, {n.get('given', '')}".rstrip(", ") for n in names)


def bib_fields(texts: Iterable[str], keys: Iterable[str]) -> dict[str, dict[str, str]]:
    """The entries of `.bib` files that are cited: key to fields with their LaTeX as typed."""
    wanted, found, read = set(keys), dict[str, dict[str, str]](), 0
    for text in texts:
        read += len(text)
        if read > MAX_BIB_CHARACTERS:
            break
        for match in _ENTRY.finditer(text):
            if match[2] in wanted and match[2] not in found:
                found[match[2]] = {"type": match[1].lower()} | _fields(text, match)
    return found


def _fields(text: str, entry: re.Match[str]) -> dict[str, str]:
    end = closing(text, text.index("{", entry.start()), "{", "}") if "{" in entry[0] else -1
    body = text[entry.end() : end if end > 0 else entry.end() + 5_000]
    fields: dict[str, str] = {}
    place = 0
    while found := _FIELD.search(body, place):
        value, place = _value(body, found.end())
        fields.setdefault(found[1].lower(), " ".join(value.split()))
    return fields


def _value(body: str, place: int) -> tuple[str, int]:
    """A field's value in braces, in quotes or bare, and where it ends."""
    if body[place : place + 1] == "{":
        end = closing(body, place, "{", "}")
        return (body[place + 1 : end], end + 1) if end > 0 else (body[place + 1 :], len(body))
    if body[place : place + 1] == '"':
        end = body.find('"', place + 1)
        return (body[place + 1 : end], end + 1) if end > 0 else (body[place + 1 :], len(body))
    bare = _BARE.match(body, place)
    return (bare[0].strip(), bare.end()) if bare else ("", place + 1)


def reference_of_fields(
    key: str, fields: Mapping[str, str], text_of: Callable[[str], str]
) -> tuple[Reference, str]:
    """What an entry names, and the entry as a bibliography prints it.

    Args:
        key: By which the text cites it.
        fields: Of the entry, LaTeX as typed.
        text_of: Reads LaTeX as text.
    """
    authors = tuple(
        _author(text_of(name)) for name in re.split(r"\s+and\s+", fields.get("author", "")) if name
    )
    title = text_of(fields.get("title", "")).rstrip(".")
    venue = text_of(next((fields[name] for name in _VENUES if fields.get(name)), ""))
    year = re.search(r"\d{4}", fields.get("year") or fields.get("date") or "")
    eprint = fields.get("eprint", "")
    everything = " ".join(fields.values())
    arxiv_id = arxiv_id_in(f"arXiv:{eprint}") if eprint else ""
    reference = Reference(
        key=key,
        title=title,
        authors=authors,
        year=int(year[0]) if year else 0,
        arxiv_id=arxiv_id or arxiv_id_in(everything),
        doi=doi_in(fields.get("doi", "")),
        url=fields.get("url", ""),
    )
    printed = [", ".join(authors), title, venue, str(reference.year or "")]
    return reference, ". ".join(part for part in printed if part) + "."


def _author(name: str) -> str:
    last, comma, first = name.partition(",")
    return f"{first.strip()} {last.strip()}".strip() if comma else name.strip()
