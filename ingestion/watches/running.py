"""Looking for what is new on the watched topics, and telling it once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby
from pathlib import Path

from filelock import FileLock, Timeout

from ingestion.embedding import Embedder
from ingestion.errors import AgentError, SourceError
from ingestion.library import Library, OnWait
from ingestion.machine.private_folder import make_private
from ingestion.paper import Paper
from ingestion.sources.catalogues.oai_pmh import OaiPmh, Page, TokenExpired, is_in
from ingestion.watches.book import Noted, OpenList, Told, WatchBook
from ingestion.watches.digest import write_digest
from ingestion.watches.ranking import ranked
from ingestion.watches.watch import Digest, Item, Watch

MAX_REQUESTS = 200
"""Requests of one run; a page holds a thousand records, and arXiv changes two thousand a day."""

HELD_DAYS = 14
"""A paper still counts as new when it was submitted this long before its watch's first day: arXiv announces it
days later, after a hold for moderation weeks later."""

_IN_FEED = 50  # digests, the latest


@dataclass(frozen=True, slots=True)
class Run:
    """What a run brought.

    Args:
        digests: What is new, one a topic that has something.
        notices: What arXiv refused; it is asked for again the next time.
        seen: Records read.
    """

    digests: tuple[Digest, ...]
    notices: tuple[str, ...]
    seen: int


def run_watches(
    book: WatchBook,
    library: Library,
    embedder: Embedder,
    *,
    threshold: float,
    on_wait: OnWait = lambda seconds, reason: None,
    on_page: Callable[[str, int], None] = lambda category, records: None,
) -> Run:
    """Ask arXiv what is new since the last time, take it in, and tell of each topic what is near it.

    A refusal ends one category's list, which the next run goes on with; the others are still asked, and what
    came is told. What a killed run had made a digest of and not delivered is delivered now.

    Args:
        book: What is watched and was told.
        library: Where papers go; its settings name arXiv and the data folder.
        embedder: The model that the library's vectors come from.
        threshold: Least cosine of topic and paper.
        on_wait: Told before every wait.
        on_page: Told (category, records so far) after every page.

    Raises:
        AgentError: Another run is under way, or the book or library cannot be written.
    """
    home = library.settings.home
    with _alone(home):
        oai = _oai(library, on_wait)
        notices, seen = [], 0
        for category, watches in _by_category(book.watches()):
            try:
                for records in _read_list(category, watches, book, library, oai):
                    seen += records
                    on_page(category, seen)
            except SourceError as error:
                notices.append(f"{category or 'arXiv'}: {error}")
        for watch in book.watches():
            _tell(watch, book, library, embedder, threshold)
        told = [_deliver(noted, book, library) for noted in book.digests(delivered=False)]
    return Run(tuple(told), tuple(notices), seen)


def digest_of(noted: Noted, library: Library) -> Digest:
    """A digest with its papers, as far as the library still has them."""
    papers = library.get([told.arxiv_id for told in noted.papers])
    items = (
        Item(papers[told.arxiv_id], told.nearness, told.beside)
        for told in noted.papers
        if told.arxiv_id in papers
    )
    return Digest(noted.number, noted.watch, noted.at, tuple(items))


def _oai(library: Library, on_wait: OnWait) -> OaiPmh:
    settings = library.settings.arxiv.model_copy(update={"max_requests": MAX_REQUESTS})
    return OaiPmh(settings, library.settings.home / "arxiv", on_wait)


def _by_category(watches: list[Watch]) -> Iterator[tuple[str, list[Watch]]]:
    """Watches of one category are served by one list."""
    ordered = sorted(watches, key=lambda watch: watch.category)
    for category, group in groupby(ordered, key=lambda watch: watch.category):
        yield category, list(group)


def _read_list(
    category: str, watches: list[Watch], book: WatchBook, library: Library, oai: OaiPmh
) -> Iterator[int]:
    """Records of each page of a category, once they are kept."""
    reached = book.open_list(category, watches)
    try:
        yield from _read_on(category, watches, reached, book, library, oai)
    except TokenExpired:  # the night is over: the list is begun anew, and what it repeats is known
        yield from _read_on(category, watches, OpenList(reached.since), book, library, oai)


def _read_on(
    category: str,
    watches: list[Watch],
    reached: OpenList,
    book: WatchBook,
    library: Library,
    oai: OaiPmh,
) -> Iterator[int]:
    for page in oai.pages(reached.since, category, reached.token):
        # The library first: a paper that is noted is there to be ranked and told.
        library.keep(page.papers, f"oai: {category or 'all'}")
        reached = replace(reached, begun=reached.begun or page.answered, token=page.token)
        found = [(watch, _new(page, watch)) for watch in watches]
        book.note_page(category, reached, found)
        yield len(page.papers) + page.left_out


def _new(page: Page, watch: Watch) -> list[str]:
    oldest = (watch.first_day - timedelta(days=HELD_DAYS)).isoformat()
    return [
        paper.arxiv_id
        for paper in page.papers
        if is_in(paper, watch.category) and (not paper.published or paper.published >= oldest)
    ]


def _tell(
    watch: Watch, book: WatchBook, library: Library, embedder: Embedder, threshold: float
) -> None:
    """Make a digest of what was found and not told."""
    untold = book.untold(watch)
    if not untold:
        return
    known = library.get(untold)
    papers = [known[arxiv_id] for arxiv_id in untold if arxiv_id in known]
    items = ranked(watch.topic, papers, own_papers(library), library.store, embedder, threshold)
    best = [Told(item.paper.arxiv_id, item.nearness, item.beside) for item in items]
    near = {told.arxiv_id for told in best}
    book.tell(watch, best, [arxiv_id for arxiv_id in untold if arxiv_id not in near])


def own_papers(library: Library) -> list[Paper]:
    """What the reader has: papers of the library whose full text is at hand."""
    ids = [at_hand.paper.arxiv_id for at_hand in library.at_hand()]
    return list(library.get(ids).values())


def _deliver(noted: Noted, book: WatchBook, library: Library) -> Digest:
    """Write a digest's files, which may be done twice, and note that it is done."""
    digest = digest_of(noted, library)
    before = [digest_of(each, library) for each in book.digests(delivered=True, limit=_IN_FEED)]
    write_digest(digest, before, library.settings.home / "digests")
    book.delivered(noted.number)
    return digest


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    make_private(home)
    lock = FileLock(home / "watches.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise AgentError(
            "Another `watch run` is under way", next_step="Wait until it has ended"
        ) from error
    try:
        yield
    finally:
        lock.release()
