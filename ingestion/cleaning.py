"""Metadata text as authors typed it becomes plain text; maths stays as LaTeX."""

import logging
import re
import unicodedata
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pylatexenc.latex2text import LatexNodes2Text
    from pylatexenc.macrospec import LatexContextDb

# Control characters but white space; soft hyphen, zero-width space, word joiner, BOM; every bidi
# control; annotation, shorthand and musical controls; lone surrogates, noncharacters, the private
# planes, and the invisible tag characters, which can carry hidden instructions. The joiners U+200C
# and U+200D stay: Persian and Indic scripts are spelt with them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff0-\ufffb\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
    "\U000f0000-\U0010ffff]"
)
# Joiners and variation selectors come one or two at a time (in an emoji both); longer runs spell
# hidden bytes.
_SMUGGLED = re.compile("[\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef]{3,}")
# A terminal's commands (ECMA-48): CSI with its parameters, OSC and its kin up to their end on the same
# line, and two-character escapes.
_TERMINAL = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"
    "|(?:\x1b[\\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\n\r\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x9c|\x1b\\\\)"
    "|\x1b[ -/]*[0-OQ-WYZ\\\\`-~]"
)
_LINE_END = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_SEPARATOR = re.compile("[\x1c-\x1f]")
MATHS = re.compile(
    r"(\$\$.+?\$\$|(?<!\\)\$[^$]+?(?<!\\)\$|\\\(.+?\\\)|\\\[.+?\\\]"
    r"|\\begin\{(?:equation|align|gather|multline|eqnarray|displaymath|math)\*?\}.+?\\end\{\w+\*?\}"
    r"|[_^]\{[^{}]*\})",
    re.DOTALL,
)
_ACCENT = (
    r"""\\(?:["'`^~=.]|[uvHtcdbkr](?![A-Za-z]))\s*"""
    r"(?:\{\s*(?:\\[ij]|[A-Za-z])\s*\}|\\[ij](?![A-Za-z])\s?|[A-Za-z])"
)
_LETTER = r"\\(?:ss|ae|AE|oe|OE|aa|AA|o|O|l|L|i|j)(?![A-Za-z])(?:\{\}|\s+(?=\w))?"
_LETTERS = re.compile(rf"\{{\s*(?:{_ACCENT}|{_LETTER})\s*\}}|{_ACCENT}|{_LETTER}")
_STYLED = re.compile(r"\\(?:emph|text(?:it|bf|tt|sc|sf|rm))\{([^{}\\]*)\}")
_ESCAPED = re.compile(r"\\([%&_#$ ])")
_BARE_SPECIAL = re.compile(r"(?<!\\)[%&#]")
_TIE = re.compile(r"(?<=[\w.])~(?=[\w$\\])")
_MOST_FORMULAS = 0xFFFF
_HELD = re.compile("[\U000f0000-\U000fffff]")


def printable(text: str) -> str:
    """The text without anything that acts on a terminal or a page unseen; lines and tabs stay.

    A terminal's commands go whole, colours among them; every kind of line end becomes a line feed, so
    that nothing is overwritten; direction controls, invisible characters and runs of joiners that hide
    bytes go. For all that is shown and was written by others: titles, names of files, quotes, a
    program's output. Applied twice it changes nothing more, and the result can be encoded as UTF-8.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _LINE_END.sub("\n", _TERMINAL.sub("", text))
    return _SMUGGLED.sub("", _UNSEEN.sub("", _SEPARATOR.sub(" ", text)))


def clean_text(text: str) -> str:
    r"""One line of plain Unicode text (NFC) from a title, abstract, name or comment.

    LaTeX accents and text commands are resolved, maths (`$…$`, `\(…\)`, `\[…\]`, equation
    environments) is kept as typed, HTML entities and mis-decoded UTF-8 are mended, invisible
    characters go, and runs of white space become one space. Never raises; text whose LaTeX cannot
    be parsed keeps its commands.
    """
    text = printable(text)
    if "&" in text or not text.isascii():
        text = _mend_encoding(text)
    if "\\" in text or "~" in text or "``" in text:
        text = _resolve_prose(text)
    return " ".join(text.split())


def without_maths(text: str) -> str:
    """The prose of a cleaned text: each formula becomes a space."""
    return MATHS.sub(" ", text) if "$" in text or "\\" in text else text


def _mend_encoding(text: str) -> str:
    # ftfy changes text only where its heuristic finds mis-decoded UTF-8, and resolves only entities
    # that end in a semicolon, so R&D and correct accents stay as they are.
    from ftfy import fix_encoding
    from ftfy.fixes import unescape_html

    mended = text if text.isascii() else fix_encoding(text)
    if "&" in mended:
        mended = unescape_html(mended)
    return printable(unicodedata.normalize("NFC", mended))


def _resolve_prose(text: str) -> str:
    formulas: list[str] = []

    def hold(match: re.Match[str]) -> str:
        formulas.append(match.group())
        return chr(0xF0000 + len(formulas) - 1)

    # One private character stands for each formula; clean_text has removed those of the text.
    prose = _resolve_commands(MATHS.sub(hold, text, count=_MOST_FORMULAS))
    return _HELD.sub(lambda match: formulas[ord(match.group()) - 0xF0000], prose)


def _resolve_commands(prose: str) -> str:
    prose = _TIE.sub(" ", prose)
    if "``" in prose:
        prose = prose.replace("``", "“").replace("''", "”")
    # Accents, escapes and styles are most of the commands; they need no parse, which takes 2 ms.
    prose = _LETTERS.sub(lambda match: _resolve_letter(match.group()), prose)
    prose = _STYLED.sub(r"\1", prose)
    plain = _ESCAPED.sub(r"\1", prose)
    if "\\" not in plain:
        return plain
    # Abstracts write %, & and ~ as themselves; in LaTeX they comment, end a cell and tie two words.
    escaped = _BARE_SPECIAL.sub(r"\\\g<0>", prose).replace("~", r"\textasciitilde{}")
    return _latex_to_text(escaped)


@lru_cache(maxsize=4096)
def _resolve_letter(command: str) -> str:
    return _latex_to_text(command)


def _latex_to_text(latex: str) -> str:
    commands, converter = _converter()
    try:
        return str(converter.latex_to_text(latex, latex_context=commands))
    except (RecursionError, LookupError, ValueError, AttributeError, TypeError):
        # Hundreds of nested braces, or a command without its arguments: the source stays readable.
        return latex


_DECLARATIONS = ("bf", "it", "em", "rm", "sf", "tt", "sc", "sl", "displaystyle", "xspace")
# \name: its arguments in pylatexenc's notation, and what is shown of them.
_COMMANDS = {
    **dict.fromkeys(("cite", "citet", "citep", "parencite"), ("[[{", "[…]")),
    **dict.fromkeys(("ref", "eqref"), ("{", "[…]")),
    **dict.fromkeys(("label", "footnotemark"), ("{", "")),
    "href": ("{{", "%(2)s"),
    "textcolor": ("{{", "%(2)s"),
    **dict.fromkeys(("SI", "qty"), ("{{", "%(1)s %(2)s")),
    **dict.fromkeys(_DECLARATIONS, ("", "")),
}


@cache
def _converter() -> "tuple[LatexContextDb, LatexNodes2Text]":
    from pylatexenc import latex2text, latexwalker
    from pylatexenc.macrospec import MacroSpec

    # It warns of every command that lacks its arguments; those are kept as typed.
    logging.getLogger("pylatexenc").setLevel(logging.CRITICAL)

    def readable(node: Any, l2tobj: Any) -> str:
        arguments = [each for each in node.nodeargd.argnlist if each] if node.nodeargd else []
        return str(l2tobj.nodelist_to_text(arguments) or node.macroname + node.macro_post_space)

    specs = [MacroSpec(name, arguments) for name, (arguments, _) in _COMMANDS.items()]
    shown = [latex2text.MacroTextSpec(name, text) for name, (_, text) in _COMMANDS.items()]
    commands = latexwalker.get_default_latex_context_db()
    commands.add_context_category("abstracts", specs, prepend=True)
    texts = latex2text.get_default_latex_context_db()
    texts.add_context_category("abstracts", shown, prepend=True)
    # A paper's own macro, such as \ours, reads best as its name.
    texts.set_unknown_macro_spec(latex2text.MacroTextSpec("", simplify_repl=readable))
    return commands, latex2text.LatexNodes2Text(latex_context=texts, math_mode="verbatim")
