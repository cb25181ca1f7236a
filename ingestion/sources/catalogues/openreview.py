"""OpenReview: papers under open review at ICLR, NeurIPS, TMLR and others, by its search.

Terms (https://openreview.net/legal/terms): what is public there may be read by programs; papers stay their
authors', under the licence each of them names, so only title, abstract and the way back are kept. No rate is
published: one request a second. Lists of a whole venue ask for a log-in; the search does not.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from ingestion.paper import Paper
from ingestion.settings import CatalogueSettings
from ingestion.sources.catalogues.json_answers import ask_json, entries, part, text
from ingestion.sources.catalogues.record import paper_from
from ingestion.sources.connection import Connection
from ingestion.sources.host import Host

MAX_PAGE = 100
"""Notes asked for at once; the API gives 1,000."""


class OpenReview:
    """OpenReview's search, for one question.

    Args:
        settings: Address, delay, time-outs and limits.
        cache_folder: Its answers and its gate.
        on_wait: Told (seconds, reason) before every wait.
    """

    def __init__(
        self, settings: CatalogueSettings, cache_folder: Path, on_wait: Callable[[float, str], None]
    ) -> None:
        self._address = settings.openreview_url.rstrip("/")
        host = Host(
            "openreview",
            "OpenReview",
            (settings.openreview_url,),
            "ARXIV_AGENT_CATALOGUES__OPENREVIEW_URL",
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
        """Submissions on these words; `category` is a venue: `ICLR.cc/2024/Conference`. See `Catalogue`."""
        found: dict[str, Paper] = {}
        offset = 0
        while len(found) < max_results:
            notes = self._notes(keywords, offset, category)
            papers = [paper for paper in map(_paper, notes) if paper is not None]
            found |= {paper.arxiv_id: paper for paper in papers if _is_since(paper, since)}
            offset += len(notes)
            if len(notes) < MAX_PAGE:
                break
        order = (
            sorted(found.values(), key=lambda p: p.published, reverse=True)
            if newest
            else found.values()
        )
        return list(order)[:max_results]

    def _notes(self, keywords: str, offset: int, venue: str | None) -> list[Mapping[str, Any]]:
        wanted = {
            "term": keywords,
            "type": "terms",
            "content": "all",
            "group": venue or "all",
            "source": "forum",
            "limit": MAX_PAGE,
            "offset": offset,
        }
        answer = ask_json(self.connection, f"{self._address}/notes/search?{urlencode(wanted)}")
        if answer.get("searchUnavailable"):
            raise self.connection.host.unavailable(
                "OpenReview's search is switched off for the moment", next_step="Try later"
            )
        return entries(answer.get("notes"))


def _paper(note: Mapping[str, Any]) -> Paper | None:
    content = part(note.get("content"))
    forum = text(note.get("forum") or note.get("id"), 100)
    made = note.get("pdate") or note.get("cdate")
    return paper_from(
        "openreview",
        f"openreview/{forum}" if forum else "",
        title=text(_value(content, "title")),
        abstract=text(_value(content, "abstract")),
        authors=_value(content, "authors") if isinstance(_value(content, "authors"), list) else (),
        day=_day(made),
        journal=text(_value(content, "venue"), 300),
    )


def _value(content: Mapping[str, Any], name: str) -> Any:
    """A field of a note: version 2 of the API wraps what version 1 gave plainly."""
    value = content.get(name)
    return value.get("value") if isinstance(value, Mapping) else value


def _day(milliseconds: object) -> str:
    if not isinstance(milliseconds, int | float):
        return ""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return ""


def _is_since(paper: Paper, since: date | None) -> bool:
    return since is None or paper.published >= since.isoformat()
