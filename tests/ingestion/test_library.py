"""The library: what it has, what it takes in, which PDF belongs to a paper; and that looking changes nothing."""

from dataclasses import replace
from pathlib import Path

import pytest

from ingestion.embedding import HashingEmbedder
from ingestion.errors import ArxivError, DocumentError
from ingestion.library import Library
from ingestion.paper import parse_arxiv_id
from ingestion.store.collection import Store
from tests.fake_arxiv import FakeArxiv, pdf_of
from tests.ingestion.conftest import Parts
from tests.papers import LIGHTHOUSE, PONDS, SOURDOUGH


def put_pdf(library: Library, name: str, said: str = "The tide rises at noon.") -> Path:
    file = library.settings.assets / f"{name}.pdf"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(pdf_of([PONDS.title, said]))
    return file


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_looking_at_no_library_makes_none(parts: Parts) -> None:
    class Untouchable(HashingEmbedder):
        @property
        def dim(self) -> int:
            raise AssertionError("the weights would be downloaded")

    assert Library(parts, Untouchable()).look() is None
    assert not parts.home.exists()


def test_looking_finds_the_library_as_it_is(
    library: Path, store: Store, embedder: HashingEmbedder, parts: Parts
) -> None:
    before = files_in(library)
    looked = Library(parts, embedder).look()
    assert looked is not None
    assert looked.count() == 0  # no starter papers
    assert files_in(library).keys() == before.keys()
    assert not (library / "ingests.jsonl").exists()


@pytest.mark.long
def test_opening_adds_the_starter_papers_once(
    library: Path, store: Store, embedder: HashingEmbedder, parts: Parts
) -> None:
    first = Library(parts, embedder)
    count = first.store.count()
    assert count >= 150
    first.delete("1706.03762")
    assert Library(parts, embedder).store.count() == count - 1


def test_a_paper_of_the_library_costs_no_request(filled: Library, arxiv: FakeArxiv) -> None:
    asked = filled.arxiv(5)
    assert filled.by_id(parse_arxiv_id(PONDS.arxiv_id), asked) == filled.get([PONDS.arxiv_id]).get(
        PONDS.arxiv_id
    )
    found = filled.by_title("Tide tables for garden ponds", asked)
    assert found is not None
    assert found.arxiv_id == PONDS.arxiv_id
    assert arxiv.requests == []


def test_a_paper_of_arxiv_is_kept(empty: Library) -> None:
    asked = empty.arxiv(5)
    by_id = empty.by_id(parse_arxiv_id(PONDS.arxiv_id), asked)
    by_title = empty.by_title(LIGHTHOUSE.title, asked)
    assert by_id is not None
    assert by_title is not None
    assert set(empty.get([PONDS.arxiv_id, LIGHTHOUSE.arxiv_id])) == {
        by_id.arxiv_id,
        by_title.arxiv_id,
    }


def test_without_arxiv_only_what_is_at_hand_is_found(empty: Library) -> None:
    wanted = parse_arxiv_id(PONDS.arxiv_id)
    assert empty.by_id(wanted) is None
    assert empty.by_title(PONDS.title) is None
    put_pdf(empty, PONDS.arxiv_id)
    found = empty.by_id(wanted)
    assert found is not None
    assert (found.arxiv_id, found.year) == (PONDS.arxiv_id, 2027)


def test_what_is_fetched_is_kept_with_its_pdfs(empty: Library) -> None:
    papers, report = empty.fetch("lighthouse", max_papers=3, pdfs=True)
    assert [paper.arxiv_id for paper in papers] == [LIGHTHOUSE.arxiv_id]
    assert report.new == 1
    ((paper, file),) = empty.at_hand()
    assert paper.arxiv_id == LIGHTHOUSE.arxiv_id
    assert file.exists()


def test_a_missing_pdf_is_downloaded_in_the_papers_version(filled: Library) -> None:
    assert filled.full_text(SOURDOUGH) is None
    got = filled.full_text(SOURDOUGH, filled.arxiv(3))
    assert got is not None
    assert got.paper.version == SOURDOUGH.version == 2
    assert got.file.name == "2711.00001v2.pdf"


def test_an_older_version_does_where_arxiv_may_not_be_asked(filled: Library) -> None:
    old = put_pdf(filled, "2711.00001v1")
    got = filled.full_text(SOURDOUGH)
    assert got is not None
    assert (got.file, got.paper.version) == (old, 1)


def test_a_pdf_that_arxiv_lacks_is_an_error(filled: Library, arxiv: FakeArxiv) -> None:
    arxiv.papers.clear()
    with pytest.raises(ArxivError):
        filled.full_text(SOURDOUGH, filled.arxiv(3))


def test_text_and_page_are_of_one_version(filled: Library) -> None:
    """Four versions at hand: what is read and what is drawn is the same file, v10 before v9."""
    files = {v: put_pdf(filled, f"{PONDS.arxiv_id}v{v}", f"v{v}") for v in (1, 2, 9, 10)}
    for asked, expected in ((0, 10), (10, 10), (2, 2)):
        read = filled.full_text(replace(PONDS, version=asked))
        assert read is not None
        assert (read.file, read.paper.version) == (files[expected], expected)
        drawn = filled.version_at_hand(PONDS.arxiv_id, read.paper.version)
        assert drawn.file == read.file
    ((paper, file),) = filled.at_hand()
    assert (paper.version, file) == (10, files[10])


def test_a_version_that_is_gone_is_not_drawn_from_another(filled: Library) -> None:
    put_pdf(filled, f"{PONDS.arxiv_id}v9")
    with pytest.raises(DocumentError, match="v2 is not at hand"):
        filled.version_at_hand(PONDS.arxiv_id, 2)


def test_a_paper_goes_with_all_its_pdfs(filled: Library) -> None:
    for version in (1, 9, 10):
        put_pdf(filled, f"{PONDS.arxiv_id}v{version}")
    assert filled.delete(PONDS.arxiv_id)
    assert filled.at_hand() == []
    assert filled.get([PONDS.arxiv_id]) == {}
    assert not filled.delete(PONDS.arxiv_id)


def test_a_pdf_without_a_record_is_at_hand_by_its_id(empty: Library) -> None:
    put_pdf(empty, "2711.00099v3")
    ((paper, _),) = empty.at_hand()
    assert (paper.arxiv_id, paper.version, paper.origin) == ("2711.00099", 3, "pdf")
