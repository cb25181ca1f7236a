"""One rule for which PDF a paper has."""

import os
from pathlib import Path

import pytest

from ingestion.errors import PdfError
from ingestion.fulltext.forms import paper_in_name, versions_at_hand
from ingestion.fulltext.pdf_files import (
    pdf_of,
    read_bounded,
)

PAPER = "2005.11401"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for version in ("v1", "v2", "v9", "v10"):
        (tmp_path / f"{PAPER}{version}.pdf").touch()
    return tmp_path


def test_versions_are_ordered_by_number_and_not_by_name(folder: Path) -> None:
    assert list(versions_at_hand(folder, PAPER)) == [10, 9, 2, 1]


@pytest.mark.parametrize(("asked", "given"), [(1, "v1"), (2, "v2"), (9, "v9"), (10, "v10")])
def test_the_version_asked_for_is_given_where_it_is_at_hand(
    folder: Path, asked: int, given: str
) -> None:
    assert pdf_of(folder, PAPER, asked) == folder / f"{PAPER}{given}.pdf"


@pytest.mark.parametrize("asked", [0, 3, 11])
def test_the_newest_is_given_where_the_version_is_not_at_hand(folder: Path, asked: int) -> None:
    assert pdf_of(folder, PAPER, asked) == folder / f"{PAPER}v10.pdf"


def test_a_file_without_version_comes_last(folder: Path) -> None:
    (folder / f"{PAPER}.pdf").touch()
    assert list(versions_at_hand(folder, PAPER)) == [10, 9, 2, 1, 0]
    assert pdf_of(folder, PAPER, 0) == folder / f"{PAPER}v10.pdf"


def test_a_file_without_version_is_better_than_none(tmp_path: Path) -> None:
    (tmp_path / f"{PAPER}.pdf").touch()
    assert pdf_of(tmp_path, PAPER, 2) == tmp_path / f"{PAPER}.pdf"


def test_another_paper_whose_id_begins_alike_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "0801.00123v1.pdf").touch()
    assert pdf_of(tmp_path, "0801.0012", 1) is None


def test_old_ids_and_local_files_have_their_pdfs(tmp_path: Path) -> None:
    for name in ("hep-ph_9901001v2.pdf", "local_0123456789ab.pdf"):
        (tmp_path / name).touch()
    assert pdf_of(tmp_path, "hep-ph/9901001", 0) == tmp_path / "hep-ph_9901001v2.pdf"
    assert pdf_of(tmp_path, "local/0123456789ab", 0) == tmp_path / "local_0123456789ab.pdf"


def test_what_is_no_regular_file_is_not_at_hand(tmp_path: Path) -> None:
    (tmp_path / f"{PAPER}v1.pdf").mkdir()
    os.mkfifo(tmp_path / f"{PAPER}v2.pdf")
    (tmp_path / f"{PAPER}v3.pdf").symlink_to("/dev/zero")
    assert versions_at_hand(tmp_path, PAPER) == {}


@pytest.mark.parametrize("arxiv_id", ["", "*", "../2005.11401", "2005.11401v1"])
def test_a_text_that_is_no_id_has_none(folder: Path, arxiv_id: str) -> None:
    assert pdf_of(folder, arxiv_id, 0) is None


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert versions_at_hand(tmp_path / "absent", PAPER) == {}


def test_a_name_tells_paper_and_version(tmp_path: Path) -> None:
    assert paper_in_name(tmp_path / f"{PAPER}v10.pdf") == (PAPER, 10)
    assert paper_in_name(tmp_path / f"{PAPER}.pdf") == (PAPER, 0)
    assert paper_in_name(tmp_path / "thesis.pdf") == ("thesis", 0)


def test_a_file_is_read_up_to_the_limit_and_not_beyond(tmp_path: Path) -> None:
    file = tmp_path / "a.pdf"
    file.write_bytes(b"0" * 1_000_000)
    assert len(read_bounded(file, 1)) == 1_000_000
    file.write_bytes(b"0" * 1_000_001)
    with pytest.raises(PdfError, match="more than the limit of 1 MB"):
        read_bounded(file, 1)


@pytest.mark.timeout(5)
@pytest.mark.parametrize("target", ["/dev/zero", "/dev/null", "pipe", "/tmp", "/proc/self/mem"])
def test_what_is_no_regular_file_is_refused_unread(tmp_path: Path, target: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    link = tmp_path / "paper.pdf"
    link.symlink_to(tmp_path / target)
    with pytest.raises(PdfError, match=r"paper\.pdf (is no regular file|cannot be opened)"):
        read_bounded(link, 1)


@pytest.mark.timeout(5)
def test_a_file_that_says_it_is_empty_and_never_ends_is_bounded(tmp_path: Path) -> None:
    link = tmp_path / "paper.pdf"
    link.symlink_to("/proc/self/maps")  # a regular file of 0 bytes that gives more
    assert 0 < len(read_bounded(link, 1)) <= 1_000_000


def test_a_name_is_told_without_what_acts_on_a_terminal(tmp_path: Path) -> None:
    with pytest.raises(PdfError) as refused:
        read_bounded(tmp_path / "a\x1b[31mb\u202e.pdf", 1)
    assert str(refused.value).startswith("ab.pdf cannot be opened")
