"""One paper brought in by hand."""

from dataclasses import replace
from pathlib import Path

import pytest

from ingestion.adding import add
from ingestion.library import Library
from tests.fake_arxiv import FakeArxiv, pdf_of
from tests.ingestion.conftest import Parts
from tests.papers import PONDS, SOURDOUGH
from tests.played_catalogues import FakeOpenReview, FakeSemanticScholar

PAGE = (
    "Kettles that sing in two voices",
    "Abstract. We tune the whistle of a kettle so that it sings in two voices at once.",
    "1 Introduction",
    "A kettle whistle has one chamber. Our kettle whistle has two chambers of unequal depth.",
)


def pdf(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_bytes(pdf_of(PAGE))
    return path


def test_a_pdf_of_ones_own_gets_an_id_of_its_content(empty: Library, tmp_path: Path) -> None:
    added = add(str(pdf(tmp_path, "kettles.pdf")), empty)
    assert added.paper is not None
    assert added.paper.arxiv_id.startswith("local/")
    assert added.detail == "1 pages"
    again = add(str(pdf(tmp_path, "other name.pdf")), empty)
    assert again.paper == empty.get([added.paper.arxiv_id])[added.paper.arxiv_id]
    assert len(empty.at_hand()) == 1


def test_a_file_named_by_an_id_is_that_version_of_the_paper(
    filled: Library, tmp_path: Path
) -> None:
    added = add(str(pdf(tmp_path, f"{PONDS.arxiv_id}v3.pdf")), filled)
    assert added.paper is not None
    assert added.paper.title == PONDS.title
    ((paper, file),) = filled.at_hand()
    assert (paper.version, file.name) == (3, f"{PONDS.arxiv_id}v3.pdf")


def test_the_authors_abstract_takes_the_place_of_a_starter_summary(
    empty: Library, tmp_path: Path
) -> None:
    empty.keep([replace(PONDS, origin="starter", version=0)], "starter")
    add(str(pdf(tmp_path, f"{PONDS.arxiv_id}.pdf")), empty)
    kept = empty.get([PONDS.arxiv_id])[PONDS.arxiv_id]
    assert kept.origin == "pdf"
    assert kept.abstract.startswith("We tune the whistle")
    assert (kept.title, kept.authors) == (PONDS.title, PONDS.authors)


@pytest.mark.parametrize("given", [PONDS.arxiv_id, f"arXiv:{PONDS.arxiv_id}", PONDS.title])
def test_by_id_or_title_comes_with_the_pdf(empty: Library, given: str) -> None:
    added = add(given, empty)
    assert added.paper is not None
    assert added.paper.arxiv_id == PONDS.arxiv_id
    assert added.detail == "metadata and PDF"


def test_a_paper_without_its_pdf_is_added_all_the_same(empty: Library, arxiv: FakeArxiv) -> None:
    arxiv.faults = ["ok", "503"]
    added = add(SOURDOUGH.arxiv_id, empty)
    assert added.paper is not None
    assert added.detail.startswith("metadata only")


@pytest.mark.parametrize(
    "given",
    [
        "No such paper on earth",
        "x" * 300,
        "y" * 5000 + ".pdf",
        "~nobody/x.pdf",
        "a\0b.pdf",
        "2799.99999",
    ],
)
def test_what_is_no_paper_is_told(empty: Library, given: str) -> None:
    added = add(given, empty)
    assert added.paper is None
    assert added.detail


def test_a_device_is_no_pdf(empty: Library, tmp_path: Path) -> None:
    link = tmp_path / "endless.pdf"
    link.symlink_to("/dev/zero")
    assert "no file" in add(str(link), empty).detail


def test_a_full_disk_leaves_no_half_file(
    empty: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, target: Path) -> None:
        target.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", full)
    added = add(str(pdf(tmp_path, "kettles.pdf")), empty)
    assert "No space left" in added.detail
    assert list(empty.settings.assets.iterdir()) == []


def test_semantic_scholar_stands_in_where_arxiv_refuses(
    empty: Library, arxiv: FakeArxiv, parts: Parts
) -> None:
    with FakeSemanticScholar() as scholar:
        asked = parts.catalogues.model_copy(update={"semantic_scholar_url": scholar.address})
        library = Library(replace(parts, catalogues=asked), empty.embedder)
        arxiv.faults = ["429"]
        added = add("2711.00003", library)
    assert added.paper is not None
    assert added.paper.origin == "semantic_scholar"
    assert "from Semantic Scholar, arXiv does not answer" in added.detail
    assert add("2711.00003", library).detail == "metadata and PDF"  # once it answers again
    assert library.get(["2711.00003"])["2711.00003"].origin == "arxiv"


def test_papers_of_other_places_come_by_fetch(empty: Library, parts: Parts) -> None:
    with FakeOpenReview() as server:
        asked = parts.catalogues.model_copy(update={"openreview_url": server.address})
        library = Library(replace(parts, catalogues=asked), empty.embedder)
        papers, report = library.fetch("lighthouse", source="openreview", pdfs=True)
    assert report.new == 1
    (paper,) = papers
    assert library.get([paper.arxiv_id])[paper.arxiv_id].origin == "openreview"
    assert library.full_text(paper) is None
    assert library.delete(paper.arxiv_id)


@pytest.mark.parametrize(
    ("name", "content", "form"),
    [
        ("2711.00009v2.html", "<article><h1>Ponds</h1><p>A pond has a tide.</p></article>", "HTML"),
        (
            "2711.00009v2.tex",
            r"\title{Ponds}\begin{document}A pond has a tide.\end{document}",
            "LaTeX",
        ),
        ("2711.00009v2.md", "# Ponds\n\nA pond has a tide.", "Markdown"),
        ("2711.00009v2.txt", "Ponds\n\nA pond has a tide.", "text"),
    ],
)
@pytest.mark.long
def test_a_file_in_any_form_is_added_with_its_version(
    empty: Library, tmp_path: Path, name: str, content: str, form: str
) -> None:
    (tmp_path / name).write_text(content)
    added = add(str(tmp_path / name), empty)
    assert added.paper is not None
    assert (added.paper.arxiv_id, added.paper.version, added.paper.title) == (
        "2711.00009",
        2,
        "Ponds",
    )
    assert added.detail.startswith(form)
    assert (empty.settings.assets / name).exists()
