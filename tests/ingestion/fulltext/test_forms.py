"""Which of a paper's files is read."""

from pathlib import Path

import pytest

from ingestion.fulltext.forms import BEST_FIRST, best_file, form_of, paper_in_name, papers_at_hand


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (
        "2711.00001v1.html",
        "2711.00001v2.pdf",
        "2711.00001v2.tar.gz",
        "hep-th_9711200.html.part",
    ):
        (tmp_path / name).touch()
    return tmp_path


def test_the_version_comes_first_and_then_the_form(folder: Path) -> None:
    assert best_file(folder, "2711.00001", 0, BEST_FIRST) == folder / "2711.00001v2.tar.gz"
    assert best_file(folder, "2711.00001", 1, BEST_FIRST) == folder / "2711.00001v1.html"
    assert best_file(folder, "2711.00001", 2, ("pdf",)) == folder / "2711.00001v2.pdf"
    assert best_file(folder, "2711.00001", 2, ("html",)) == folder / "2711.00001v1.html"
    assert best_file(folder, "2711.00002", 0, BEST_FIRST) is None


def test_every_paper_has_one_file_that_is_read(folder: Path) -> None:
    assert papers_at_hand(folder) == {"2711.00001": folder / "2711.00001v2.tar.gz"}


def test_a_name_tells_form_and_paper() -> None:
    assert form_of(Path("a/2711.00001v2.tar.gz")) == "latex"
    assert form_of(Path("notes.docx")) is None
    assert paper_in_name(Path("hep-th_9711200v3.tar.gz")) == ("hep-th/9711200", 3)
