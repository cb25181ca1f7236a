"""The rows and cells of an HTML table, LaTeXML's tables of `span`s included."""

import re
from collections.abc import Callable
from typing import Any

from ingestion.document.tables import RawCell
from ingestion.document.writing import Inline

_RULE = re.compile(r"\\(?:mid|h|top)?(?:rule|line)\b")
_SPAN = {"columns": re.compile(r"ltx_colspan_(\d+)"), "rows": re.compile(r"ltx_rowspan_(\d+)")}


def raw_table(element: Any, inline: Callable[[Any, Inline], None]) -> list[list[RawCell]]:
    """The cells of a table, row by row; tables within a cell are text of it.

    Args:
        element: `table`, or what has the class `ltx_tabular`.
        inline: Adds an element to a run of text.
    """
    rows = [
        row for row in element.iterdescendants() if _is(row, "tr") and _table_of(row) is element
    ]
    return [
        [_cell(cell, index, inline) for cell in row if _is(cell, "td") or _is(cell, "th")]
        for index, row in enumerate(rows)
    ]


def _is(element: Any, name: str) -> bool:
    return element.tag == name or f"ltx_{name}" in (element.get("class") or "").split()


def _table_of(row: Any) -> Any:
    parent = row.getparent()
    while parent is not None and parent.tag != "table" and not _is(parent, "tabular"):
        parent = parent.getparent()
    return parent


def _cell(element: Any, index: int, inline: Callable[[Any, Inline], None]) -> RawCell:
    names = element.get("class") or ""
    errors = [e.text or "" for e in element.iter() if "ltx_ERROR" in (e.get("class") or "")]
    run = Inline()
    inline(element, run)
    is_header = "ltx_th_column" in names or (element.tag == "th" and "ltx_th" not in names)
    ruled = bool(re.search(r"ltx_border_tt?\b", names)) or any(map(_RULE.match, errors))
    return RawCell(
        run, _spanned(element, "columns"), _spanned(element, "rows"), is_header, ruled and index > 0
    )


def _spanned(element: Any, way: str) -> int:
    found = _SPAN[way].search(element.get("class") or "")
    told = found[1] if found else element.get("colspan" if way == "columns" else "rowspan") or "1"
    return int(told) if told.isdigit() and len(told) < 6 else 1
