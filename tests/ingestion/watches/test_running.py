"""What is new is told once, whatever happens in between."""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from ingestion.errors import AgentError
from ingestion.library import Library
from ingestion.watches.book import WatchBook
from ingestion.watches.digest import write_digest
from tests.ingestion.watches.conftest import FIRST_DAY, paper, run, told
from tests.papers import PONDS
from tests.played_catalogues import FakeOai, OaiRecord

POND_TIDES = {"Pond tides 0", "Pond tides 2", "Pond tides 4"}


def test_what_is_near_the_topic_is_told_and_everything_is_taken_in(
    book: WatchBook, watched: Library, oai: FakeOai
) -> None:
    book.add("pond tides", "cs.LG", FIRST_DAY)
    first = run(book, watched)
    assert set(told(first)) == POND_TIDES
    assert first.seen == 5
    assert watched.store.count() == 5
    assert "set=cs%3Acs%3ALG" in oai.requests[0][1]


def test_the_second_run_tells_nothing_new(book: WatchBook, watched: Library, oai: FakeOai) -> None:
    book.add("pond tides", "cs.LG", FIRST_DAY)
    first, asked = run(book, watched), len(oai.requests)
    second = run(book, watched)
    assert len(told(first)) == 3
    assert second.digests == ()
    assert len(oai.requests) == asked + 1  # asked again, from the day of the first answer
    assert "from=2027-11-06" in oai.requests[-1][1]


@pytest.mark.long
def test_what_comes_later_is_told_alone(book: WatchBook, watched: Library, oai: FakeOai) -> None:
    book.add("pond tides", "cs.LG", FIRST_DAY)
    run(book, watched)
    oai.today = "2027-11-08"
    revised = oai.records[0].paper
    oai.records += [
        OaiRecord(paper(7, "Pond tides", "2027-11-07"), "2027-11-07"),
        OaiRecord(revised, "2027-11-07"),  # revised, not new
        OaiRecord(paper(8, "Pond tides", "2019-01-01"), "2027-11-07"),  # old, and changed now
    ]
    assert told(run(book, watched)) == ["Pond tides 7"]


@pytest.mark.long
def test_topics_share_a_list_and_are_told_apart(
    book: WatchBook, watched: Library, oai: FakeOai
) -> None:
    book.add("pond tides", "cs.LG", FIRST_DAY)
    book.add("hose knots", "cs.LG", FIRST_DAY)
    both = run(book, watched)
    assert [d.watch.topic for d in both.digests] == ["pond tides", "hose knots"]
    assert len(oai.requests) == 3
    book.add("jar foam", "cs.LG", FIRST_DAY)  # its list begins on its own first day
    assert told(run(book, watched)) == ["Jar foam 3"]


@pytest.mark.long
def test_a_refusal_ends_one_list_and_the_next_run_goes_on_there(
    book: WatchBook, watched: Library, oai: FakeOai
) -> None:
    oai.records.append(OaiRecord(paper(9, "Pond tides", category="math.AG"), "2027-11-05"))
    book.add("pond tides", "cs.LG", FIRST_DAY)
    book.add("pond tides", "math.AG", FIRST_DAY)
    oai.faults = ["ok", "503"]  # the second page of cs.LG
    first = run(book, watched)
    assert len(first.notices) == 1
    assert "cs.LG: arXiv could not be used" in first.notices[0]
    assert told(first) == ["Pond tides 0", "Pond tides 9"]
    before = len(oai.requests)
    second = run(book, watched)
    assert set(told(second)) == POND_TIDES - {"Pond tides 0"}
    assert "resumptionToken" in oai.requests[before][1]


def test_a_token_that_is_gone_begins_the_list_anew(
    book: WatchBook, watched: Library, oai: FakeOai
) -> None:
    book.add("pond tides", "cs.LG", FIRST_DAY)
    oai.faults = ["ok", "503"]
    first = run(book, watched)
    oai.forgets, oai.page_size = True, 9
    assert set(told(first, run(book, watched))) == POND_TIDES


def test_two_runs_at_once_are_one(book: WatchBook, watched: Library, home: Path) -> None:
    with (
        FileLock(home / "watches.lock"),
        pytest.raises(AgentError, match="Another `watch run`"),
    ):
        run(book, watched)


def test_the_readers_own_papers_lift_what_is_near_them(
    book: WatchBook, watched: Library, oai: FakeOai
) -> None:
    watched.keep([PONDS], "test")
    watched.settings.assets.mkdir(parents=True)
    (watched.settings.assets / f"{PONDS.arxiv_id}.pdf").write_bytes(b"%PDF-")
    near = replace(paper(6, "Pond tides"), abstract=f"Pond tides. {PONDS.abstract}")
    oai.records = [*oai.records, OaiRecord(near, "2027-11-04")]
    book.add("pond tides", "", FIRST_DAY)
    items = {item.paper.arxiv_id: item for item in run(book, watched).digests[0].items}
    assert items[near.arxiv_id].beside == PONDS.title
    assert list(items)[-1] != near.arxiv_id  # by the topic alone it would be the last


class Killed(BaseException):
    """The process is gone at this very point."""


@pytest.mark.parametrize("after", range(10))
@pytest.mark.long
def test_killed_anywhere_nothing_is_lost_or_told_twice(
    book: WatchBook,
    watched: Library,
    monkeypatch: pytest.MonkeyPatch,
    after: int,
) -> None:
    """Before the first step that changes anything, and after each of the nine."""
    book.add("pond tides", "cs.LG", FIRST_DAY)
    steps = 0

    def killing(step: Callable[..., Any]) -> Callable[..., Any]:
        def run_step(*values: Any, **named: Any) -> Any:
            nonlocal steps
            if after == 0:
                raise Killed
            result = step(*values, **named)
            steps += 1
            if steps == after:
                raise Killed
            return result

        return run_step

    with monkeypatch.context() as patched:
        patched.setattr(Library, "keep", killing(Library.keep))
        for name in ("note_page", "tell", "delivered"):
            patched.setattr(WatchBook, name, killing(getattr(WatchBook, name)))
        patched.setattr("ingestion.watches.running.write_digest", killing(write_digest))
        with pytest.raises(Killed):
            run(book, watched)
    second, third = run(book, watched), run(book, watched)
    files = sorted((watched.settings.home / "digests").glob("*.md"))
    text = "".join(file.read_text() for file in files)
    assert all(text.count(f"## [{title}]") == 1 for title in POND_TIDES)
    assert text.count("## [") == 3
    assert len(told(second)) == (0 if after == 9 else 3)
    assert third.digests == ()


_PROGRAM = """
import sys
from pathlib import Path
from ingestion.embedding import HashingEmbedder
from ingestion.library import Library
from ingestion.settings import ArxivSettings
from ingestion.watches.book import WatchBook
from ingestion.watches.digest import write_digest
from tests.ingestion.conftest import Parts
from tests.ingestion.watches.conftest import run
home = Path(sys.argv[1])
asked = ArxivSettings(oai_url=sys.argv[2], delay_s=0, oai_timeout_s=60)
run(WatchBook(home), Library(Parts(home, asked), HashingEmbedder(512)))
"""


@pytest.mark.long
def test_a_process_killed_in_the_middle_of_a_list(
    book: WatchBook, watched: Library, oai: FakeOai
) -> None:
    book.add("pond tides", "cs.LG", FIRST_DAY)
    oai.faults = ["ok", "hang"]
    home = watched.settings.home
    process = subprocess.Popen([sys.executable, "-c", _PROGRAM, str(home), oai.oai_url])
    while len(oai.requests) < 2 and process.poll() is None:
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert len(oai.requests) == 2
    assert book.untold(book.watches()[0]) == ["2711.10000", "2711.10001"]
    after, again = run(book, watched), run(book, watched)
    assert sorted(told(after)) == sorted(POND_TIDES)
    assert "resumptionToken" in oai.requests[2][1]
    assert again.digests == ()
