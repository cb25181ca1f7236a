"""A page of a PDF as an image with passages marked, drawn in a limited process: the file is untrusted."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ingestion.cleaning import printable
from ingestion.document.blocks import Box
from ingestion.errors import PdfError
from ingestion.fulltext.pdf_files import read_bounded
from ingestion.fulltext.process import Ended, run_on
from ingestion.settings import PdfSettings

_PROGRAM = Path(__file__).with_name("page_renderer.py")


@dataclass(frozen=True, slots=True)
class PageImage:
    """A page as PNG, with what its file says of all pages.

    Args:
        png: The image.
        pages: How many there are.
        sizes: Width and height of the first `pdf.max_pages` in points.
    """

    png: bytes
    pages: int
    sizes: tuple[tuple[float, float], ...]


def page_image(
    pdf: Path,
    page: int,
    settings: PdfSettings,
    *,
    width_px: int = 1000,
    marked: Sequence[Box] = (),
) -> PageImage:
    """Draw one page.

    Args:
        pdf: The file.
        page: From 1.
        settings: Limits on size and time.
        width_px: Width of the image, 100 to 3000 pixels; its height follows.
        marked: Boxes highlighted, points from the left and from the top.

    Raises:
        PdfError: The file cannot be opened, has no such page, or takes too long or too much memory.
    """
    data, name = read_bounded(pdf, settings.max_mb), printable(pdf.name)
    order = {
        "page": page,
        "width_px": min(3000, max(100, width_px)),
        "marked": list(marked),
        "sizes": settings.max_pages,
    }
    try:
        printed = run_on(data, _PROGRAM, [json.dumps(order)], settings.timeout_s)
    except Ended as error:
        raise PdfError(
            f"Page {page} of {name} cannot be drawn: it {error}",
            next_step="Check in a PDF viewer that the file is whole and has this page",
        ) from error
    line, _, png = printed.partition(b"\n")
    told = json.loads(line)
    return PageImage(png, told["pages"], tuple((width, height) for width, height in told["sizes"]))
