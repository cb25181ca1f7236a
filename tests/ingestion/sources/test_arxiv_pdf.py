import errno
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from ingestion.errors import ArxivUnavailable, InvalidArxivId, PaperNotFound, PdfError
from ingestion.settings import ArxivSettings
from ingestion.sources.arxiv_connection import ArxivConnection
from ingestion.sources.arxiv_pdf import fetch_pdf, pdf_path
from tests import fake_arxiv
from tests.fake_arxiv import FakeArxiv, FakePaper


@pytest.fixture
def connection(arxiv: FakeArxiv, tmp_path: Path) -> ArxivConnection:
    settings = ArxivSettings(delay_s=0.05, timeout_s=1, pdf_url=arxiv.pdf_url)
    return ArxivConnection(settings, tmp_path / "cache", lambda seconds, reason: None)


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    return tmp_path / "assets"


def test_a_pdf_is_fetched_once_and_readable(
    connection: ArxivConnection, arxiv: FakeArxiv, assets: Path
) -> None:
    file = fetch_pdf("2711.00001", 2, assets, connection, max_mb=5)
    assert file == assets / "2711.00001v2.pdf"
    assert "Sourdough ripeness" in PdfReader(file).pages[0].extract_text()
    assert fetch_pdf("2711.00001", 2, assets, connection, max_mb=5) == file
    assert [path for _, path in arxiv.requests] == ["/pdf/2711.00001v2"]
    assert list(assets.iterdir()) == [file]


def test_an_old_id_lies_in_the_folder_too(connection: ArxivConnection, assets: Path) -> None:
    assert fetch_pdf("physics/2711004", 3, assets, connection, max_mb=5).parent == assets


def test_a_long_paper_has_pages(
    connection: ArxivConnection, arxiv: FakeArxiv, assets: Path
) -> None:
    arxiv.papers.append(
        FakePaper("2710.00001", "Long", "Many words of (nothing) \\ at all. " * 300)
    )
    assert len(PdfReader(fetch_pdf("2710.00001", 1, assets, connection, max_mb=5)).pages) > 2


@pytest.mark.parametrize("fault", ["429", "503", "reset", "cut"])
def test_a_broken_download_is_tried_again(
    connection: ArxivConnection, arxiv: FakeArxiv, assets: Path, fault: str
) -> None:
    arxiv.faults = [fault]
    assert fetch_pdf("2711.00001", 2, assets, connection, max_mb=5).exists()
    assert len(arxiv.requests) == 2


@pytest.mark.parametrize(
    ("faults", "error", "says"),
    [
        (["html"], PdfError, "not a PDF"),
        (["cut-pdf"], PdfError, "cut off"),
        (["cut"] * 3, ArxivUnavailable, "the answer broke off"),
        (["hang"], ArxivUnavailable, "did not answer"),
    ],
)
@pytest.mark.long
def test_what_is_no_whole_pdf_is_not_kept(
    connection: ArxivConnection,
    arxiv: FakeArxiv,
    assets: Path,
    faults: list[str],
    error: type[Exception],
    says: str,
) -> None:
    arxiv.faults = faults
    with pytest.raises(error, match=says):
        fetch_pdf("2711.00001", 2, assets, connection, max_mb=5)
    assert list(assets.iterdir()) == []


def test_a_pdf_that_arxiv_does_not_have(connection: ArxivConnection, assets: Path) -> None:
    with pytest.raises(PaperNotFound):
        fetch_pdf("2711.00001", 7, assets, connection, max_mb=5)


def test_a_pdf_over_the_limit_stops_early(
    connection: ArxivConnection, assets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fake_arxiv, "pdf_of", lambda paragraphs: b"%PDF-1.4\n" + bytes(3_000_000))
    with pytest.raises(PdfError, match="larger than 1 MB"):
        fetch_pdf("2711.00001", 2, assets, connection, max_mb=1)
    assert list(assets.iterdir()) == []


@pytest.mark.parametrize("arxiv_id", ["../evil", "local/../../etc", "a/../../b", "/etc/passwd", ""])
def test_an_id_cannot_leave_the_folder(arxiv_id: str, assets: Path) -> None:
    with pytest.raises(InvalidArxivId):
        pdf_path(assets, arxiv_id, 1)


@given(st.text() | st.from_regex(r"[a-z./]{0,9}\d{4}[./]\d{4,7}(v\d)?(\.pdf)?"))
def test_any_path_lies_in_the_folder(arxiv_id: str) -> None:
    assets = Path("/assets")
    try:
        file = pdf_path(assets, arxiv_id, 1)
    except InvalidArxivId:
        return
    assert file.parent == assets
    assert file.name.endswith("v1.pdf")


def test_a_local_pdf_has_a_place_but_no_source(connection: ArxivConnection, assets: Path) -> None:
    assert pdf_path(assets, "local/0123456789ab", 0) == assets / "local_0123456789ab.pdf"
    with pytest.raises(InvalidArxivId, match="local PDF"):
        fetch_pdf("local/0123456789ab", 0, assets, connection, max_mb=5)


def test_a_full_disk_is_one_sentence_and_leaves_no_part(
    connection: ArxivConnection, assets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises((PdfError, ArxivUnavailable), match="No space left"):
        fetch_pdf("2711.00001", 2, assets, connection, max_mb=5)
    assert list(assets.iterdir()) == []


def test_a_redirect_to_the_latest_version_is_followed(
    connection: ArxivConnection, arxiv: FakeArxiv, assets: Path
) -> None:
    arxiv.faults = ["redirect /pdf/2711.00001v2"]
    assert fetch_pdf("2711.00001", 0, assets, connection, max_mb=5).exists()
    assert len(arxiv.requests) == 2
