"""Pages as images."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from ingestion.errors import PdfError
from ingestion.fulltext.page_image import page_image
from ingestion.settings import PdfSettings
from tests.fake_arxiv import pdf_of


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    path = tmp_path / "kettles.pdf"
    path.write_bytes(pdf_of(["Kettles", "They sing."]))
    return path


def test_a_page_is_drawn_in_the_width_asked_for(pdf: Path) -> None:
    drawn = page_image(pdf, 1, PdfSettings(), width_px=595)
    assert Image.open(BytesIO(drawn.png)).size == (595, 842)
    assert drawn.pages == 1


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
