"""One untrusted file as a document: a program of its own, run by `ingestion.fulltext.documents`.

    python -I reader.py {html|latex|archive|markdown|text} TIMEOUT_S < FILE > DOCUMENT.json

It takes no file name, opens nothing, and limits itself before it touches the file: memory, processor time, no
file may be written. What it prints is `{"error": REASON}` or the document as JSON.
"""

import json
import resource
import sys
from pathlib import Path
from typing import Any

MEMORY_BYTES = 1 << 30
"""Address space of the reader: every file must be read within 1 GB."""
RECURSION = 6_000
"""Python calls within one another; a file whose parts stand deeper in one another than that is refused."""


def main() -> None:
    """Read a file from standard input and print its document as JSON."""
    form, timeout_s = sys.argv[1], float(sys.argv[2])
    _limit_resources(timeout_s)
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    try:
        printed = json.dumps(_read(form, sys.stdin.buffer.read()), separators=(",", ":"))
    except MemoryError:
        printed = json.dumps({"error": f"needs more than {MEMORY_BYTES >> 30} GB of memory"})
    except RecursionError:
        printed = json.dumps({"error": "holds parts that stand in one another too deeply"})
    sys.stdout.write(printed)


def _limit_resources(timeout_s: float) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (int(timeout_s) + 1, int(timeout_s) + 2))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.setrecursionlimit(RECURSION)


def _read(form: str, data: bytes) -> dict[str, Any]:
    from ingestion.document.archive import BadArchive
    from ingestion.document.latex.source import NoPaper, TooLarge
    from ingestion.document.writing import TooLong

    try:
        document = _document(form, data)
    except (BadArchive, NoPaper, TooLarge, TooLong) as error:
        return {"error": str(error)}
    if not document.blocks:
        return {"error": "holds no text of a paper"}
    read: dict[str, Any] = document.as_json()
    return read


def _document(form: str, data: bytes) -> Any:
    if form == "html":
        from ingestion.document.html.reading import read_html

        return read_html(data)
    if form in ("markdown", "text"):
        from ingestion.document import plain

        return plain.read_markdown(data) if form == "markdown" else plain.read_text(data)
    from ingestion.document.archive import files_of
    from ingestion.document.latex.reading import read_latex

    return read_latex(files_of(data) if form == "archive" else {"main.tex": data})


if __name__ == "__main__":
    main()
