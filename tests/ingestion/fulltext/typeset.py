"""Typeset lines for tests, as the parser gives them."""

from typing import Any

from ingestion.document import Document
from ingestion.fulltext.pdf.document import document_of
from ingestion.fulltext.pdf.layout import lay_out

Line = list[tuple[str, float, float, float, float]]


def line(text: str, y: float, x: float = 100, size: float = 10) -> Line:
    """A typeset line: half an em a letter; a bar in the text is the gap between two cells."""
    words: Line = []
    for token in text.split():
        if token == "|":
            x += 3 * size
            continue
        width = len(token) * size / 2
        words.append((token, x, y, x + width, y + size))
        x += width + size / 4
    return words


def page(*lines: Line) -> dict[str, Any]:
    """A page of 600 by 800 points."""
    return {"width": 600, "height": 800, "lines": list(lines)}


def prose(y: float, count: int = 4) -> list[Line]:
    """A paragraph of full lines."""
    text = "The encoder maps an input sequence of symbols to a longer sequence of vectors"
    return [line(f"{text}{'.' if i == count - 1 else ''}", y + 12 * i) for i in range(count)]


def document(*pages: dict[str, Any]) -> Document:
    """The document of typeset pages."""
    laid_out, _ = lay_out(pages)
    return document_of(laid_out)
