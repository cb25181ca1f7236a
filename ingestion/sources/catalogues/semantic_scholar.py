"""Semantic Scholar: papers of every field, who cites whom, and abstracts where arXiv refuses.

Terms (https://www.semanticscholar.org/product/api/license): name Semantic Scholar where its data is shown;
abstracts stay their publishers'. With a key of one's own, one request a second; without, all users share a
few, and a 429 is common (https://www.semanticscholar.org/product/api).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from ingestion.errors import PaperNotFound
from ingestion.paper import Paper, parse_arxiv_id
from ingestion.settings import CatalogueSettings
from ingestion.sources.catalogues.json_answers import ask_json, entries, part, text
from ingestion.sources.catalogues.record import paper_from
from ingestion.sources.connection import Connection
from ingestion.sources.host import Host

MAX_PAGE = 100
"""Papers asked for at once, the most that the search gives."""

_FIELDS = "title,abstract,authors,year,publicationDate,venue,externalIds"


class SemanticScholar:
    """Semantic Scholar's graph, for one question.

    Args:
        settings: Address, key, delay, time-outs and limits.
        cache_folder: Its answers and its gate.
        on_wait: Told (seconds, reason) before every wait.
    """

    def __init__(
        self, settings: CatalogueSettings, cache_folder: Path, on_wait: Callable[[float, str], None]
    ) -> None:
        self._address = settings.semantic_scholar_url.rstrip("/")
        key = settings.semantic_scholar_key.get_secret_value()
        host = Host(
            "semantic-scholar",
            "Semantic Scholar",
            (settings.semantic_scholar_url,),
            "ARXIV_AGENT_CATALOGUES__SEMANTIC_SCHOLAR_URL",
            headers={"x-api-key": key} if key else {},
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
        """Papers on these words; `category` is a field of study: `Computer Science`. See `Catalogue`."""
        wanted = {"query": keywords, "fields": _FIELDS}
        if since:
            wanted["publicationDateOrYear"] = f"{since.isoformat()}:"
        if category:
            wanted["fieldsOfStudy"] = category
        if newest:  # only the search in bulk sorts, and it knows no offset
            wanted["sort"] = "publicationDate:desc"
            return self._some("paper/search/bulk", wanted, 1, max_results)
        return self._some("paper/search", wanted, max_results // MAX_PAGE + 1, max_results)

    def by_ids(self, ids: Sequence[str]) -> list[Paper]:
        """The papers under these arXiv ids, one request each; unknown ones are left out.

        Raises:
            InvalidArxivId: One of them is no arXiv id; nothing is asked then.
            SourceUnavailable: Semantic Scholar cannot be used now.
        """
        wanted = [parse_arxiv_id(each).id for each in ids]
        found = [self._one(arxiv_id) for arxiv_id in dict.fromkeys(wanted)]
        return [paper for paper in found if paper is not None]

    def citing(self, arxiv_id: str, max_results: int = MAX_PAGE) -> list[Paper]:
        """Papers that cite this one, as far as they have an abstract; none where it is unknown.

        Raises:
            InvalidArxivId: It is no arXiv id.
            SourceUnavailable: Semantic Scholar cannot be used now.
        """
        known = parse_arxiv_id(arxiv_id).id
        wanted = {"fields": _FIELDS, "limit": str(min(max_results, 1000))}
        url = f"{self._address}/paper/ARXIV:{quote(known)}/citations?{urlencode(wanted)}"
        try:
            rows = entries(ask_json(self.connection, url).get("data"))
        except PaperNotFound:
            return []
        return _papers(part(row.get("citingPaper")) for row in rows)[:max_results]

    def _one(self, arxiv_id: str) -> Paper | None:
        url = f"{self._address}/paper/ARXIV:{quote(arxiv_id)}?fields={_FIELDS}"
        try:
            return _paper(ask_json(self.connection, url))
        except PaperNotFound:
            return None

    def _some(self, path: str, wanted: dict[str, str], pages: int, max_results: int) -> list[Paper]:
        found: list[Paper] = []
        for page in range(pages):
            more = (
                {"offset": str(page * MAX_PAGE), "limit": str(MAX_PAGE)}
                if "bulk" not in path
                else {}
            )
            answer = ask_json(
                self.connection, f"{self._address}/{path}?{urlencode({**wanted, **more})}"
            )
            rows = entries(answer.get("data"))
            found += _papers(rows)
            if len(found) >= max_results or len(rows) < MAX_PAGE:
                break
        return found[:max_results]


def _papers(rows: Any) -> list[Paper]:
    return [paper for paper in map(_paper, rows) if paper is not None]


def _paper(row: Mapping[str, Any]) -> Paper | None:
    ids = part(row.get("externalIds"))
    year = row.get("year")
    return paper_from(
        "semantic_scholar",
        _id(ids, text(row.get("paperId"), 60)),
        title=text(row.get("title")),
        abstract=text(row.get("abstract")),
        authors=[text(author.get("name"), 300) for author in entries(row.get("authors"))],
        day=text(row.get("publicationDate"), 10),
        year=year if isinstance(year, int) else 0,
        journal=text(row.get("venue"), 300),
        doi=text(ids.get("DOI"), 200),
    )


def _id(ids: Mapping[str, Any], own: str) -> str:
    """arXiv's id, else the ACL Anthology's, else the DOI, else Semantic Scholar's own."""
    if arxiv := text(ids.get("ArXiv"), 60):
        return arxiv
    for place, name in (("acl", "ACL"), ("doi", "DOI")):
        if known := text(ids.get(name), 110):
            return f"{place}/{known}"
    return f"s2/{own}" if own else ""
