"""Pages as images."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from ingestion.errors import PdfError
from ingestion.fulltext.page_image import page_image
from ingestion.settings import PdfSettings
from tests.fake_arxiv import pdf_of
from tests.ingestion.small_pdf import write_bomb


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    path = tmp_path / "kettles.pdf"
    path.write_bytes(pdf_of(["Kettles", "They sing."]))
    return path


def test_a_page_is_drawn_in_the_width_asked_for(pdf: Path) -> None:
    drawn = page_image(pdf, 1, PdfSettings(), width_px=595)
    assert Image.open(BytesIO(drawn.png)).size == (595, 842)
    assert drawn.pages == 1
    assert drawn.sizes == ((595.0, 842.0),)


def test_marked_boxes_are_coloured(pdf: Path) -> None:
    drawn = page_image(pdf, 1, PdfSettings(), width_px=595, marked=[(10, 20, 110, 40)])
    image = Image.open(BytesIO(drawn.png))
    assert image.getpixel((60, 30)) != (255, 255, 255)
    assert image.getpixel((300, 800)) == (255, 255, 255)


def test_what_cannot_be_drawn_is_an_error(pdf: Path, tmp_path: Path) -> None:
    with pytest.raises(PdfError, match="Page 2"):
        page_image(pdf, 2, PdfSettings())
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    with pytest.raises(PdfError, match=r"broken\.pdf"):
        page_image(tmp_path / "broken.pdf", 1, PdfSettings())


@pytest.mark.long
def test_a_page_without_end_is_refused_with_its_reason(tmp_path: Path) -> None:
    bomb = write_bomb(tmp_path / "bomb.pdf", megabytes=1500)
    with pytest.raises(
        PdfError, match=r"Page 1 of bomb\.pdf cannot be drawn: it needs more than 1 GB"
    ):
        page_image(bomb, 1, PdfSettings())


@pytest.mark.timeout(5)
def test_what_is_no_regular_file_is_not_drawn(tmp_path: Path) -> None:
    (tmp_path / "zero.pdf").symlink_to("/dev/zero")
    with pytest.raises(PdfError, match=r"zero\.pdf is no regular file"):
        page_image(tmp_path / "zero.pdf", 1, PdfSettings())
