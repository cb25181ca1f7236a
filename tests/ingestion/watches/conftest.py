"""A library, a book of watches, and a server that plays arXiv's OAI-PMH."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from ingestion.library import Library
from ingestion.watches.book import WatchBook
from ingestion.watches.running import Run, run_watches
from tests.fake_arxiv import FakePaper
from tests.ingestion.conftest import Parts
from tests.played_catalogues import FakeOai, OaiRecord

FIRST_DAY = date(2027, 11, 1)


def paper(number: int, topic: str, day: str = "2027-11-04", category: str = "cs.LG") -> FakePaper:
    """An invented paper on a topic; the words of its topic stand in its abstract."""
    text = (
        f"We study {topic} and find {topic} to be of use in the year of the measurement {number}. "
    )
    return FakePaper(
        f"2711.1{number:04}", f"{topic} {number}", text * 2, day=day, categories=(category,)
    )


@pytest.fixture
def oai() -> Iterator[FakeOai]:
    with FakeOai() as server:
        server.records = [
            OaiRecord(paper(n, topic), "2027-11-04")
            for n, topic in enumerate(
                ["Pond tides", "Hose knots", "Pond tides", "Jar foam", "Pond tides"]
            )
        ]
        yield server


@pytest.fixture
def watched(empty: Library, parts: Parts, oai: FakeOai) -> Library:
    """The empty library, which asks the played OAI-PMH."""
    asked = parts.arxiv.model_copy(update={"oai_url": oai.oai_url, "oai_timeout_s": 2.0})
    return Library(replace(parts, arxiv=asked), empty.embedder)


@pytest.fixture
def book(home: Path) -> WatchBook:
    return WatchBook(home)


def run(book: WatchBook, library: Library) -> Run:
    return run_watches(book, library, library.embedder, threshold=0.5)


def told(*runs: Run) -> list[str]:
    """Titles told, in order."""
    return [item.paper.title for one in runs for digest in one.digests for item in digest.items]
