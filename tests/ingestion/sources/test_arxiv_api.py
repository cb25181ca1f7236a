import errno
import json
import socket
import threading
import time
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
import requests
from filelock import FileLock
from pydantic import ValidationError

from ingestion.errors import ArxivError, ArxivUnavailable, InvalidArxivId
from ingestion.paper import Paper
from ingestion.settings import ArxivSettings
from ingestion.sources import connection
from ingestion.sources.arxiv_api import ArxivApi
from ingestion.sources.arxiv_connection import Feed
from tests.fake_arxiv import FakeArxiv, FakePaper


@pytest.fixture
def waits() -> list[tuple[float, str]]:
    return []


@pytest.fixture
def api(arxiv: FakeArxiv, tmp_path: Path, waits: list[tuple[float, str]]) -> ArxivApi:
    return make_api(arxiv, tmp_path, waits)


def make_api(
    arxiv: FakeArxiv, folder: Path, waits: list[tuple[float, str]], **changes: object
) -> ArxivApi:
    values = {"delay_s": 0.05, "timeout_s": 1.0, "api_url": arxiv.api_url, **changes}
    settings = ArxivSettings.model_validate(values)
    return ArxivApi(settings, folder, lambda seconds, reason: waits.append((seconds, reason)))


def ids(papers: Sequence[Paper]) -> list[str]:
    return [paper.arxiv_id for paper in papers]


# What is found.


def test_a_search_gives_cleaned_papers(api: ArxivApi) -> None:
    (paper,) = api.search("pond tides", max_results=5)
    assert (paper.arxiv_id, paper.version, paper.year, paper.month) == ("2711.00003", 1, 2027, 11)
    assert paper.abstract.endswith("the theory of Bézout and Álvarez.")
    assert r"$12\,\mathrm{m}$" in paper.abstract
    assert paper.categories == ("physics.geo-ph", "astro-ph.EP")
    assert paper.authors == ("A. Example", "B. Example")
    assert (paper.published, paper.comment, paper.origin) == ("2027-11-01", "4 pages", "arxiv")


def test_words_that_no_paper_holds_together_are_searched_one_by_one(api: ArxivApi) -> None:
    assert set(ids(api.search("lighthouse hose", max_results=5))) == {
        "2711.00002",
        "physics/2711004",
    }


def test_newest_first_and_limits(api: ArxivApi, arxiv: FakeArxiv) -> None:
    arxiv.papers.append(FakePaper("2601.00001", "Older ponds", "A pond " * 20, day="2026-01-15"))
    arxiv.papers.append(FakePaper("2602.00002", "Old ponds", "A pond " * 20, day="2026-02-15"))
    newest = api.search("pond", max_results=2, newest=True)
    assert ids(newest) == ["2711.00003", "2602.00002"]
    assert ids(api.search("pond", max_results=5, since=date(2026, 2, 1))) == ["2602.00002"]
    assert ids(api.search("", max_results=5, category="physics.optics")) == ["2711.00002"]
    assert len(api.search("", max_results=5, category="physics")) == 3


def test_a_withdrawn_paper_is_left_out(api: ArxivApi) -> None:
    assert api.search("umbrellas", max_results=5) == []


def test_more_results_than_a_page(api: ArxivApi, arxiv: FakeArxiv) -> None:
    arxiv.papers = [FakePaper(f"2710.{n:05}", f"Moss {n}", "About moss. " * 9) for n in range(450)]
    found = api.search("moss", max_results=430)
    assert len(set(ids(found))) == 430
    assert len(arxiv.requests) == 3


@pytest.mark.parametrize(
    "keywords",
    [
        'pond" OR all:"lighthouse',
        "pond) OR (lighthouse",
        "ti:pond AND NOT:x ANDNOT (",
        "pond [ * TO *]",
        "pond&start=7&id_list=2711.00002",
    ],
)
def test_query_syntax_in_keywords_is_data(api: ArxivApi, arxiv: FakeArxiv, keywords: str) -> None:
    api.search(keywords, max_results=5, newest=True)  # the fake refuses what is no valid query
    assert all("start=0" in path and "id_list=2711" not in path for _, path in arxiv.requests)
    assert "2711.00002" not in ids(api.search(keywords, max_results=5, newest=True))


def test_nothing_to_search_for_and_odd_categories_ask_nothing(
    api: ArxivApi, arxiv: FakeArxiv
) -> None:
    with pytest.raises(ArxivError, match="no word"):
        api.search('"and" (or)', max_results=5)
    with pytest.raises(ArxivError, match="not an arXiv category"):
        api.search("pond", max_results=5, category="cs.CL OR cat:cs.LG")
    assert arxiv.requests == []


def test_by_ids_keeps_order_and_leaves_out_what_is_unknown(api: ArxivApi) -> None:
    asked = ["physics/2711004v3", "arXiv:2711.00001", "2711.09999"]
    found = api.by_ids(asked)
    assert [(paper.arxiv_id, paper.version) for paper in found] == [
        ("physics/2711004", 3),
        ("2711.00001", 2),
    ]
    assert api.by_ids([]) == []


def test_an_answer_with_another_id_or_version_than_asked_is_left_out(
    api: ArxivApi, arxiv: FakeArxiv
) -> None:
    arxiv.faults = ["other-id"]
    assert api.by_ids(["2711.00001"]) == []
    assert api.by_ids(["2711.00001v1", "2711.00002"]) == api.by_ids(["2711.00002"])


def test_titles_of_any_length_are_asked_for(api: ArxivApi) -> None:
    assert api.by_title("pond" * 5_000) is None
    assert api.by_title("ponds " * 5_000) is None


def test_a_text_that_is_no_id_asks_nothing(api: ArxivApi, arxiv: FakeArxiv) -> None:
    with pytest.raises(InvalidArxivId):
        api.by_ids(["2711.00001", "../../etc/passwd"])
    assert arxiv.requests == []


def test_by_title(api: ArxivApi) -> None:
    found = api.by_title("lighthouse lenses: measured by Phase-Retrieval")
    assert found is not None
    assert found.arxiv_id == "2711.00002"
    exact = api.by_title("Knots in Garden Hoses")
    assert exact is not None
    assert exact.arxiv_id == "physics/2711004"
    assert api.by_title("Garden") is None
    assert api.by_title("?!") is None


# Politeness.


def test_answers_are_kept_on_disk_and_cost_no_wait(
    api: ArxivApi, arxiv: FakeArxiv, tmp_path: Path, waits: list[tuple[float, str]]
) -> None:
    first = api.search("pond tides", max_results=5)
    again = make_api(arxiv, tmp_path, waits, delay_s=5).search("pond tides", max_results=5)
    assert again == first
    assert len(arxiv.requests) == 1
    assert waits == []
    make_api(arxiv, tmp_path, waits, cache_hours=0).search("pond tides", max_results=5)
    assert len(arxiv.requests) == 2


def test_requests_are_spaced_and_one_at_a_time_across_threads(
    arxiv: FakeArxiv, tmp_path: Path, waits: list[tuple[float, str]]
) -> None:
    apis = [make_api(arxiv, tmp_path, waits, delay_s=0.2) for _ in range(4)]
    threads = [
        threading.Thread(target=api.search, args=(word,), kwargs={"max_results": 1})
        for api, word in zip(apis, ("pond", "hose", "lens", "jar"), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times = [at for at, _ in arxiv.requests]
    assert len(times) == 4
    assert all(later - earlier >= 0.2 for earlier, later in pairwise(times))
    assert arxiv.most_at_once == 1
    assert waits


def test_the_gate_holds_for_the_next_process(
    arxiv: FakeArxiv, tmp_path: Path, waits: list[tuple[float, str]]
) -> None:
    make_api(arxiv, tmp_path, waits, delay_s=0.3).search("pond", max_results=1)
    make_api(arxiv, tmp_path, waits, delay_s=0.3).search("hose", max_results=1)
    (seconds, reason) = waits[-1]
    assert 0 < seconds <= 0.3
    assert reason == "one request every few seconds"


def test_another_process_that_keeps_the_connection(
    arxiv: FakeArxiv, tmp_path: Path, waits: list[tuple[float, str]]
) -> None:
    with (
        FileLock(tmp_path / "arxiv.lock"),
        pytest.raises(ArxivUnavailable, match="Another request to arXiv went on"),
    ):
        make_api(arxiv, tmp_path, waits, max_wait_s=0.2).search("pond", max_results=1)
    assert [reason for _, reason in waits] == ["another request to arXiv is under way"]
    assert arxiv.requests == []


def test_a_clock_set_back_does_not_lock_arxiv_out(
    arxiv: FakeArxiv, api: ArxivApi, tmp_path: Path
) -> None:
    (tmp_path / "arxiv.next.json").write_text(f'{{"at": {time.time() + 9e6}, "reason": "x"}}')
    assert api.search("pond", max_results=1)
    for junk in ("", "[]", "{", '{"at": "soon"}'):
        (tmp_path / "arxiv.next.json").write_text(junk)
        assert api.by_title(f"pond {len(junk)}") is None


def test_the_requests_of_a_question_are_capped(
    arxiv: FakeArxiv, tmp_path: Path, waits: list[tuple[float, str]]
) -> None:
    api = make_api(arxiv, tmp_path, waits, max_requests=2)
    api.search("pond", max_results=1)
    api.search("hose", max_results=1)
    with pytest.raises(ArxivUnavailable, match="used up its 2 requests"):
        api.search("lens", max_results=1)
    assert api.search("pond", max_results=1)  # from disk
    assert len(arxiv.requests) == 2


# Refusals and broken answers.


@pytest.mark.parametrize(
    "fault", ["429", "503", "reset", "cut", "empty-page", "empty-body", "malformed"]
)
@pytest.mark.long
def test_what_may_be_gone_in_a_moment_is_tried_again(
    api: ArxivApi, arxiv: FakeArxiv, waits: list[tuple[float, str]], fault: str
) -> None:
    arxiv.faults = [fault, fault]
    assert ids(api.search("pond tides", max_results=5)) == ["2711.00003"]
    assert len(arxiv.requests) == 3
    assert len(waits) >= 2


@pytest.mark.parametrize("fault", ["429", "429-date"])
@pytest.mark.long
def test_retry_after_is_honoured_and_said(
    api: ArxivApi, arxiv: FakeArxiv, waits: list[tuple[float, str]], fault: str
) -> None:
    arxiv.faults, arxiv.retry_after_s = [fault], 1
    assert api.search("pond tides", max_results=5)
    (first, _), (second, _) = arxiv.requests
    least = 1.0 if fault == "429" else 0.0  # dates know no fractions of a second
    assert least <= second - first < 3
    assert "arXiv answered 429" in [reason for _, reason in waits]


def test_a_long_retry_after_ends_at_once_and_is_remembered(
    api: ArxivApi, arxiv: FakeArxiv, tmp_path: Path, waits: list[tuple[float, str]]
) -> None:
    arxiv.faults, arxiv.retry_after_s = ["429"], 600
    with pytest.raises(ArxivUnavailable, match="pause of 600 s"):
        api.search("pond tides", max_results=5)
    with pytest.raises(ArxivUnavailable, match="arXiv answered 429"):
        make_api(arxiv, tmp_path, waits).search("hose", max_results=5)
    assert len(arxiv.requests) == 1


def test_a_refusal_that_outlasts_every_try(api: ArxivApi, arxiv: FakeArxiv) -> None:
    arxiv.faults = ["503"] * 9
    with pytest.raises(ArxivUnavailable, match="in 3 tries: arXiv answered 503"):
        api.search("pond tides", max_results=5)
    assert len(arxiv.requests) == 3


def test_an_empty_second_page_is_asked_for_again(api: ArxivApi, arxiv: FakeArxiv) -> None:
    arxiv.papers = [FakePaper(f"2710.{n:05}", f"Moss {n}", "About moss. " * 9) for n in range(300)]
    arxiv.faults = ["ok", "empty-page"]
    assert len(api.search("moss", max_results=300)) == 300


def test_a_query_that_arxiv_refuses_is_an_error_with_its_words(
    api: ArxivApi, arxiv: FakeArxiv
) -> None:
    with pytest.raises(ArxivError, match="incorrect id format for abc"):
        api.connection.get(f"{arxiv.api_url}?id_list=abc")
    assert len(arxiv.requests) == 1


def test_something_else_that_answers_is_not_an_empty_result(
    api: ArxivApi, arxiv: FakeArxiv
) -> None:
    arxiv.faults = ["html"]
    with pytest.raises(ArxivUnavailable, match="Something other than arXiv"):
        api.search("pond", max_results=5)


def test_an_entry_that_the_package_cannot_read(api: ArxivApi, arxiv: FakeArxiv) -> None:
    arxiv.faults = ["bad-date"]
    with pytest.raises(ArxivUnavailable, match="could not be read"):
        api.search("pond", max_results=5)


# No network: an answer in seconds.


def test_nobody_listens(arxiv: FakeArxiv, tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}/api/query"
    api = make_api(arxiv, tmp_path, [], api_url=address, delay_s=3, timeout_s=10)
    began = time.monotonic()
    with pytest.raises(ArxivUnavailable, match="cannot be reached"):
        api.search("pond", max_results=5)
    assert time.monotonic() - began < 2


def test_arxiv_accepts_and_never_answers(arxiv: FakeArxiv, tmp_path: Path) -> None:
    arxiv.faults = ["hang"]
    api = make_api(arxiv, tmp_path, [], timeout_s=0.3)
    began = time.monotonic()
    with pytest.raises(ArxivUnavailable, match=r"did not answer within 0\.3 s"):
        api.search("pond", max_results=5)
    assert time.monotonic() - began < 2


def test_a_body_that_drips_forever(
    arxiv: FakeArxiv, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "BODY_TIMEOUTS", 1)
    arxiv.faults = ["drip"]
    api = make_api(arxiv, tmp_path, [], timeout_s=0.3)
    began = time.monotonic()
    with pytest.raises(ArxivUnavailable, match="takes too long"):
        api.search("pond", max_results=5)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("hang_s", [0, 5])
@pytest.mark.long
def test_a_name_that_is_not_found_or_never_looked_up(
    arxiv: FakeArxiv, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hang_s: float
) -> None:
    def look_up(*_: object, **__: object) -> None:
        time.sleep(hang_s)
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    api = make_api(arxiv, tmp_path, [], api_url="http://arxiv.invalid/api/query", timeout_s=0.3)
    began = time.monotonic()
    with pytest.raises(ArxivUnavailable, match=r"arxiv\.invalid"):
        api.search("pond", max_results=5)
    assert time.monotonic() - began < 2


def test_an_address_that_is_none_names_the_setting(arxiv: FakeArxiv, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="api_url"):
        make_api(arxiv, tmp_path, [], api_url="not an address")


def test_the_gate_is_open_again_after_a_failure(api: ArxivApi, arxiv: FakeArxiv) -> None:
    arxiv.faults = ["html"]
    with pytest.raises(ArxivUnavailable):
        api.search("pond", max_results=5)
    assert api.search("pond", max_results=5)


@pytest.mark.slow
def test_recorded_answers_of_the_real_api_become_papers(
    shared_data: Path, api: ArxivApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = 0
    for file in sorted((shared_data / "arxiv-api" / "atom").glob("q_*.json")):
        body = json.loads(file.read_text())["body"].encode()
        monkeypatch.setattr(api.connection, "get", lambda url, headers=None, body=body: Feed(body))
        known += len(papers := api.search("testing", max_results=body.count(b"<entry>")))
        assert all(
            p.title and p.authors and p.categories and p.version and p.published for p in papers
        )
    assert known > 150


def test_the_fake_speaks_atom_to_a_plain_client(arxiv: FakeArxiv) -> None:
    answer = requests.get(
        arxiv.api_url, params={"search_query": "ti:pond"}, timeout=5
    )  # no such word
    assert answer.status_code == 200
    assert "<opensearch:totalResults>0<" in answer.text


# Where a redirect leads.


def test_a_redirect_on_the_same_host_is_a_request_of_its_own_at_the_gate(
    api: ArxivApi, arxiv: FakeArxiv
) -> None:
    arxiv.faults = [f"redirect {arxiv.api_url}?id_list=2711.00001"]
    assert ids(api.by_ids(["2711.00001"])) == ["2711.00001"]
    assert len(arxiv.requests) == 2
    assert arxiv.requests[1][0] - arxiv.requests[0][0] >= 0.045
    assert api.connection.requests_left == api.connection.settings.max_requests - 2


def test_a_redirect_to_another_host_is_not_followed(api: ArxivApi, arxiv: FakeArxiv) -> None:
    with FakeArxiv() as other:
        for target in (other.api_url, other.api_url.replace("127.0.0.1", "localhost"), "file:///"):
            arxiv.faults = [f"redirect {target}"]
            with pytest.raises(ArxivUnavailable, match="another address"):
                api.by_ids(["2711.00001"])
        assert other.requests == []


def test_redirects_without_end_are_few(arxiv: FakeArxiv, tmp_path: Path) -> None:
    api = make_api(arxiv, tmp_path, [], max_requests=20)
    arxiv.faults = [f"redirect {arxiv.api_url}?n={n}" for n in range(40)]
    with pytest.raises(ArxivUnavailable, match="redirect"):
        api.by_ids(["2711.00001"])
    assert len(arxiv.requests) == 4


def test_an_answer_that_the_disk_has_no_room_for_leaves_nothing_behind(
    api: ArxivApi, arxiv: FakeArxiv, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if "answers" not in path.parts:
            return write(path, content)
        write(path, b"")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    assert ids(api.by_ids(["2711.00001"])) == ["2711.00001"]
    assert list((tmp_path / "answers").iterdir()) == []


def test_a_gate_that_cannot_be_kept_is_one_sentence(
    api: ArxivApi, arxiv: FakeArxiv, tmp_path: Path
) -> None:
    (tmp_path / "arxiv.next.json").mkdir()
    with pytest.raises(ArxivUnavailable, match="could not be noted"):
        api.by_ids(["2711.00001"])
