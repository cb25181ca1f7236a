"""A citation key that was handed out once stays, whatever comes beside it."""

from dataclasses import replace
from pathlib import Path

from ingestion.bibliography import CitationKeys
from tests.ingestion.bibliography.test_bibtex import RAG

TWIN = replace(RAG, arxiv_id="2001.00001")


def test_looking_writes_nothing(tmp_path: Path) -> None:
    keys = CitationKeys(tmp_path / "home")
    assert keys.of([RAG]) == {"2005.11401": "lewis2020retrieval"}
    assert not (tmp_path / "home").exists()


def test_a_kept_key_is_changed_by_neither_a_twin_nor_a_new_title(tmp_path: Path) -> None:
    keys = CitationKeys(tmp_path)
    keys.keep([RAG])
    renamed = replace(RAG, title="Grounded generation", year=2021)
    assert CitationKeys(tmp_path).keep([TWIN, renamed]) == {
        "2005.11401": "lewis2020retrieval",
        "2001.00001": "lewis2020retrievala",
    }
    assert keys.of([TWIN]) == {"2001.00001": "lewis2020retrievala"}


def test_keys_that_papers_came_with_are_theirs_unless_taken_or_unusable(tmp_path: Path) -> None:
    keys = CitationKeys(tmp_path)
    keys.keep([RAG])
    keys.adopt(
        {"2005.11401": "other", "2001.00001": "lewis2020retrieval", "a": "Mine:20", "b": "a b"}
    )
    keys.adopt({"2001.00001": "two,words"})
    assert keys.of([RAG, TWIN, replace(RAG, arxiv_id="a")]) == {
        "2005.11401": "lewis2020retrieval",
        "2001.00001": "lewis2020retrievala",
        "a": "Mine:20",
    }


def test_a_key_that_two_programs_gave_away_belongs_to_the_first(tmp_path: Path) -> None:
    file = tmp_path / "citation_keys.jsonl"
    file.write_text('{"id": "a", "key": "k"}\n{"id": "b", "key": "k"}\nbroken\n')
    given = CitationKeys(tmp_path).of([replace(RAG, arxiv_id="a"), replace(RAG, arxiv_id="b")])
    assert given == {"a": "k", "b": "lewis2020retrieval"}
