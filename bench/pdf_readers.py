"""`python -m bench.pdf_readers DIR`: this program's reading of PDFs beside docling-parse and pdftotext.

For each PDF and reader: processor seconds (processes that the reader starts are counted), words, tables with their
rows where the reader finds any, and how many of its word pairs another reader has as well. A pair is two words that
follow one another; a reader that mixes columns or cuts lines in a wrong order has pairs that no other has. No truth is
needed for it, and what all readers do alike it does not show.

docling-parse is run by the Python of an environment of its own, which `--docling` names; pdftotext comes with Debian's
poppler-utils. What is not there is left out, and said.

    python -m bench.pdf_readers DIR [--docling PYTHON] [--json]
"""

import argparse
import json
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from bench import record
from ingestion.document import Table
from ingestion.errors import AgentError
from ingestion.fulltext import read_document
from ingestion.settings import PdfSettings

Pairs = set[tuple[str, str]]
_WORD = re.compile(r"[a-z]{2,}")
_DOCLING = """
import sys
from docling_core.types.doc.page import TextCellUnit
from docling_parse.pdf_parser import DoclingPdfParser
for _, page in DoclingPdfParser().load(path_or_stream=sys.argv[1]).iterate_pages():
    print(*(cell.text for cell in page.iterate_cells(unit_type=TextCellUnit.LINE)), sep="\\n")
"""


def main() -> None:
    """Read, compare, print."""
    options = _options()
    readers = dict(_readers(options.docling))
    rows = [row for file in sorted(options.folder.glob("*.pdf")) for row in compared(file, readers)]
    if options.json:
        print(json.dumps(rows, ensure_ascii=False))
        return
    record.write("pdf_readers", {"rows": rows})
    _print(rows, list(readers))


Reader = Callable[[Path], tuple[str, dict[str, int]]]
"""Gives a file's text and counts of what else was found."""


def _readers(docling: str) -> list[tuple[str, Reader]]:
    found: list[tuple[str, Reader]] = [("this program", _ours)]
    if shutil.which("pdftotext"):
        found.append(("pdftotext", lambda file: (_said("pdftotext", str(file), "-"), {})))
    else:
        print("pdftotext is not there: install poppler-utils", file=sys.stderr)
    if docling:
        found.append(
            ("docling-parse", lambda file: (_said(docling, "-c", _DOCLING, str(file)), {}))
        )
    else:
        print("docling-parse is left out: name its Python by --docling", file=sys.stderr)
    return found


def _ours(file: Path) -> tuple[str, dict[str, int]]:
    document = read_document(file, PdfSettings())
    tables = [block.content for block in document.blocks if isinstance(block.content, Table)]
    return document.text, {"tables": len(tables), "rows": sum(len(t.rows) for t in tables)}


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def compared(file: Path, readers: Mapping[str, Reader]) -> list[dict[str, Any]]:
    """A row for each reader of a file; a reader that fails has an `error` in the place of figures."""
    rows, pairs = list[dict[str, Any]](), dict[str, Pairs]()
    for name, read in readers.items():
        started = _processor_s()
        try:
            text, found = read(file)
        except (AgentError, subprocess.CalledProcessError) as error:
            rows.append({"file": file.name, "reader": name, "error": str(error)[:200]})
            continue
        seconds = _processor_s() - started
        words = _WORD.findall(text.lower())
        pairs[name] = set(pairwise(words))
        row: dict[str, Any] = {"file": file.name, "reader": name, "seconds": round(seconds, 2)}
        rows.append({**row, "words": len(words), **found})
    for row in rows:
        if "error" not in row:
            row["confirmed"] = confirmed(str(row["reader"]), pairs)
    return rows


def confirmed(name: str, pairs: Mapping[str, Pairs]) -> float | None:
    """The share of a reader's word pairs that another reader has as well; None where it read alone or nothing."""
    others = set().union(*(each for other, each in pairs.items() if other != name))
    own = pairs[name]
    return round(len(own & others) / len(own), 4) if own and len(pairs) > 1 else None


def _processor_s() -> float:
    """Processor seconds of this process and of those that it has ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _print(rows: list[dict[str, Any]], readers: list[str]) -> None:
    print(f"{'':26}{'reader':16}{'s':>7}{'words':>8}{'tables':>8}{'rows':>7}{'confirmed':>11}")
    for row in rows:
        names = ("words", "tables", "rows", "confirmed")
        told = ["–" if row.get(name) is None else row[name] for name in names]
        figures = row.get("error") or "{:>7}{:>8}{:>8}{:>7}{:>11}".format(row["seconds"], *told)
        print(f"{row['file'][:25]:26}{row['reader']:16}{figures}")
    for name in readers:
        own = [row for row in rows if row["reader"] == name and "error" not in row]
        seconds = sum(row["seconds"] for row in own)
        shares = [row["confirmed"] for row in own if row["confirmed"] is not None]
        mean = sum(shares) / len(shares) if shares else 0
        print(f"{name:42}{seconds:7.2f} s in all, {mean:.4f} of word pairs confirmed in the mean")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.pdf_readers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder of PDFs")
    parser.add_argument("--docling", default="", help="Python that has docling-parse")
    parser.add_argument("--json", action="store_true", help="print JSON, write no results")
    return parser.parse_args()


if __name__ == "__main__":
    main()
