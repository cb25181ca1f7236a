"""Words and their boxes out of one untrusted PDF: a program of its own, run by `ingestion.fulltext.pdf_text`.

    python -I parsers.py {pypdfium2|pypdf} MAX_PAGES TIMEOUT_S < FILE.pdf > PAGES.json

It imports nothing of the project, takes no file name, and limits itself before it touches the file:
memory, processor time, no file may be written. What it prints is either `{"error": REASON}` or
`{"version", "page_count", "pages": [{"width", "height", "lines": [LINE]}]}`. A LINE is a list of words
`[text, x0, y0, x1, y1]`, in points, y downwards; the boxes of one line share the height of its font. Lines
come in the order of the file's content, which for typeset papers is the order of reading. pypdf gives
lines without boxes: all zero.
"""

import json
import resource
import sys
from collections.abc import Iterator
from io import BytesIO
from typing import Any

MEMORY_BYTES = 1 << 30
"""Address space of the parser: every file must be read within 1 GB."""
MAX_PAGE_CHARACTERS = 60_000
"""Of one page; a densely set page of two columns has about 7,000."""

Word = tuple[str, float, float, float, float]
Char = tuple[str, float, float, float, float]

_HYPHENS_AT_LINE_END = "\ufffe\x02"  # what PDFium puts for a hyphen and the line break after it


def main() -> None:
    """Read a PDF from standard input and print its pages as JSON."""
    parser, max_pages, timeout_s = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    _limit_resources(timeout_s)
    try:
        result = PARSERS[parser](sys.stdin.buffer.read(), max_pages)
        printed = json.dumps(result, separators=(",", ":"))
    except MemoryError:
        printed = json.dumps({"error": f"needs more than {MEMORY_BYTES >> 30} GB of memory"})
    sys.stdout.write(printed)


def _limit_resources(timeout_s: float) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (int(timeout_s) + 1, int(timeout_s) + 2))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def parse_with_pdfium(data: bytes, max_pages: int) -> dict[str, Any]:
    """Pages with a box for every word."""
    import pypdfium2
    from pypdfium2.version import PYPDFIUM_INFO

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            return {"error": "is locked by a password"}
        return {"error": f"cannot be parsed ({error})"}
    pages = []
    for number in range(min(len(document), max_pages)):
        page = document[number]
        width, height = page.get_size()
        lines = [list(_words(line)) for line in _lines(_characters(page.get_textpage(), height))]
        pages.append({"width": width, "height": height, "lines": [line for line in lines if line]})
        page.close()
    return {"version": str(PYPDFIUM_INFO), "page_count": len(document), "pages": pages}


def _characters(text_page: Any, height: float) -> Iterator[Char]:
    """Each character with its loose box: its advance wide, its font high, so it tells the font size.

    A pair of UTF-16 surrogates comes as two characters; the first one's box stands for both.
    """
    from pypdfium2 import raw

    box = raw.FS_RECTF()
    count = min(raw.FPDFText_CountChars(text_page), MAX_PAGE_CHARACTERS)
    high = 0
    for index in range(count):
        code = raw.FPDFText_GetUnicode(text_page, index)
        if 0xD800 <= code < 0xDC00:
            high = code
            continue
        if 0xDC00 <= code < 0xE000:
            code = 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00) if high else 0xFFFD
        high = 0
        raw.FPDFText_GetLooseCharBox(text_page, index, box)
        yield chr(code), box.left, height - box.top, box.right, height - box.bottom


def _lines(characters: Iterator[Char]) -> Iterator[list[Char]]:
    line: list[Char] = []
    for character in characters:
        if character[0] in "\r\n":
            yield line
            line = []
            continue
        if character[0] in _HYPHENS_AT_LINE_END:
            yield [*line, ("-", *character[1:])]
            line = []
            continue
        line.append(character)
    yield line


def _words(line: list[Char]) -> Iterator[Word]:
    """Words of a line; a raised or lowered part is a word of its own, so that `n²` can be told from `n2`."""
    word: list[Char] = []
    for character in line:
        if character[0].isspace() or character[0] == "\0":
            if word:
                yield _joined(word)
            word = []
            continue
        if word and _shifted(word[-1], character):
            yield _joined(word)
            word = []
        word.append(character)
    if word:
        yield _joined(word)


def _shifted(before: Char, after: Char) -> bool:
    """Whether two neighbours stand on different base lines or differ in size, as scripts do."""
    size_before, size_after = before[4] - before[2], after[4] - after[2]
    return abs(size_before - size_after) > 0.2 * max(size_before, size_after)


def _joined(word: list[Char]) -> Word:
    return (
        "".join(character[0] for character in word),
        round(min(character[1] for character in word), 1),
        round(min(character[2] for character in word), 1),
        round(max(character[3] for character in word), 1),
        round(max(character[4] for character in word), 1),
    )


def parse_with_pypdf(data: bytes, max_pages: int) -> dict[str, Any]:
    """Pages as lines of words without boxes."""
    import pypdf
    from pypdf.errors import FileNotDecryptedError, PyPdfError

    try:
        reader = pypdf.PdfReader(BytesIO(data))
        pages = [
            {
                "width": float(page.mediabox.width),
                "height": float(page.mediabox.height),
                "lines": [
                    [(word, 0, 0, 0, 0) for word in line.split()]
                    for line in page.extract_text()[:MAX_PAGE_CHARACTERS].splitlines()
                    if line.strip()
                ],
            }
            for page in reader.pages[:max_pages]
        ]
    except FileNotDecryptedError:
        return {"error": "is locked by a password"}
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        # pypdf meets broken files with plain Python errors as well as its own.
        return {"error": f"cannot be parsed ({error})"}
    return {"version": pypdf.__version__, "page_count": len(reader.pages), "pages": pages}


PARSERS = {"pypdfium2": parse_with_pdfium, "pypdf": parse_with_pypdf}

if __name__ == "__main__":
    main()
