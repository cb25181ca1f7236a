from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from ingestion.errors import ArxivError, SourceError, SourceUnavailable
from ingestion.settings import ArxivSettings
from ingestion.sources.catalogues.oai_pmh import OaiPmh, TokenExpired, set_of
from tests.fake_arxiv import PAPERS
from tests.faulty_server import Answer
from tests.played_catalogues import FakeOai, OaiRecord

FIRST_DAY = date(2027, 11, 1)


@pytest.fixture
def oai() -> Iterator[FakeOai]:
    with FakeOai() as server:
        yield server


@pytest.fixture
def api(oai: FakeOai, tmp_path: Path) -> OaiPmh:
    settings = ArxivSettings(oai_url=oai.oai_url, delay_s=0, oai_timeout_s=2, max_requests=50)
    return OaiPmh(settings, tmp_path, lambda seconds, reason: None)


def test_pages_hold_every_usable_record_with_its_version(api: OaiPmh, oai: FakeOai) -> None:
    oai.records.append(OaiRecord(PAPERS[0], "2027-11-06", deleted=True))
    pages = list(api.pages(FIRST_DAY))
    found = {paper.arxiv_id: paper for page in pages for paper in page.papers}
    assert set(found) == {paper.arxiv_id for paper in PAPERS} - {"2711.00005"}  # withdrawn
    assert sum(page.left_out for page in pages) == 2
    assert len(pages) == 3
    assert (found["2711.00001"].version, found["2711.00001"].published) == (2, "2027-11-03")
    assert {page.answered for page in pages} == {date(2027, 11, 6)}


def test_a_list_goes_on_with_its_token(api: OaiPmh) -> None:
    first = next(api.pages(FIRST_DAY))
    rest = list(api.pages(FIRST_DAY, token=first.token))
    assert not {p.arxiv_id for p in first.papers} & {p.arxiv_id for q in rest for p in q.papers}
    assert len(rest) == 2


def test_a_token_that_is_gone_is_told_apart(api: OaiPmh, oai: FakeOai) -> None:
    oai.forgets = True
    with pytest.raises(TokenExpired):
        next(api.pages(FIRST_DAY, token="2027-11-01||2"))


def test_categories_are_asked_for_as_sets(api: OaiPmh, oai: FakeOai) -> None:
    found = [p.arxiv_id for page in api.pages(FIRST_DAY, "physics.optics") for p in page.papers]
    assert found == ["2711.00002"]
    assert "set=physics%3Aphysics%3Aoptics" in oai.requests[0][1]
    assert next(api.pages(FIRST_DAY, "cs.CC")).papers == []


@pytest.mark.parametrize(
    ("category", "set_"),
    [
        ("cs.LG", "cs:cs:LG"),
        ("cs", "cs:cs"),
        ("hep-ex", "physics:hep-ex"),
        ("astro-ph.GA", "physics:astro-ph:GA"),
        ("physics.optics", "physics:physics:optics"),
    ],
)
def test_sets_are_named_as_arxiv_names_them(category: str, set_: str) -> None:
    assert set_of(category) == set_


def test_a_text_that_is_no_category_asks_nothing(api: OaiPmh, oai: FakeOai) -> None:
    with pytest.raises(ArxivError, match="not an arXiv category"):
        next(api.pages(FIRST_DAY, "cs.LG&verb=Identify"))
    assert oai.requests == []


def test_entities_and_files_are_not_followed(
    api: OaiPmh, oai: FakeOai, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = (
        b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd"><!ENTITY a "aaaaaaaaaa">]>'
        b'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>&f;&a;</responseDate>'
        b'<error code="badArgument">&f;</error></OAI-PMH>'
    )
    monkeypatch.setattr(oai, "answer", lambda path, fault: Answer(body, "text/xml"))
    with pytest.raises(SourceError) as error:
        next(api.pages(FIRST_DAY))
    assert "root:" not in str(error.value)


@pytest.mark.slow
def test_recorded_answers_of_arxiv_become_papers(
    api: OaiPmh, oai: FakeOai, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in sorted((shared_data / "arxiv-api" / "oai-arxiv").glob("*.xml")):
        answer = Answer(file.read_bytes(), "text/xml")
        monkeypatch.setattr(oai, "answer", lambda path, fault, answer=answer: answer)
        page = next(api.pages(FIRST_DAY))
        assert page.papers or page.left_out, file.name
        assert page.left_out == 0, file.name
        assert all(p.title and p.authors and p.categories and p.published for p in page.papers)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("badArgument", SourceError),
        ("badResumptionToken", TokenExpired),
        ("undefinedError", SourceError),
        ("ListRecordsBroken", SourceUnavailable),
    ],
)
def test_recorded_errors_of_the_protocol(
    api: OaiPmh,
    oai: FakeOai,
    shared_data: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    error: type[SourceError],
) -> None:
    body = (shared_data / "arxiv-api" / "oai-protocol" / f"{name}.xml").read_bytes()
    monkeypatch.setattr(oai, "answer", lambda path, fault: Answer(body, "text/xml"))
    with pytest.raises(error):
        next(api.pages(FIRST_DAY))
