"""Text by others, shown as text: papers, file names and models cannot put markup onto the page."""

import html
import re
from collections.abc import Collection

from ingestion.cleaning import printable
from ingestion.formulas import is_harmless

CELLS_APART = " | "
"""Between the cells of a table's row in a document's text."""

_FORMULA = re.compile(
    r"\$\$(.+?)\$\$|(?<!\\)\$([^$]+?)(?<!\\)\$|\\\((.+?)\\\)|\\\[(.+?)\\\]", re.DOTALL
)
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_WORD_JOINER = "\u2060"


def as_html(text: str) -> str:
    """Text for an HTML element or attribute: every character that can be seen stands for itself."""
    return html.escape(printable(text), quote=True)


def escaped(text: str) -> str:
    """Text for Markdown: every character that can be seen stands for itself, on one line.

    A word joiner behind each colon keeps Streamlit from reading `:name:` as an icon and from making links.
    """
    one_line = " ".join(printable(text).split())
    return _PUNCTUATION.sub(r"\\\1", one_line).replace(":", ":" + _WORD_JOINER)


def with_maths(text: str) -> str:
    """Text for Markdown in which harmless, well-formed formulas are set as such; the rest is escaped."""
    text = printable(text)
    pieces, end = [], 0
    for match in _FORMULA.finditer(text):
        formula = next(group for group in match.groups() if group is not None).strip()
        if not is_harmless(formula):
            continue
        pieces += [escaped_piece(text[end : match.start()]), f"${formula}$"]
        end = match.end()
    return "".join([*pieces, escaped_piece(text[end:])]).strip()


def escaped_piece(text: str) -> str:
    """`escaped`, with a blank kept at either end so that words beside a formula stay apart."""
    left = " " if text[:1].isspace() else ""
    right = " " if text[-1:].isspace() and text.strip() else ""
    return left + escaped(text) + right


def set_latex(latex: str) -> str:
    """A display as KaTeX sets it: several lines need an environment around them."""
    several = "\\\\" in latex or re.search(r"(?<!\\)&", latex)
    inside = re.search(r"\\begin\{(?:aligned|split|gathered|cases|array|[bpv]?matrix)\}", latex)
    return rf"\begin{{aligned}}{latex}\end{{aligned}}" if several and not inside else latex


def table_html(passage: str, row: str, cells: Collection[int] = ()) -> str:
    """A table of stored text as HTML: a line a row, its caption above; of the quoted row the cells are marked.

    Args:
        passage: Stored text of the table.
        row: The quoted line.
        cells: Places from 0 of its cells to mark; empty: all of them.
    """
    caption: list[str] = []
    rows: list[str] = []
    for line in passage.split("\n"):
        if CELLS_APART in line or rows:
            shown = "".join(
                f"<td>{_table_cell(each, marked=line == row and (not cells or place in cells))}</td>"
                for place, each in enumerate(line.split(CELLS_APART))
            )
            rows.append(f"<tr>{shown}</tr>")
        else:
            caption.append(line)
    told = as_html(" ".join(line for line in caption if line))
    return f'<figure class="quoted"><figcaption>{told}</figcaption><table>{"".join(rows)}</table></figure>'


def _table_cell(text: str, *, marked: bool) -> str:
    shown = as_html(text.strip())
    return f"<mark>{shown}</mark>" if marked and shown else shown
