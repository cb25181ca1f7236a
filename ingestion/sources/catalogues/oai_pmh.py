"""arXiv's OAI-PMH: its records in bulk, and day by day what is new or changed.

Terms (https://info.arxiv.org/help/oa/index.html, https://info.arxiv.org/help/api/tou.html): this is the way
arXiv wants its metadata copied, which is CC0; one request every 3 seconds over one connection for all its
services together, so it goes through arXiv's own gate. Records are updated nightly, their datestamps are days,
and a list that was broken off goes on with its resumption token until the next night.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from ingestion.cleaning import clean_text
from ingestion.errors import SourceError
from ingestion.paper import Paper
from ingestion.settings import ArxivSettings
from ingestion.sources.arxiv_api import check_category
from ingestion.sources.arxiv_connection import arxiv_host
from ingestion.sources.connection import Connection, TryAgain
from ingestion.sources.metadata_record import UnusableRecord, paper_of
from ingestion.terms import terms

if TYPE_CHECKING:
    from lxml.etree import _Element

DEFAULT_DAYS = 7
"""How far back a search without a first day looks."""

_FORMAT = "arXivRaw"  # unlike `arXiv` it names the versions
# https://info.arxiv.org/help/oa/index.html, "Set structure": group:archive:category
_ALONE = frozenset({"cs", "econ", "eess", "math", "q-bio", "q-fin", "stat"})
_MAX_TOKEN_CHARACTERS = 2000


class TokenExpired(SourceError):
    """A resumption token that is not known any more: the list has to be asked for anew."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of records.

    Args:
        papers: Usable ones; withdrawn ones and those without an abstract are left out.
        left_out: Number of records that are no usable paper, deleted ones among them.
        answered: Day of the answer, as the server tells it.
        token: Asks for the next page; empty on the last.
    """

    papers: list[Paper]
    left_out: int
    answered: date
    token: str


class OaiPmh:
    """arXiv's records by day of their last change, oldest first.

    Args:
        settings: Address, delay, time-outs and limits of arXiv.
        cache_folder: That of arXiv, whose gate is shared.
        on_wait: Told (seconds, reason) before every wait.
    """

    def __init__(
        self, settings: ArxivSettings, cache_folder: Path, on_wait: Callable[[float, str], None]
    ) -> None:
        # A page of a thousand records takes the server longer than an answer of the API.
        patient = settings.model_copy(update={"timeout_s": settings.oai_timeout_s})
        self.connection = Connection(arxiv_host(settings), patient, cache_folder, on_wait)
        self._address = settings.oai_url

    def pages(self, since: date, category: str = "", token: str = "") -> Iterator[Page]:
        """Pages of the records that changed on that day or later.

        Args:
            since: First day.
            category: `cs.CL`, an archive such as `cs`, or empty for all.
            token: Of an earlier page, to go on after it.

        Raises:
            TokenExpired: The token is not known any more.
            SourceUnavailable: arXiv cannot be used now; pages given before stand.
            SourceError: arXiv refuses the request.
        """
        selection = {"metadataPrefix": _FORMAT, "from": since.isoformat()}
        if category:
            selection["set"] = set_of(category)
        while True:
            page = self._page({"resumptionToken": token} if token else selection)
            yield page
            token = page.token
            if not token:
                return

    def _page(self, wanted: dict[str, str]) -> Page:
        url = f"{self._address}?{urlencode({'verb': 'ListRecords', **wanted})}"
        # The list of a day changes while the day lasts: it is never taken from disk.
        return _page(self.connection.ask(url, lambda body, _: self._check(body, url), cached=False))

    def search(
        self,
        keywords: str,
        *,
        max_results: int,
        newest: bool = False,
        since: date | None = None,
        category: str | None = None,
    ) -> list[Paper]:
        """Papers new or changed since a day whose title or abstract holds all of the words; see `Catalogue`.

        OAI-PMH knows no search: all records since then are read, oldest first.
        """
        wanted = set(terms(keywords))
        found: list[Paper] = []
        for page in self.pages(since or _days_ago(DEFAULT_DAYS), category or ""):
            found += [paper for paper in page.papers if wanted <= set(terms(paper.text))]
            if len(found) >= max_results and not newest:
                break
        if newest:
            found.sort(key=lambda paper: paper.published, reverse=True)
        return found[:max_results]

    def _check(self, body: bytes, url: str) -> None:
        if body.strip() and b"<OAI-PMH" not in body:
            raise self.connection.not_its_answer(url)
        if not body.rstrip().endswith(b"</OAI-PMH>"):
            raise TryAgain("the answer broke off")
        try:
            _root(body)
        except SourceError as error:
            raise TryAgain("the answer is no XML") from error


def set_of(category: str) -> str:
    """The set that holds a category or archive: `cs:cs:LG`, `math:math`, `physics:hep-ex`.

    Raises:
        ArxivError: It cannot be a category.
    """
    archive, _, subject = check_category(category).partition(".")
    group = archive if archive in _ALONE else "physics"
    return ":".join(filter(None, (group, archive, subject)))


def is_in(paper: Paper, category: str) -> bool:
    """Whether a paper lies in a category or archive, also as a second one; all lie in the empty one."""
    return not category or any(
        each == category or each.startswith(f"{category}.") for each in paper.categories
    )


def _days_ago(days: int) -> date:
    return datetime.now(UTC).date() - timedelta(days=days)


def _page(body: bytes) -> Page:
    root = _root(body)
    for error in _all(root, "error"):
        code, said = error.get("code", ""), clean_text((error.text or "")[:200])
        if code == "badResumptionToken":
            raise TokenExpired("arXiv does not know this part of its list any more")
        if code != "noRecordsMatch":
            raise SourceError(f"arXiv refuses the request: {code} {said}".rstrip())
    found = [_paper(record) for record in _all(root, "record")]
    papers = [paper for paper in found if paper is not None]
    token = next((each.text or "" for each in _all(root, "resumptionToken")), "")
    return Page(
        papers, len(found) - len(papers), _answered(root), token.strip()[:_MAX_TOKEN_CHARACTERS]
    )


def _root(body: bytes) -> "_Element":
    """The document, read without entities, network or DTD: it may be anything.

    Raises:
        SourceError: It is no XML.
    """
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise SourceError("arXiv's answer is no XML") from error


def _paper(record: "_Element") -> Paper | None:
    """The paper of a record in the format `arXivRaw` or `arXiv`; None for a deleted or unusable one."""
    # Both formats call their root and their fields so that names suffice, whatever the namespaces.
    fields = {_name(each): (each.text or "") for each in record.iter("*")}
    created = [each for each in _all(record, "version") if each.get("version")]
    values: dict[str, object] = {**fields, "published": fields.get("created", "")}
    if created:
        values["versions"] = [
            {"version": each.get("version"), "created": _first_text(each, "date")}
            for each in created
        ]
    if names := _all(record, "author"):
        parts = ("keyname", "forenames", "suffix")
        values["authors_parsed"] = [[_first_text(each, part) for part in parts] for each in names]
    try:
        return paper_of(values)
    except UnusableRecord:
        return None


def _answered(root: "_Element") -> date:
    try:
        return date.fromisoformat(_first_text(root, "responseDate")[:10])
    except ValueError:
        return datetime.now(UTC).date()


def _all(element: "_Element", name: str) -> "list[_Element]":
    return list(element.iter(f"{{*}}{name}"))


def _first_text(element: "_Element", name: str) -> str:
    return next((each.text or "" for each in _all(element, name)), "").strip()


def _name(element: "_Element") -> str:
    return str(element.tag).rpartition("}")[2]
