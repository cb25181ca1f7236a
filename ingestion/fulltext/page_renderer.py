"""One page of one untrusted PDF as a PNG: a program of its own, run by `ingestion.fulltext.page_image`.

    python -I page_renderer.py ORDER TIMEOUT_S < FILE.pdf > SIZES_AND_PNG

ORDER is JSON with `page` (from 1), `width_px`, `marked` (boxes in points) and `sizes`, of how many pages the size
is told. It imports nothing of the project, takes no file name, and limits itself before it touches the file. What
it prints is a line of JSON, the number of pages and their sizes in points, and the image.
"""

import json
import resource
import sys
from typing import Any

_MEMORY_BYTES = 1 << 30
_MOST_PIXELS = 12_000_000  # of the image: a strangely long page is drawn smaller
_COMPRESSION = 1  # text is no larger than with the usual 6, and ready in half the time
_MARK = (255, 214, 70, 110)  # red, green, blue, opacity of 255


def main() -> None:
    """Read a PDF from standard input and draw the page to standard output."""
    order, timeout_s = json.loads(sys.argv[1]), float(sys.argv[2])
    limits = ((resource.RLIMIT_AS, _MEMORY_BYTES), (resource.RLIMIT_CPU, int(timeout_s) + 1))
    for name, most in (*limits, (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(name, (most, most))
    data = sys.stdin.buffer.read()
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    image = draw(document[order["page"] - 1], order["width_px"], order["marked"])
    sizes = [document.get_page_size(index) for index in range(min(len(document), order["sizes"]))]
    told = json.dumps({"pages": len(document), "sizes": sizes})
    sys.stdout.buffer.write(told.encode() + b"\n")
    image.save(sys.stdout.buffer, format="PNG", compress_level=_COMPRESSION)


def draw(page: Any, width_px: int, marked: list[list[float]]) -> Any:
    """The page as a Pillow image."""
    from PIL import Image, ImageDraw

    width, height = page.get_size()
    scale = min(width_px / width, (_MOST_PIXELS / (width * height)) ** 0.5)
    image = page.render(scale=scale).to_pil().convert("RGBA")
    marks = Image.new("RGBA", image.size, (0, 0, 0, 0))
    for box in marked:
        ImageDraw.Draw(marks).rectangle([edge * scale for edge in box], fill=_MARK)
    return Image.alpha_composite(image, marks).convert("RGB")


if __name__ == "__main__":
    main()
