r"""LaTeX source as a document: joined, expanded, parsed by pylatexenc, walked twice.

The first walk learns what `\ref` and `\cite` mean, the second writes.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from ingestion.document import bibliography
from ingestion.document.authors import names_in
from ingestion.document.document import Document
from ingestion.document.latex.commands import context
from ingestion.document.latex.formulas import Formulas
from ingestion.document.latex.macros import (
    Definitions,
    Expander,
    argument,
    branches_chosen,
    option,
    taken_out,
)
from ingestion.document.latex.source import Source, joined, preamble_and_body, without_comments
from ingestion.document.latex.text import Learned
from ingestion.document.latex.walking import Walker

PARSER = f"pylatexenc {version('pylatexenc')}"

_BIBLIOGRAPHY = re.compile(r"\\(?:bibliography\s*\{[^{}]*\}|printbibliography(?:\[[^\]]*\])?)")
_CITED = re.compile(r"\\\w*[cC]ite\w*\*?(?:\[[^\]]*\])*\{([^{}]*)\}")
_PARTIAL_RULE = re.compile(
    r"\\(?:cmidrule|cline)\s*(?:\[[^\]]*\])?(?:\([^)]*\))?\s*\{[^{}]*\}(?:\([^)]*\))?"
)
_LENGTH = (
    r"-?(?:[\d.]*\\(?:(?:line|text|column|paper)(?:width|height)|baselineskip|parindent|parskip)"
    r"|[\d.]+\s*(?:pt|in|cm|mm|em|ex|ptx|bp|pc|sp|fill?l?))(?![A-Za-z])"
)
_SET_LENGTHS = re.compile(
    rf"\\(?:vskip|hskip|kern|mskip|hrule|vrule|parskip|parindent|tabcolsep|baselineskip|topsep|itemsep|intextsep)"
    rf"(?![A-Za-z])(?:\s*(?:=|to|height|depth|width|plus|minus)?\s*{_LENGTH})+|\\hbox\s+to\s*{_LENGTH}"
)
_TITLE = re.compile(r"\\(?:icmltitle|title|papertitle)(?![A-Za-z])")
_ABSTRACT = re.compile(r"\\abstract(?=\s*\{)")
_AUTHOR = re.compile(r"\\(?:icmlauthor|author|Author|authors)(?![A-Za-z])")
_NO_NAME = re.compile(
    r"\\(?:thanks|footnote|footnotemark|textsuperscript|inst|affiliation|affil|email|orcid\w*|IEEE\w+|institute"
    r"|texttt|url|href|label|address|tnoteref|fnref|corref|fntext|cortext|ead)\*?(?:\[[^\]]*\])?(?:\{(?:[^{}]|\{[^{}]*\})*\})*"
    r"|\$[^$]*\$|\\keptmaths\{\d+\}"
)
_AUTHOR_BREAK = re.compile(
    r"\\(?:and|AND|And|\\)(?![A-Za-z])|\\(?:quad|qquad|hspace\*?\{[^{}]*\}|hfill|newline|\s)"
)

logging.getLogger("pylatexenc").setLevel(logging.CRITICAL)  # it tells of every slip of an author


def read_latex(files: Mapping[str, bytes]) -> Document:
    """The document of a paper's source files.

    Args:
        files: Names within the archive to contents, untrusted; one alone is the paper.

    Raises:
        NoPaper: No file holds LaTeX.
        TooLarge: The files include one another beyond any paper's size.
        RecursionError: Groups stand in one another beyond any real paper's depth.
    """
    texts = {name: _decoded(data) for name, data in files.items() if _is_text(name)}
    source = joined(texts)
    known = Definitions()
    text = taken_out(branches_chosen(_with_bbl(source, texts)), known)
    expand = Expander(known).expanded
    preamble, body = preamble_and_body(text)
    formulas = Formulas()
    preamble = expand(preamble)
    body = _abstract_in(preamble) + _SET_LENGTHS.sub(" ", _PARTIAL_RULE.sub(" ", expand(body)))
    body = formulas.taken_out(body)
    nodes = parsed(body, known)
    learned = Learned(entries=_entries(source, texts, body))
    _walker(known, source, formulas, learned).visit(nodes)
    walker = _walker(known, source, formulas, learned)
    walker.visit(nodes)
    walker.end()
    title, authors = _front(preamble + body, walker)
    notices = (
        [f"{len(source.missing)} files that it includes are not there"] if source.missing else []
    )
    return walker.writer.document(title, authors, PARSER, notices)


def _walker(known: Definitions, source: Source, formulas: Formulas, learned: Learned) -> Walker:
    def parse(latex: str) -> Sequence[Any]:
        return parsed(formulas.taken_out(latex), known)

    return Walker(known, source.listings, formulas, learned, parse)


def _is_text(name: str) -> bool:
    return (
        name.lower().endswith((".tex", ".ltx", ".latex", ".bbl", ".bib", ".sty", ".txt"))
        or "." not in name
    )


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def parsed(latex: str, known: Definitions) -> Sequence[Any]:
    """The nodes of a stretch of LaTeX; what cannot be parsed is passed over."""
    from pylatexenc.latexwalker import LatexWalker

    commands = context(tuple(sorted(known.theorems)))
    nodes, _, _ = LatexWalker(
        latex, latex_context=commands, tolerant_parsing=True
    ).get_latex_nodes()
    found: Sequence[Any] = nodes
    return found


def _with_bbl(source: Source, texts: Mapping[str, str]) -> str:
    """The paper's text with BibTeX's list of references where it is printed."""
    bbl = bibliography.bbl_of(texts, source.main)
    if "\\bibitem" not in bbl:
        return source.text
    listed = without_comments(bbl)
    if not _BIBLIOGRAPHY.search(source.text):
        return re.sub(r"(?=\\end\s*\{document\})|\Z", lambda _: listed, source.text, count=1)
    return _BIBLIOGRAPHY.sub(lambda _: listed, source.text, count=1)


def _entries(source: Source, texts: Mapping[str, str], body: str) -> dict[str, dict[str, str]]:
    """Entries of biber's `.bbl`, or of the `.bib` files, that the text may cite."""
    if "\\bibitem" in body:
        return {}
    entries = bibliography.biber_fields(bibliography.bbl_of(texts, source.main))
    if entries:
        return entries
    keys = {
        key.strip()
        for group in re.findall(r"\\\w*[cC]ite\w*\*?(?:\[[^\]]*\])*\{([^{}]*)\}", body)
        for key in group.split(",")
    }
    return bibliography.bib_fields(
        (texts[name] for name in sorted(texts) if name.lower().endswith(".bib")), keys
    )


def _abstract_in(preamble: str) -> str:
    """An abstract that a class wants before the document, as a command of the document."""
    given = _ABSTRACT.search(preamble)
    return rf"\abstract{{{_argument_of(preamble, given.end())}}}" + "\n\n" if given else ""


def _front(text: str, walker: Walker) -> tuple[str, list[str]]:
    """Title and authors, wherever the paper's class wants them."""
    titles = [_argument_of(text, match.end()) for match in _TITLE.finditer(text)]
    title = next((walker.text_of(each) for each in titles if each.strip()), "")
    names: list[str] = []
    for match in _AUTHOR.finditer(text):
        printed = _AUTHOR_BREAK.sub("\n", _NO_NAME.sub("   ", _argument_of(text, match.end())))
        names += [
            name
            for line in printed.split("\n")
            for name in names_in(walker.text_of(line, keep_gaps=True))
        ]
    return re.sub(r"\s*\\\\\s*", " ", title).strip(), list(dict.fromkeys(names))


def _argument_of(text: str, place: int) -> str:
    optional = option(text, place)
    found = argument(text, optional[1] if optional else place)
    return found[0] if found else ""
