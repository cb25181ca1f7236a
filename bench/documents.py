r"""`python -m bench.documents DIR…`: what documents hold, beside a plain count of their sources' own marks.

Every `.html`, `.tex` and `.tar.gz` of the folders is read; for each kind of part the blocks of its document stand
beside how often the source marks one (`ltx_tag_equation`, `\bibitem`, `&`, …), counted by regular expressions that
share nothing with the reader. Titles and abstracts are counted as there or not.

    python -m bench.documents DIR… [--json]
"""

import argparse
import json
import re
import resource
import sys
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from bench import record
from ingestion.document import Document, Equation, Table
from ingestion.errors import AgentError
from ingestion.fulltext import read_document
from ingestion.settings import PdfSettings

PARTS = ("title", "abstract", "sections", "tables", "cells", "equations", "references")
GOAL = 0.95
"""Of cells and references that a document must hold, and of the other parts."""

_COMMENT = re.compile(r"(?<!\\)%.*")
_TABULAR = re.compile(r"\\(?:begin|end)\{(?:tabular\w?\*?|tblr|longtable)\}")
_ALIGNED = re.compile(
    r"\\begin\{(align|gather|eqnarray|alignat|flalign)\}(.*?)\\end\{\1\}", re.DOTALL
)
_ROW_END = re.compile(r"\\\\|\\tabularnewline")
_INNER = re.compile(r"\\begin\{(\w+)\}.*?\\end\{\1\}", re.DOTALL)
_UNPRINTED = re.compile(
    r"\\(?:[a-z]*rule|hline|cline|addlinespace|vspace\*?|rowcolor|centering)x*(?:\[[^\]]*\])?(?:\([^)]*\))?x*|^\s*\[\d\w*\]|^x"
)
_SECTIONS = ("section", "subsection", "subsubsection", "appendix", "paragraph", "subparagraph")
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())


def main() -> None:
    """Read, count, print; fails where a document falls short of the goal."""
    options = _options()
    rows = [row for folder in options.folders for file in _files(folder) for row in [counted(file)]]
    if options.json:
        print(json.dumps(rows, ensure_ascii=False))
    else:
        record.write("documents", {"papers": rows})
        _print(rows)
    sys.exit(any(row.get("error") or row["short"] for row in rows))


def counted(file: Path) -> dict[str, Any]:
    """What a file's document holds, what its source marks, and how long reading took."""
    started = _processor_s()
    try:
        document = read_document(file, PdfSettings())
    except AgentError as error:
        return {"file": file.name, "error": str(error), "short": []}
    seconds = _processor_s() - started
    held = held_by(document)
    marked = marked_in(file)
    short = [part for part in PARTS if marked and held[part] < GOAL * marked[part]]
    return {
        "file": file.name,
        "seconds": round(seconds, 2),
        "held": held,
        "marked": marked,
        "short": short,
    }


def _processor_s() -> float:
    """Processor seconds of this process and of those that it has ended: what reading costs, whatever else runs."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def held_by(document: Document) -> dict[str, int]:
    """How many of each part a document holds."""
    tables = [block.content for block in document.blocks if isinstance(block.content, Table)]
    equations = [block.content for block in document.blocks if isinstance(block.content, Equation)]
    return {
        "title": int(bool(document.title)),
        "abstract": int(bool(document.abstract)),
        "sections": len(document.of_kind("heading")),
        "tables": len(tables),
        "cells": sum(len(row.cells) for table in tables for row in table.rows),
        "equations": sum(len(equation.lines) for equation in equations),
        "references": len(document.references()),
    }


def marked_in(file: Path) -> dict[str, int]:
    """How many of each part a source marks; empty for an archive, whose marks are spread over its files."""
    if file.suffix == ".html":
        return _marked_in_html(file.read_text("utf-8"))
    if file.suffix == ".tex":
        return _marked_in_latex(file.read_text("utf-8"))
    return {}


class _Marks(HTMLParser):
    """Counts classes of LaTeXML; a table within a table's cell is text of the cell."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()
        self._open: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = (dict(attrs).get("class") or "").split()
        outermost = not any(self._open)
        for name in names:
            if name == "ltx_tabular":
                self.counts[name] += outermost
            elif name in ("ltx_td", "ltx_th") and "ltx_eqn_cell" not in names:
                self.counts["cells"] += sum(self._open) == 1 and not (
                    name == "ltx_th" and "ltx_td" in names
                )
            else:
                self.counts[name] += 1
        if tag not in _VOID:
            self._open.append("ltx_tabular" in names)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID and self._open:
            self._open.pop()


def _marked_in_html(text: str) -> dict[str, int]:
    marks = _Marks()
    marks.feed(text)
    sections = [f"ltx_title_{name}" for name in _SECTIONS]
    return {
        "title": int(marks.counts["ltx_title_document"] > 0),
        "abstract": int(marks.counts["ltx_abstract"] > 0),
        "sections": sum(marks.counts[name] for name in sections),
        "tables": marks.counts["ltx_tabular"],
        "cells": marks.counts["cells"],
        "equations": marks.counts["ltx_tag_equation"] + marks.counts["ltx_tag_equationgroup"],
        "references": marks.counts["ltx_bibitem"],
    }


def _marked_in_latex(text: str) -> dict[str, int]:
    text = "\n".join(_COMMENT.sub("", line) for line in text.splitlines())
    body = text.partition("\\begin{document}")[2] or text
    tables = _outermost(_TABULAR, body)
    return {
        "title": int(bool(re.search(r"\\(?:icml)?title\b", text))),
        "abstract": int(bool(re.search(r"\\begin\{abstract\}|\\abstract\{", text))),
        "sections": len(re.findall(r"\\(?:(?:sub)*section|(?:sub)?paragraph)\*?\s*[\[{]", body)),
        "tables": len(tables),
        "cells": sum(_cells_of(row) for table in tables for row in _ROW_END.split(_flat(table))),
        "equations": _numbered(body),
        "references": len(re.findall(r"\\bibitem\b", body)),
    }


def _outermost(environment: re.Pattern[str], text: str) -> list[str]:
    """The bodies of environments, those that stand in another of them cut out."""
    bodies, depth, kept, place = [], 0, "", 0
    for match in environment.finditer(text):
        begins = match[0].startswith("\\begin")
        if depth == 1:
            kept += text[place : match.start()]
        depth = max(0, depth + (1 if begins else -1))
        if not depth and not begins:
            bodies.append(kept)
            kept = ""
        place = match.end()
    return bodies


def _flat(table: str) -> str:
    """A table whose groups in braces are one sign, so that a line break in a cell ends no row."""
    before = ""
    while before != table:
        before, table = table, re.sub(r"(?<!\\)\{[^{}]*\}", "x", table)
    return table


def _cells_of(row: str) -> int:
    """Cells that a row of a table marks; a line that only draws rules or sets sizes has none."""
    separators = len(re.findall(r"(?<!\\)&", row))
    printed = re.sub(r"\s", "", _UNPRINTED.sub("", row))
    return separators + 1 if separators or printed else 0


def _numbered(body: str) -> int:
    single = re.findall(r"\\begin\{(equation|multline)\}(.*?)\\end\{\1\}", body, re.DOTALL)
    several = [
        line
        for match in _ALIGNED.finditer(body)
        for line in _ROW_END.split(_flat(_INNER.sub("x", match[2])))
    ]
    lines = [*(each for _, each in single), *several]
    return sum(
        bool(line.strip()) and not re.search(r"\\(?:nonumber|notag)\b", line) for line in lines
    )


def _files(folder: Path) -> Iterator[Path]:
    files = [folder] if folder.is_file() else sorted(folder.iterdir())
    yield from (file for file in files if file.name.endswith((".html", ".tex", ".tar.gz")))


def _print(rows: list[dict[str, Any]]) -> None:
    print(f"{'':24}{'s':>6}  " + "".join(f"{part:>14}" for part in PARTS))
    for row in rows:
        if "error" in row:
            print(f"{row['file']:24}{row['error']}")
            continue
        marked = row["marked"]
        counts = [f"{row['held'][part]}/{marked[part] if marked else '?'}" for part in PARTS]
        told = f"  short of {', '.join(row['short'])}" if row["short"] else ""
        print(
            f"{row['file'][:23]:24}{row['seconds']:6.2f}  "
            + "".join(f"{each:>14}" for each in counts)
            + told
        )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "folders", type=Path, nargs="+", metavar="DIR", help="folders, or single files"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args()


if __name__ == "__main__":
    main()
