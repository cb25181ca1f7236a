"""What each place beside arXiv's search finds, and what it leaves out."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from ingestion.errors import InvalidArxivId, SourceError, SourceUnavailable
from ingestion.settings import CatalogueSettings
from ingestion.sources.catalogues.acl_anthology import AclAnthology
from ingestion.sources.catalogues.openalex import OpenAlex
from ingestion.sources.catalogues.openreview import OpenReview
from ingestion.sources.catalogues.semantic_scholar import SemanticScholar
from tests.ingestion.sources.catalogues.asked import Asked
from tests.played_catalogues import (
    FakeAcl,
    FakeOpenAlex,
    FakeOpenReview,
    FakeSemanticScholar,
    as_json,
)


def settings(**values: object) -> CatalogueSettings:
    return CatalogueSettings.model_validate({"delay_s": 0, **values})


def no_wait(seconds: float, reason: str) -> None:
    pass


def test_every_place_gives_cleaned_papers(asked: Asked) -> None:
    since = date(2027, 11, 1) if asked.name == "oai" else None
    (paper,) = asked.open().search("pond tides", max_results=5, since=since)
    assert paper.abstract.startswith("Even a pond has tides.")
    assert "Bézout and Álvarez" in paper.abstract
    assert paper.authors == ("A. Example", "B. Example")
    assert (paper.year, paper.month) == (2027, 11)


def test_words_in_keywords_are_no_syntax(asked: Asked) -> None:
    asked.search("garden&limit=1000#|{}")
    assert all("limit=1000" not in path for _, path in asked.server.requests)


# OpenReview.


@pytest.fixture
def openreview() -> Iterator[FakeOpenReview]:
    with FakeOpenReview() as server:
        yield server


def test_openreview_names_paper_and_venue(openreview: FakeOpenReview, tmp_path: Path) -> None:
    api = OpenReview(settings(openreview_url=openreview.address), tmp_path, no_wait)
    (paper,) = api.search("lighthouse", max_results=3)
    assert (paper.arxiv_id, paper.origin) == ("openreview/271100002", "openreview")
    assert paper.url == "https://openreview.net/forum?id=271100002"
    assert paper.journal == "Pond Conference 2027 poster"
    assert not paper.on_arxiv


def test_openreview_says_when_its_search_is_off(
    openreview: FakeOpenReview, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    off = as_json({"notes": [], "searchUnavailable": True})
    monkeypatch.setattr(openreview, "answer", lambda path, fault: off)
    api = OpenReview(settings(openreview_url=openreview.address), tmp_path, no_wait)
    with pytest.raises(SourceUnavailable, match="switched off"):
        api.search("pond", max_results=3)


# The ACL Anthology.


def test_the_anthology_is_fetched_once_and_ranked_by_its_words(tmp_path: Path) -> None:
    with FakeAcl() as server:
        api = AclAnthology(settings(acl_url=server.acl_url), tmp_path, no_wait)
        ponds = api.search("garden", max_results=5)
        assert [p.title for p in ponds] == [
            "Tide tables for garden ponds",
            "Knots in garden hoses",
        ] or [p.title for p in ponds] == ["Knots in garden hoses", "Tide tables for garden ponds"]
        assert {p.arxiv_id for p in ponds} == {"acl/2027.pond-long.3", "acl/2027.pond-long.4"}
        assert api.search("garden", max_results=5, category="emnlp") == []
        assert len(api.search("garden", max_results=5, category="pond")) == 2
        assert len(server.requests) == 1
        assert ponds[0].url.startswith("https://aclanthology.org/2027.pond-long.")


def test_a_damaged_anthology_is_removed_and_fetched_anew(tmp_path: Path) -> None:
    with FakeAcl() as server:
        api = AclAnthology(settings(acl_url=server.acl_url), tmp_path, no_wait)
        api.search("garden", max_results=5)
        file = tmp_path / "anthology.bib.gz"
        file.write_bytes(file.read_bytes()[:-30])
        with pytest.raises(SourceError, match="damaged"):
            api.search("garden", max_results=5)
        assert len(api.search("garden", max_results=5)) == 2


# Semantic Scholar and OpenAlex.


@pytest.fixture
def scholar() -> Iterator[FakeSemanticScholar]:
    with FakeSemanticScholar() as server:
        server.cited_by = {"2711.00003": ["2711.00001", "physics/2711004"]}
        yield server


def test_semantic_scholar_knows_papers_by_arxiv_id(
    scholar: FakeSemanticScholar, tmp_path: Path
) -> None:
    key = "s3cret"
    api = SemanticScholar(
        settings(semantic_scholar_url=scholar.address, semantic_scholar_key=key), tmp_path, no_wait
    )
    (paper,) = api.by_ids(["arXiv:2711.00003", "2711.99999"])
    assert (paper.arxiv_id, paper.origin, paper.on_arxiv) == (
        "2711.00003",
        "semantic_scholar",
        True,
    )
    assert scholar.headers[0]["x-api-key"] == key
    with pytest.raises(InvalidArxivId):
        api.by_ids(["../../etc/passwd"])


def test_semantic_scholar_knows_who_cites(scholar: FakeSemanticScholar, tmp_path: Path) -> None:
    api = SemanticScholar(settings(semantic_scholar_url=scholar.address), tmp_path, no_wait)
    assert [p.arxiv_id for p in api.citing("2711.00003")] == ["2711.00001", "physics/2711004"]
    assert api.citing("2711.99999") == []


def test_what_semantic_scholar_refuses_is_said_in_its_words(
    scholar: FakeSemanticScholar, tmp_path: Path
) -> None:
    api = SemanticScholar(settings(semantic_scholar_url=scholar.address), tmp_path, no_wait)
    with pytest.raises(SourceError, match="query is empty"):
        api.search("", max_results=3)


def test_openalex_puts_abstracts_in_order_and_hides_its_key(tmp_path: Path) -> None:
    with FakeOpenAlex() as server:
        server.cited_by = {"2711.00003": ["2711.00002"]}
        api = OpenAlex(
            settings(openalex_url=server.address, openalex_key="s3cret"), tmp_path, no_wait
        )
        (paper,) = api.citing("2711.00003")
        assert paper.arxiv_id == "2711.00002"
        assert "from three photographs out of focus by phase retrieval." in paper.abstract
        assert all("api_key=s3cret" in path for _, path in server.requests)
        server.faults = ["html"]
        with pytest.raises(SourceUnavailable) as error:
            api.search("hose", max_results=2)
        assert "s3cret" not in str(error.value)


@pytest.mark.parametrize(
    "row",
    [
        {"title": 3, "abstract": ["x"], "authors": "A", "externalIds": []},
        {"title": "T", "abstract": "short"},
        {"title": "T" * 50, "abstract": "A" * 50, "externalIds": {"DOI": "1" * 500}, "year": "x"},
    ],
)
def test_rows_of_any_shape_are_left_out_or_cleaned(
    scholar: FakeSemanticScholar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: object
) -> None:
    answer = as_json({"data": [row, None, 7]})
    monkeypatch.setattr(scholar, "answer", lambda path, fault: answer)
    api = SemanticScholar(settings(semantic_scholar_url=scholar.address), tmp_path, no_wait)
    assert api.search("pond", max_results=3) == [] or len(str(row)) > 100
