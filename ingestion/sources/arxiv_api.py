"""Papers from arXiv's API, asked through the arxiv package."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, cast

import arxiv

from ingestion.errors import ArxivError, ArxivUnavailable
from ingestion.paper import Paper, parse_arxiv_id
from ingestion.settings import ArxivSettings
from ingestion.sources.arxiv_connection import ArxivConnection
from ingestion.sources.metadata_record import UnusableRecord, paper_of

MAX_PAGE = 200
"""Entries asked for at once. The API gives 2,000, but large pages often come back empty."""

MAX_WORDS = 10
"""Words of one query; the first ones are taken."""

MIN_TITLE_RATIO = 0.85
"""How alike a found title must be to the one asked for, by difflib's ratio of 0 to 1."""

_MAX_TEXT_CHARACTERS = 2000  # of keywords or a title; arXiv takes titles of 300 or so
_MAX_WORD_CHARACTERS = 60
_WORD = re.compile(r"\w+")
_CATEGORY = re.compile(r"[a-z]+(?:-[a-z]+)?(?:\.[A-Za-z]+(?:-[A-Za-z]+)?)?")
# Words that say nothing of the topic, the API's operators among them.
_STOP_WORDS = frozenset(
    {"a", "an", "and", "andnot", "are", "as", "at", "by", "for", "from", "how", "in", "into", "is"}
    | {"it", "of", "on", "or", "that", "the", "to", "was", "what", "which", "with"}
)


class ArxivApi:
    """arXiv's search, for one question: it may send `settings.max_requests` requests.

    Withdrawn papers and entries without an abstract are left out of every answer.

    Args:
        settings: Address, delay, time-outs and limits.
        cache_folder: Answers and the gate that all threads and processes share.
        on_wait: Told (seconds, reason) before every wait.
    """

    def __init__(
        self, settings: ArxivSettings, cache_folder: Path, on_wait: Callable[[float, str], None]
    ) -> None:
        self.connection = ArxivConnection(settings, cache_folder, on_wait)

    def search(
        self,
        keywords: str,
        *,
        max_results: int,
        newest: bool = False,
        since: date | None = None,
        category: str | None = None,
    ) -> list[Paper]:
        """Papers that hold all of the words; if there are none and `newest` is off, any of them.

        Args:
            keywords: Plain words; quotes, colons, brackets, AND and OR in them are no syntax.
            max_results: 1 or more.
            newest: Sorted by date of submission instead of relevance.
            since: First day of submission.
            category: `cs.CL`, or an archive such as `cs` for all of its categories.

        Raises:
            ArxivUnavailable: arXiv cannot be used now, or the question's requests are used up.
            ArxivError: No word is left to search for, or the category cannot be one.
        """
        words = _words(keywords)
        limits = _limits(since, category)
        if not words and not limits:
            raise ArxivError(f"There is no word to search arXiv for in {keywords[:80]!r}")
        order = arxiv.SortCriterion.SubmittedDate if newest else arxiv.SortCriterion.Relevance
        found: list[Paper] = []
        for operator in (" AND ", " OR "):
            anywhere = operator.join(f'all:"{word}"' for word in words)
            query = " AND ".join([f"({anywhere})"] * bool(words) + limits)
            found = self._papers(arxiv.Search(query, [], max_results, order))
            if found or newest or len(words) < 2:
                break
        return found

    def by_ids(self, ids: Sequence[str]) -> list[Paper]:
        """The papers under these ids, in their order; unknown ones are left out.

        An id with a version gives that version, one without gives the latest. What arXiv sends under
        another id or version than asked is left out.

        Raises:
            InvalidArxivId: One of them is no arXiv id; nothing is asked then.
            ArxivUnavailable: arXiv cannot be used now.
        """
        wanted = list(dict.fromkeys(str(parse_arxiv_id(each)) for each in ids))
        if not wanted:
            return []
        batches = (wanted[i : i + MAX_PAGE] for i in range(0, len(wanted), MAX_PAGE))
        found = [
            paper
            for batch in batches
            for paper in self._papers(arxiv.Search("", batch, len(batch)))
        ]
        asked = [parse_arxiv_id(each) for each in wanted]
        place = {each.id: number for number, each in enumerate(asked)}
        named = {(each.id, each.version) for each in asked}
        answers = (
            paper
            for paper in found
            if named & {(paper.arxiv_id, None), (paper.arxiv_id, paper.version)}
        )
        return sorted(answers, key=lambda paper: place[paper.arxiv_id])

    def by_title(self, title: str) -> Paper | None:
        """The paper whose title is nearly this one, None where arXiv has none.

        Raises:
            ArxivUnavailable: arXiv cannot be used now.
        """
        words = _words(title)
        if not words:
            return None
        query = " AND ".join(f'ti:"{word}"' for word in words)
        found = self._papers(arxiv.Search(query, [], 10))
        best = max(found, key=lambda paper: _likeness(paper.title, title), default=None)
        return best if best and _likeness(best.title, title) >= MIN_TITLE_RATIO else None

    def _papers(self, search: arxiv.Search) -> list[Paper]:
        try:
            return list(_usable(self._client(search.max_results).results(search)))
        except (arxiv.ArxivError, ValueError) as error:
            raise ArxivUnavailable("arXiv's answer could not be read") from error

    def _client(self, max_results: int) -> arxiv.Client:
        # Delay, tries and time-outs are the connection's, which it shares with the PDFs.
        client = arxiv.Client(min(max_results, MAX_PAGE), delay_seconds=0, num_retries=0)
        address = self.connection.settings.api_url.replace("{", "{{").replace("}", "}}")
        client.query_url_format = address + ("&{}" if "?" in address else "?{}")
        client._session = cast(Any, self.connection)
        return client


def check_category(category: str) -> str:
    """The category or archive itself.

    Raises:
        ArxivError: It cannot be one.
    """
    if not _CATEGORY.fullmatch(category):
        raise ArxivError(f"{category[:80]!r} is not an arXiv category", next_step="Write cs.CL")
    return category


def _usable(results: Iterator[arxiv.Result]) -> Iterator[Paper]:
    for result in results:
        try:
            yield paper_of(_record(result))
        except UnusableRecord:  # withdrawn, or without an abstract
            continue


def _record(result: arxiv.Result) -> dict[str, object]:
    return {
        "id": result.get_short_id(),
        "title": result.title,
        "abstract": result.summary,
        "authors": [author.name for author in result.authors],
        "categories": result.categories,
        "primary_category": result.primary_category,
        "published": result.published.isoformat(),
        "updated": result.updated.isoformat(),
        "comment": result.comment,
        "journal_ref": result.journal_ref,
        "doi": result.doi,
    }


def _words(text: str) -> list[str]:
    found = _WORD.findall(text[:_MAX_TEXT_CHARACTERS])
    words = (word[:_MAX_WORD_CHARACTERS] for word in found if word.lower() not in _STOP_WORDS)
    return list(dict.fromkeys(words))[:MAX_WORDS]


def _limits(since: date | None, category: str | None) -> list[str]:
    limits = []
    if since:
        tomorrow = date.today() + timedelta(days=1)
        limits.append(f"submittedDate:[{since:%Y%m%d}0000 TO {tomorrow:%Y%m%d}0000]")
    if category:
        archive = "." not in check_category(category)
        limits.append(f"(cat:{category} OR cat:{category}.*)" if archive else f"cat:{category}")
    return limits


def _likeness(one: str, other: str) -> float:
    one, other = (
        " ".join(_WORD.findall(text[:_MAX_TEXT_CHARACTERS].lower())) for text in (one, other)
    )
    return SequenceMatcher(None, one, other).ratio()
