"""Text by others in a document of this program's: whatever it holds, it is text there and no markup."""

import html as _html
import re

from ingestion.cleaning import printable

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+!|~$&])")
_LIST_OPENING = re.compile(r"^(\d+)([.)])(?=\s|$)|^([-=:])(?=\s|$)")
# What a spreadsheet takes for a formula, or for blank space before one (OWASP, CSV Injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def one_line(text: str) -> str:
    """Text without control characters, its blank space made single."""
    return " ".join(printable(text).split())


def markdown(text: str) -> str:
    """Text for a line or a table cell of Markdown."""
    escaped = _MARKDOWN.sub(r"\\\1", one_line(text))
    return _LIST_OPENING.sub(lambda m: f"{m[1]}\\{m[2]}" if m[1] else f"\\{m[3]}", escaped)


def html(text: str) -> str:
    """Text for an HTML element or attribute."""
    return _html.escape(one_line(text), quote=True)


def latex(text: str) -> str:
    r"""Text for LaTeX: no command and no formula in it runs, `\write18` and `$` stand as typed."""
    from pylatexenc.latexencode import unicode_to_latex

    encoded: str = unicode_to_latex(
        one_line(text), unknown_char_policy="unihex", unknown_char_warning=False
    )
    return encoded


def spreadsheet(text: str) -> str:
    """Text for a cell of a spreadsheet or CSV: a leading apostrophe keeps it from being a formula."""
    plain = one_line(text)
    return f"'{plain}" if plain.startswith(_FORMULA) else plain
