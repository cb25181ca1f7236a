"""OpenAlex: papers of every field and who cites whom, free to use for anything.

Terms (https://developers.openalex.org/api-reference/authentication): the data is CC0. A key, which is free,
pays for some thousand searches a day; looking a paper up costs nothing; without a key there are a few requests
a day. Abstracts come as an index of words and are put back in order here.
"""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from ingestion.errors import InvalidArxivId, PaperNotFound
from ingestion.paper import Paper, parse_arxiv_id
from ingestion.settings import CatalogueSettings
from ingestion.sources.catalogues.json_answers import ask_json, entries, part, text
from ingestion.sources.catalogues.record import paper_from
from ingestion.sources.connection import Connection
from ingestion.sources.host import Host

MAX_PAGE = 100
"""Works asked for at once, the most that OpenAlex gives."""

_FIELDS = (
    "id,doi,title,abstract_inverted_index,authorships,publication_date,publication_year,"
    "primary_location,locations"
)
_ARXIV_DOI = "10.48550/arxiv."
_MAX_WORDS = 2000  # of an abstract


class OpenAlex:
    """OpenAlex' works, for one question.

    Args:
        settings: Address, key, delay, time-outs and limits.
        cache_folder: Its answers and its gate.
        on_wait: Told (seconds, reason) before every wait.
    """

    def __init__(
        self, settings: CatalogueSettings, cache_folder: Path, on_wait: Callable[[float, str], None]
    ) -> None:
        self._address = settings.openalex_url.rstrip("/")
        key = settings.openalex_key.get_secret_value()
        host = Host(
            "openalex",
            "OpenAlex",
            (settings.openalex_url,),
            "ARXIV_AGENT_CATALOGUES__OPENALEX_URL",
            secrets={"api_key": key} if key else {},
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
        """Works on these words; `category` is a filter of its own, such as `concepts.id:C41008148`."""
        first_day = f"from_publication_date:{since.isoformat()}" if since else ""
        wanted = {"search": keywords, "filter": ",".join(filter(None, (first_day, category)))}
        if newest:
            wanted["sort"] = "publication_date:desc"
        return self._works(wanted, max_results)

    def citing(self, arxiv_id: str, max_results: int = MAX_PAGE) -> list[Paper]:
        """Works that cite this paper, as far as they have an abstract; none where it is unknown.

        Raises:
            InvalidArxivId: It is no arXiv id.
            SourceUnavailable: OpenAlex cannot be used now.
        """
        doi = quote(f"{_ARXIV_DOI}{parse_arxiv_id(arxiv_id).id}")
        try:
            work = ask_json(self.connection, f"{self._address}/works/doi:{doi}?select=id")
        except PaperNotFound:
            return []
        own = text(work.get("id"), 60).rpartition("/")[2]
        return self._works({"filter": f"cites:{own}"}, max_results) if own else []

    def _works(self, wanted: dict[str, str], max_results: int) -> list[Paper]:
        found: list[Paper] = []
        for page in range(1, max_results // MAX_PAGE + 2):
            query = {**wanted, "select": _FIELDS, "per_page": str(MAX_PAGE), "page": str(page)}
            url = f"{self._address}/works?{urlencode({k: v for k, v in query.items() if v})}"
            rows = entries(ask_json(self.connection, url).get("results"))
            found += [paper for paper in map(_paper, rows) if paper is not None]
            if len(found) >= max_results or len(rows) < MAX_PAGE:
                break
        return found[:max_results]


def _paper(row: Mapping[str, Any]) -> Paper | None:
    year = row.get("publication_year")
    journal = part(part(row.get("primary_location")).get("source")).get("display_name")
    doi = text(row.get("doi"), 200).removeprefix("https://doi.org/")
    return paper_from(
        "openalex",
        _id(row, doi),
        title=text(row.get("title")),
        abstract=_abstract(row.get("abstract_inverted_index")),
        authors=[
            text(part(each.get("author")).get("display_name"), 300)
            for each in entries(row.get("authorships"))
        ],
        day=text(row.get("publication_date"), 10),
        year=year if isinstance(year, int) else 0,
        journal=text(journal, 300),
        doi="" if doi.lower().startswith(_ARXIV_DOI) else doi,
    )


def _id(row: Mapping[str, Any], doi: str) -> str:
    """arXiv's id where one of the work's places is arXiv, else its DOI, else OpenAlex' own."""
    places = [text(each.get("landing_page_url"), 200) for each in entries(row.get("locations"))]
    if doi.lower().startswith(_ARXIV_DOI):
        places.insert(0, doi[len(_ARXIV_DOI) :])
    for place in places:
        try:
            return parse_arxiv_id(place).id
        except InvalidArxivId:
            continue
    own = text(row.get("id"), 60).rpartition("/")[2]
    return f"doi/{doi}" if doi else f"openalex/{own}" if own else ""


def _abstract(index: object) -> str:
    """The text whose words stand at these places."""
    placed = [
        (place, word)
        for word, places in part(index).items()
        for place in (places if isinstance(places, list) else [])
        if isinstance(place, int)
    ]
    return " ".join(word for _, word in sorted(placed)[:_MAX_WORDS])
