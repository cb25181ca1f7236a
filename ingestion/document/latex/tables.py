r"""The rows and cells of a LaTeX table: parted at `&` and `\\`, spans read from `\multicolumn` and `\multirow`."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from ingestion.document.tables import RawCell
from ingestion.document.writing import Inline

RULES = frozenset(
    "hline midrule toprule bottomrule specialrule Xhline hhline thickhline Hline shline".split()
)
ROW_ENDS = frozenset(("\\", "tabularnewline", "cr", "endhead", "endfirsthead"))
_SPAN = re.compile(r"-?\d+")
_SET = re.compile(r"([rc])\s*=\s*(\d+)")


def raw_rows(
    nodes: Sequence[Any], inline: Callable[[Sequence[Any]], Inline]
) -> list[list[RawCell]]:
    """The cells of a tabular environment, row by row.

    Args:
        nodes: Of its body.
        inline: Reads nodes as one run of text.
    """
    rows: list[list[RawCell]] = []
    row: list[RawCell] = []
    cell: list[Any] = []
    ruled, begun = False, False
    for node in nodes:
        name = getattr(node, "macroname", "")
        if name in RULES:
            ruled = True
        elif name in ROW_ENDS:
            rows.append([*row, _cell(cell, inline, ruled)])
            row, cell, ruled = [], [], False
        elif getattr(node, "specials_chars", "") == "&":
            row.append(_cell(cell, inline, ruled))
            cell = []
        else:
            cell.append(node)
    begun = bool(row)
    last = _cell(cell, inline, ruled)
    if begun or last.text:
        rows.append([*row, last])
    return [row for row in rows if len(row) > 1 or row[0].text]


def _cell(nodes: Sequence[Any], inline: Callable[[Sequence[Any]], Inline], ruled: bool) -> RawCell:
    columns, rows = _spans(nodes)
    return RawCell(inline(nodes), columns, rows, ruled=ruled)


def _spans(nodes: Sequence[Any]) -> tuple[int, int]:
    """Columns and rows that a cell covers."""
    columns, rows = 1, 1
    for node in _through_groups(nodes):
        name = getattr(node, "macroname", "")
        if name == "multicolumn":
            columns = _number(node, 0)
            _, rows = _spans(_argument(node, 2))
        elif name == "multirow":
            rows = _number(node, 1)
        elif name == "SetCell":
            told = dict(_SET.findall(node.latex_verbatim()))
            columns, rows = int(told.get("c", 1)), int(told.get("r", 1))
    return columns, rows


def _through_groups(nodes: Sequence[Any], depth: int = 0) -> list[Any]:
    """Nodes, those of groups that only set a style in their place."""
    found: list[Any] = []
    for node in nodes:
        is_group = node is not None and type(node).__name__ == "LatexGroupNode"
        found += _through_groups(node.nodelist, depth + 1) if is_group and depth < 5 else [node]
    return found


def _argument(node: Any, place: int) -> Sequence[Any]:
    arguments = node.nodeargd.argnlist if node.nodeargd else []
    found = arguments[place] if place < len(arguments) else None
    return [] if found is None else getattr(found, "nodelist", None) or [found]


def _number(node: Any, place: int) -> int:
    text = "".join(part.latex_verbatim() for part in _argument(node, place))
    found = _SPAN.search(text)
    return max(1, int(found[0][:6])) if found else 1
