"""The ACL Anthology: papers on language by ACL and its kin, from the one file that it offers of them all.

Terms (https://aclanthology.org/faq/copyright): papers since 2016 are CC BY 4.0, earlier ones CC BY-NC-SA 3.0.
There is no search on the network; the file of all entries with abstracts, some tens of megabytes, is fetched
at most once a week and searched here.
"""

import gzip
import re
import time
import zlib
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from ingestion.errors import SourceError
from ingestion.machine.private_folder import make_private
from ingestion.paper import Paper
from ingestion.settings import CatalogueSettings
from ingestion.sources.catalogues.record import paper_from
from ingestion.sources.connection import Connection
from ingestion.sources.host import Host
from ingestion.terms import terms

MAX_FILE_BYTES = 400 << 20
"""Largest file taken; that of 2026 has some 40 MB."""
MAX_TEXT_BYTES = 2 << 30
"""Most that is unpacked of it; that of 2026 has some 250 MB."""
MAX_AGE_S = 7 * 24 * 3600.0
"""How long the file is used before it is fetched anew."""

_MAX_LINE_BYTES = 1 << 16
_MAX_ENTRY_LINES = 4000
_TITLE_WEIGHT = 2  # as in the library's own keyword search
_FIELD = re.compile(r'^ {4}(\w+) = (?:"(.*?)"|(\w+)),?$', re.MULTILINE | re.DOTALL)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class AclAnthology:
    """The Anthology's file, fetched when needed.

    Args:
        settings: Address, delay, time-outs and limits.
        cache_folder: The file and its gate.
        on_wait: Told (seconds, reason) before every wait.
    """

    def __init__(
        self, settings: CatalogueSettings, cache_folder: Path, on_wait: Callable[[float, str], None]
    ) -> None:
        self._address = settings.acl_url
        self._file = cache_folder / "anthology.bib.gz"
        host = Host(
            "acl", "the ACL Anthology", (settings.acl_url,), "ARXIV_AGENT_CATALOGUES__ACL_URL"
        )
        self.connection = Connection(host, settings, cache_folder, on_wait)

    def search(
        self,
        keywords: str,
        *,
        max_results: int,
        newest: bool = False,
        since: date | None = None,
        category: str | None = None,
    ) -> list[Paper]:
        """Papers whose title or abstract holds all of the words; `category` is a venue: `acl`, `emnlp`."""
        wanted = terms(keywords)
        found = [
            (_weight(paper, wanted), paper)
            for paper in self._papers(wanted)
            if _is_of(paper, category) and (since is None or paper.year >= since.year)
        ]
        best = [(weight, paper) for weight, paper in found if weight]
        best.sort(
            key=lambda each: (0 if newest else each[0], each[1].published or str(each[1].year))
        )
        return [paper for _, paper in reversed(best)][:max_results]

    def _papers(self, wanted: list[str]) -> Iterator[Paper]:
        """Papers that may hold the words."""
        # A stem is nearly always how its words begin; what this lets through is weighed properly.
        beginnings = [stem[: max(3, len(stem) - 2)] for stem in wanted]
        file = self._at_hand()
        try:
            for entry in _entries(file):
                lowered = entry.lower()
                if all(beginning in lowered for beginning in beginnings) and (
                    paper := _paper(entry)
                ):
                    yield paper
        except (OSError, EOFError, zlib.error) as error:
            file.unlink(missing_ok=True)
            raise SourceError(
                "The ACL Anthology's file is damaged", kept="It was removed", next_step="Try again"
            ) from error

    def _at_hand(self) -> Path:
        fresh = self._file.is_file() and time.time() - self._file.stat().st_mtime < MAX_AGE_S
        if not fresh:
            make_private(self._file.parent)
            part = self._file.with_name(self._file.name + ".part")
            try:
                self.connection.download(self._address, lambda pieces: self._write(part, pieces))
                part.replace(self._file)
            finally:
                part.unlink(missing_ok=True)
        return self._file

    def _write(self, part: Path, pieces: Iterator[bytes]) -> None:
        size = 0
        with part.open("wb") as output:
            for piece in pieces:
                size += len(piece)
                if size > MAX_FILE_BYTES:
                    raise SourceError("The ACL Anthology's file is larger than any real one")
                output.write(piece)
        if not _is_gzip(part):
            raise self.connection.not_its_answer(self._address)


def _is_gzip(file: Path) -> bool:
    """Whether a file begins as gzip's files do (RFC 1952)."""
    with file.open("rb") as content:
        return content.read(2) == b"\x1f\x8b"


def _entries(file: Path) -> Iterator[str]:
    """The file's entries as text; over-long lines and entries are cut."""
    lines: list[bytes] = []
    unpacked = 0
    with gzip.open(file) as stream:
        while line := stream.readline(_MAX_LINE_BYTES):
            unpacked += len(line)
            if unpacked > MAX_TEXT_BYTES:
                raise SourceError("The ACL Anthology's file unpacks to more than any real one")
            if line.startswith(b"@"):
                lines = []
            if len(lines) < _MAX_ENTRY_LINES:
                lines.append(line)
            if line.rstrip() == b"}":
                yield b"".join(lines).decode(errors="replace")
                lines = []


def _paper(entry: str) -> Paper | None:
    fields = {name: quoted or plain for name, quoted, plain in _FIELD.findall(entry)}
    id_ = fields.get("url", "").rstrip("/").rpartition("/")[2]
    year = fields.get("year", "")
    month = fields.get("month", "").lower()[:3]
    day = f"{year}-{_MONTHS.index(month) + 1:02}-01" if month in _MONTHS and len(year) == 4 else ""
    return paper_from(
        "acl",
        f"acl/{id_}" if id_ else "",
        title=_plain(fields.get("title", "")),
        abstract=_plain(fields.get("abstract", "")),
        authors=[_name(each) for each in re.split(r"\s+and\s+", fields.get("author", ""))],
        day=day,
        year=int(year) if year.isdecimal() and len(year) == 4 else 0,
        journal=_plain(fields.get("booktitle", "") or fields.get("journal", "")),
        doi=fields.get("doi", ""),
    )


def _plain(text: str) -> str:
    """Text without the braces that keep BibTeX from changing capitals; formulas keep theirs."""
    if "$" in text or "\\" in text:
        return text
    return text.replace("{", "").replace("}", "")


def _name(author: str) -> str:
    last, _, first = author.partition(",")
    return f"{first} {last}".strip()


def _is_of(paper: Paper, venue: str | None) -> bool:
    """Whether the paper is of a venue, by its id: `2024.acl-long.1`, `N19-1423`."""
    if not venue:
        return True
    id_, wanted = paper.arxiv_id.partition("/")[2].lower(), venue.lower()
    return id_.startswith(wanted) or wanted in re.split(r"[.-]", id_)


def _weight(paper: Paper, wanted: list[str]) -> int:
    """How often the words stand in the paper, in the title twice as much; 0 where one is missing."""
    title, abstract = terms(paper.title), terms(paper.abstract)
    counts = [_TITLE_WEIGHT * title.count(term) + abstract.count(term) for term in set(wanted)]
    return sum(counts) if counts and all(counts) else 0
