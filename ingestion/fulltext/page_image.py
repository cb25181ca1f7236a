"""A page of a PDF as an image with passages marked, drawn in a limited process: the file is untrusted."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ingestion.errors import PdfError
from ingestion.fulltext.pdf.layout import Box
from ingestion.settings import PdfSettings

_PROGRAM = Path(__file__).with_name("page_renderer.py")


@dataclass(frozen=True, slots=True)
class PageImage:
    """A page as PNG, and how many pages its file has."""

    png: bytes
    pages: int


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
        PdfError: The file cannot be opened, has no such page, or takes too long.
    """
    if pdf.stat().st_size > settings.max_mb * 1_000_000:
        raise PdfError(
            f"{pdf.name} has more than {settings.max_mb} MB", next_step="Raise pdf.max_mb"
        )
    order = {"page": page, "width_px": min(3000, max(100, width_px)), "marked": list(marked)}
    command = [sys.executable, "-I", str(_PROGRAM), json.dumps(order), str(settings.timeout_s)]
    try:
        with pdf.open("rb") as file:
            done = subprocess.run(
                command, stdin=file, capture_output=True, timeout=settings.timeout_s, check=False
            )
    except subprocess.TimeoutExpired as error:
        raise PdfError(
            f"Page {page} of {pdf.name} takes longer than {settings.timeout_s:.0f} s to draw",
            next_step="Open the file in a PDF viewer",
        ) from error
    pages, _, png = done.stdout.partition(b"\n")
    if done.returncode != 0 or not png.startswith(b"\x89PNG"):
        raise PdfError(
            f"Page {page} of {pdf.name} cannot be drawn",
            next_step="Check that the file is whole and has this page",
        )
    return PageImage(png, int(pages))
