"""A PDF writer for tests: lines of text at given places, in Helvetica."""

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

Placed = tuple[str, float, float, float]  # text, points from the left, from the top, size


def write_pdf(path: Path, pages: Sequence[Sequence[Placed]], height: int = 800) -> Path:
    """Write a PDF of pages 600 points wide."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    kids = []
    for page in pages:
        stream = "\n".join(
            f"BT /F1 {size} Tf {x} {height - top} Td ({_escaped(text)}) Tj ET"
            for text, x, top, size in page
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
        kids.append(len(objects) + 1)
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 {height}] /Contents {len(objects)} 0 R"
            f" /Resources << /Font << /F1 {font} >> >> >>"
        )
    refs = " ".join(f"{kid} 0 R" for kid in kids)
    objects[1] = f"<< /Type /Pages /Kids [{refs}] /Count {len(kids)} >>"
    data = "%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(data))
        data += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    start = len(data)
    data += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    data += f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    path.write_bytes(data.encode("latin-1"))
    return path


def write_bomb(path: Path, megabytes: int) -> Path:
    """Write a PDF of a few kilobytes, whose page unpacks to so many megabytes of blanks."""
    packer = zlib.compressobj(9)
    first = packer.compress(b" " * 1_000_000) + packer.flush(zlib.Z_FULL_FLUSH)
    other = packer.compress(b" " * 1_000_000) + packer.flush(zlib.Z_FULL_FLUSH)
    length = megabytes * 1_000_000
    # An empty last block, and the Adler-32 sum of so many blanks (RFC 1950): packing them all takes seconds.
    low, high = (1 + 32 * length) % 65521, (length + 16 * length * (length + 1)) % 65521
    once = first + other * (megabytes - 1) + struct.pack(">2sHH", b"\x03\x00", high, low)
    stream = zlib.compress(once, 9)
    parts = [
        b"%PDF-1.4\n1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj\n",
        b"2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj\n",
        b"3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R >> endobj\n",
        b"4 0 obj << /Length %d /Filter [/FlateDecode /FlateDecode] >> stream\n" % len(stream),
        stream,
        b"\nendstream endobj\ntrailer << /Size 5 /Root 1 0 R >>\nstartxref\n0\n%%EOF\n",
    ]
    path.write_bytes(b"".join(parts))
    return path


def paragraph(
    text: str, top: float, *, x: float = 100, width: int = 70, size: float = 10
) -> list[Placed]:
    """Text in lines of at most `width` letters, one and a fifth sizes apart."""
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] += f"{' ' if lines[-1] else ''}{word}"
    return [(line, x, top + 1.2 * size * row, size) for row, line in enumerate(lines)]


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
