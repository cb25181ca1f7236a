"""A paper's neighbourhood as a picture: who cites it on the left, what it cites on the right."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from ingestion.paper import Paper
from ingestion.references.looking import Cited

MOST_A_SIDE = 12
"""Works drawn on either side; how many more there are is said."""

_WIDTH, _ROW, _BOX, _GAP, _MARGIN = 300, 46, 36, 90, 16
_TITLE_CHARACTERS = 40
_STYLE = (
    "text{font:12px sans-serif;fill:#1c1c1c}.small{font-size:10px;fill:#555}"
    "rect{fill:#fff;stroke:#888}.own rect{fill:#e8f0fe;stroke:#3367d6}"
    ".at-hand rect{stroke:#3367d6}path{fill:none;stroke:#999;marker-end:url(#tip)}"
)


@dataclass(frozen=True, slots=True)
class Node:
    """A work in the picture.

    Args:
        title: Of the work.
        facts: Under the title: id, year.
        in_library: Whether the library has it.
    """

    title: str
    facts: str
    in_library: bool


def neighbourhood_of(paper: Paper, citing: Sequence[Paper], cited: Sequence[Cited]) -> str:
    """The picture of a paper of the library; see `neighbourhood_svg`."""
    return neighbourhood_svg(
        _node_of(paper),
        [_node_of(each) for each in citing],
        [_node_of(each.paper) if each.paper else _node_beyond(each) for each in cited],
    )


def _node_of(paper: Paper) -> Node:
    return Node(paper.title, _facts(paper.arxiv_id, paper.year), in_library=True)


def _node_beyond(cited: Cited) -> Node:
    reference = cited.entry.reference
    return Node(cited.title, _facts(reference.arxiv_id or reference.doi, reference.year), False)


def _facts(id_: str, year: int) -> str:
    return " · ".join(filter(None, (id_, str(year or ""))))


def neighbourhood_svg(own: Node, citing: Sequence[Node], cited: Sequence[Node]) -> str:
    """The picture as SVG, without scripts, links or outside parts; arrows lead from citing to cited.

    Works that the library has come first.
    """
    left, right = _chosen(citing), _chosen(cited)
    rows = max(len(left), len(right), 1)
    height = 2 * _MARGIN + rows * _ROW + 20
    width = 2 * _MARGIN + 3 * _WIDTH + 2 * _GAP
    middle = (height - _BOX) / 2
    columns = [_MARGIN + n * (_WIDTH + _GAP) for n in range(3)]
    parts = [_box(own, columns[1], middle, "own")]
    for nodes, column in ((left, columns[0]), (right, columns[2])):
        top = (height - len(nodes) * _ROW) / 2
        for number, node in enumerate(nodes):
            y = top + number * _ROW
            parts.append(_box(node, column, y, "at-hand" if node.in_library else ""))
            ends = (column + _WIDTH, y, columns[1], middle)
            parts.append(
                _arrow(*ends if nodes is left else (columns[1] + _WIDTH, middle, column, y))
            )
    parts += _counts(len(citing) - len(left), len(cited) - len(right), columns, height)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'width="{width}" height="{height}"><title>{escape(own.title)}: cited by and citing</title>'
        f'<style>{_STYLE}</style><defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" '
        'markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 L8 4 L0 8" '
        f'style="marker-end:none"/></marker></defs>{"".join(parts)}</svg>'
    )


def _chosen(nodes: Sequence[Node]) -> list[Node]:
    return sorted(nodes, key=lambda node: not node.in_library)[:MOST_A_SIDE]


def _box(node: Node, x: float, y: float, kind: str) -> str:
    title = node.title
    if len(title) > _TITLE_CHARACTERS:
        title = title[: _TITLE_CHARACTERS - 1].rstrip() + "…"
    return (
        f'<g class="{kind}"><title>{escape(node.title)}</title>'
        f'<rect x="{x}" y="{y:g}" width="{_WIDTH}" height="{_BOX}" rx="6"/>'
        f'<text x="{x + 10}" y="{y + 15:g}">{escape(title)}</text>'
        f'<text class="small" x="{x + 10}" y="{y + 29:g}">{escape(node.facts)}</text></g>'
    )


def _arrow(x1: float, y1: float, x2: float, y2: float) -> str:
    bend = (x1 + x2) / 2
    y1, y2 = y1 + _BOX / 2, y2 + _BOX / 2
    return f'<path d="M{x1:g} {y1:g} C{bend:g} {y1:g} {bend:g} {y2:g} {x2:g} {y2:g}"/>'


def _counts(citing: int, cited: int, columns: Sequence[float], height: float) -> list[str]:
    said = ((citing, columns[0], "cite it"), (cited, columns[2], "cited"))
    return [
        f'<text class="small" x="{x}" y="{height - 8:g}">and {more} more {what}</text>'
        for more, x, what in said
        if more > 0
    ]
