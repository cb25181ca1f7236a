"""A paper's metadata, and arXiv's two forms of id."""

import re
from dataclasses import dataclass
from typing import Literal

from ingestion.errors import InvalidArxivId

# Both forms are described at https://info.arxiv.org/help/arxiv_identifier.html: YYMM.NNNN (2007-04 to
# 2014-12), YYMM.NNNNN (since 2015-01), and archive/YYMMNNN (with or without a subject class) before.
_NEW_ID = re.compile(
    r"(?P<id>(?P<yy>\d{2})(?P<mm>0[1-9]|1[0-2])\.\d{4,5})(?:v(?P<version>[1-9]\d?))?"
)
_OLD_ID = re.compile(
    r"(?P<archive>[a-z]+(?:-[a-z]+)?)(?:\.[A-Z]{2})?/"
    r"(?P<number>(?P<yy>\d{2})(?P<mm>0[1-9]|1[0-2])\d{3})(?:v(?P<version>[1-9]\d?))?"
)
_PREFIX = re.compile(
    r"^(?:arxiv:\s*|https?://(?:[a-z]+\.)?arxiv\.org/(?:abs|pdf|html)/)", re.IGNORECASE
)

Origin = Literal[
    "arxiv", "starter", "pdf", "import", "openreview", "acl", "semantic_scholar", "openalex"
]

_PAGES = {
    "openreview": "https://openreview.net/forum?id=",
    "acl": "https://aclanthology.org/",
    "doi": "https://doi.org/",
    "s2": "https://www.semanticscholar.org/paper/",
    "openalex": "https://openalex.org/",
}
"""Pages of papers that arXiv does not have, by what their ids begin with."""


@dataclass(frozen=True, slots=True)
class ArxivId:
    """An arXiv id with its version apart.

    Args:
        id: `2005.11401` or `hep-ph/9901001`, never with a version.
        version: 1 or more; None where the text named none.
        year: Year of the first version, read from the id, 1991 to 2090.
        month: Month of the first version, 1 to 12.
    """

    id: str
    version: int | None
    year: int
    month: int

    def __str__(self) -> str:
        return self.id if self.version is None else f"{self.id}v{self.version}"


def parse_arxiv_id(text: str) -> ArxivId:
    """Read an id from an id, `arXiv:` reference or arxiv.org address.

    Old ids lose their subject class (`math.GT/0309136` is stored as `math/0309136`), as arXiv itself does.

    Raises:
        InvalidArxivId: The text is none of these.
    """
    bare = _PREFIX.sub("", text.strip()).removesuffix(".pdf")
    match = _NEW_ID.fullmatch(bare) or _OLD_ID.fullmatch(bare)
    if match is None:
        raise InvalidArxivId(
            f"{text[:80]!r} is not an arXiv id",
            next_step="Write it like 2005.11401 or hep-ph/9901001",
        )
    groups = match.groupdict()
    yy = int(groups["yy"])
    return ArxivId(
        id=groups["id"] if "id" in groups else f"{groups['archive']}/{groups['number']}",
        version=int(groups["version"]) if groups["version"] else None,
        # arXiv opened in August 1991, so two digits from 91 on are the last century.
        year=1900 + yy if yy >= 91 else 2000 + yy,
        month=int(groups["mm"]),
    )


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper as the library keeps it.

    Args:
        arxiv_id: Id without version; `local/<12 hex digits>` for a paper that has none: of the SHA-256 of its
            PDF, or of an imported entry's DOI or title; and `openreview/…`, `acl/…`, `doi/…`, `s2/…`, `openalex/…`
            for a paper that only they have.
        title: One line of plain text.
        abstract: One paragraph of plain text; for origin `starter` this project's own summary.
        authors: Full names in order.
        categories: arXiv categories, the primary one first; empty where the source names none.
        year: Year of the first version.
        month: 1 to 12; 0 where unknown.
        version: 1 or more; 0 where unknown.
        published: ISO date of the first version, empty where unknown.
        updated: ISO date of this version, empty where unknown.
        comment: The authors' comment, empty where none.
        keywords: Extracted from title and abstract, best first.
        journal: Where it was published, as its authors wrote it; empty where unknown.
        doi: The publication's DOI, empty where unknown.
        origin: `arxiv` (a real record), `starter` (own summary), `pdf` (read from a local file),
            `import` (an entry of a reference manager), or the other catalogue that the record is from.
    """

    arxiv_id: str
    title: str
    abstract: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    year: int
    month: int = 0
    version: int = 0
    published: str = ""
    updated: str = ""
    comment: str = ""
    keywords: tuple[str, ...] = ()
    journal: str = ""
    doi: str = ""
    origin: Origin = "arxiv"

    @property
    def on_arxiv(self) -> bool:
        """Whether the id is one of arXiv's."""
        return bool(_NEW_ID.fullmatch(self.arxiv_id) or _OLD_ID.fullmatch(self.arxiv_id))

    @property
    def url(self) -> str:
        """The paper's page, on arXiv if it is there; empty for a local PDF."""
        if self.on_arxiv:
            version = f"v{self.version}" if self.version else ""
            return f"https://arxiv.org/abs/{self.arxiv_id}{version}"
        place, _, id_ = self.arxiv_id.partition("/")
        return _PAGES[place] + id_ if place in _PAGES else ""

    @property
    def any_doi(self) -> str:
        """The publication's DOI, else the one that arXiv registers for every paper; empty where neither is."""
        # https://info.arxiv.org/help/doi.html
        return self.doi or (f"10.48550/arXiv.{self.arxiv_id}" if self.on_arxiv else "")

    @property
    def text(self) -> str:
        """Title and abstract, as embedded, searched and quoted."""
        return f"{self.title}\n{self.abstract}"
