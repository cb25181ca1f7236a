"""What an element of a paper's HTML is: furniture, a block, a formula with its LaTeX."""

import re
from collections.abc import Iterator
from typing import Any

from ingestion.document import maths
from ingestion.document.blocks import Kind

Element = Any
"""An element of lxml, which has no types."""

SKIPPED_TAGS = frozenset(
    "script style nav header footer aside button form iframe noscript template svg img object embed input select"
    " dialog head link meta audio video canvas".split()
)
SKIPPED = frozenset(
    "ltx_page_navbar ltx_page_header ltx_page_footer ltx_pagination ltx_TOC ltx_toclist ltx_rdf ltx_listing_data"
    " ltx_role_footnotemark ltx_dates ltx_author_before ltx_equation_note".split()
)
_BLOCK_TAGS = frozenset(
    "article section div p h1 h2 h3 h4 h5 h6 ul ol dl dt dd li table figure figcaption blockquote pre main body"
    " center details summary address".split()
)
_BLOCK_CLASSES = frozenset(
    "ltx_p ltx_para ltx_tabular ltx_equation ltx_equationgroup ltx_title ltx_caption ltx_listing ltx_item ltx_bibitem"
    " ltx_abstract ltx_authors ltx_theorem ltx_proof ltx_itemize ltx_enumerate ltx_description ltx_figure ltx_table"
    " ltx_float ltx_logical-block ltx_verbatim ltx_biblist ltx_bibliography ltx_section ltx_acknowledgements"
    " ltx_keywords ltx_classification".split()
)
HEADING = re.compile(r"h([1-6])$")
LEVELS = {
    f"ltx_title_{name}": level
    for level, names in enumerate(
        (
            "part chapter section appendix bibliography acknowledgements",
            "subsection",
            "subsubsection",
        ),
        start=1,
    )
    for name in names.split()
} | {"ltx_title_paragraph": 4, "ltx_title_subparagraph": 5}


def classes(element: Element) -> frozenset[str]:
    """The classes of an element."""
    return frozenset((element.get("class") or "").split())


def is_block(element: Element) -> bool:
    kinds = classes(element)
    if element.tag == "math":
        return bool(element.get("display") == "block")
    return bool(_BLOCK_CLASSES & kinds) or (element.tag in _BLOCK_TAGS and "ltx_note" not in kinds)


def holders_of(article: Element) -> set[Element]:
    """Every element that has a block in it."""
    found: set[Element] = set()
    for element in article.iter():
        if isinstance(element.tag, str) and is_block(element):
            parent = element.getparent()
            while parent is not None and parent not in found:
                found.add(parent)
                parent = parent.getparent()
    return found


def is_layout(element: Element) -> bool:
    """A figure or section within a table: then the table only sets things side by side."""
    return element.tag in ("figure", "section", "h1", "h2", "h3")


def kind_within(names: frozenset[str], kind: Kind) -> Kind:
    if "ltx_abstract" in names:
        return "abstract"
    if "ltx_theorem" in names:
        return "theorem"
    return "text" if "ltx_proof" in names else kind


def latex_of(element: Element) -> str:
    """The LaTeX of a `math` element: its `alttext`, else its TeX annotation, else its text."""
    alternative = element.get("alttext")
    if alternative:
        return str(alternative)
    for note in element.iter("annotation"):
        if "tex" in (note.get("encoding") or ""):
            return str(note.text or "")
    return str(element.text_content())


def equations_of(element: Element) -> Iterator[tuple[str, list[str]]]:
    """Each display with the numbers printed beside it; an alignment under one number is one."""
    rows = element.xpath(".//*[contains(concat(' ', @class, ' '), ' ltx_eqn_row ')]")
    lines: list[str] = []
    numbers: list[str] = []
    for row in rows or [element]:
        found = [maths.cleaned(latex_of(each)) for each in row.iter("math")]
        tags = [
            tag.text_content().strip().strip("()")
            for tag in row.xpath(".//*[contains(@class, 'ltx_tag_equation')]")
        ]
        if tags and numbers and lines:
            yield r" \\ ".join(lines), numbers
            lines, numbers = [], []
        lines += [" ".join(found)] if found else []
        numbers += tags
    if lines:
        yield r" \\ ".join(lines), numbers
