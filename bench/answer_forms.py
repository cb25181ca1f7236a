"""The same questions over the same papers in several forms: LaTeXML's HTML, LaTeX source, plain text without structure.

The plain text is made from the HTML by a few lines that share nothing with the reader: what a person gets who selects
the article in a browser, copies it, and loses what was a table or an equation. A table's row is a line of its cells, a
formula is its signs in a row, and nothing says which column a number stands in.
"""

import re
import shutil
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, get_args

from lxml import html

from bench.answer_sets import SHARED, Task
from bench.answer_systems import RUNS, Program

SourceForm = Literal["html", "latex", "text"]
FORMS: tuple[SourceForm, ...] = get_args(SourceForm)
_PLACES = {"html": ("html", ".html"), "latex": ("latex", ".tex"), "text": ("html", ".html")}
_UNSEEN = "script|style|nav|header|footer|annotation|annotation-xml".split("|")
_PARAGRAPHS = frozenset(
    "p h1 h2 h3 h4 h5 h6 li table figure figcaption blockquote pre dt dd".split()
)
_LINES = frozenset("tr br div section".split())


class InForm:
    """This program, asked about the papers in one form.

    Args:
        form: Of the papers.
        program: Shared by all forms.
        folder: Holds `html/` and `latex/`; None: the shared papers.
    """

    def __init__(self, form: SourceForm, program: Program, folder: Path | None) -> None:
        self.name: str = form
        self._form: SourceForm = form
        self._program = program
        self._folder = folder

    def answer(self, task: Task) -> tuple[dict[str, Any], float, float | None]:
        """See `bench.answer_systems.System`."""
        file = file_in(self._form, task.paper, self._folder)
        return self._program.answer(replace(task, paper=f"{task.paper} in {self._form}", file=file))

    def close(self) -> None:
        """The program is ended by whoever started it."""


def file_in(form: SourceForm, paper: str, folder: Path | None = None) -> Path:
    """A copy of a paper in a form, under a name without an arXiv id: forms of one paper are papers of their own then.

    Raises:
        SystemExit: The paper is not there in this form.
    """
    place, ending = _PLACES[form]
    source = (folder or SHARED) / place / f"{paper}{ending}"
    if not source.exists():
        raise SystemExit(f"{source} is missing: name the folder of html/ and latex/ with --papers")
    copy = RUNS / "forms" / f"paper {paper.replace('.', '-')}{'.txt' if form == 'text' else ending}"
    copy.parent.mkdir(parents=True, exist_ok=True)
    if form == "text":
        copy.write_text(plain_text(source.read_text("utf-8")), "utf-8")
    else:
        shutil.copyfile(source, copy)
    return copy


def plain_text(page: str) -> str:
    """The text of a page of LaTeXML's, without structure: paragraphs parted by empty lines, rows of tables as lines."""
    tree = html.fromstring(page)
    article = next(iter(tree.xpath("//article")), tree)
    for unseen in article.xpath("|".join(f".//{name}" for name in _UNSEEN)):
        unseen.drop_tree()
    text = "".join(_pieces(article))
    lines = [" ".join(line.split()) for line in unicodedata.normalize("NFKC", text).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def _pieces(element: Any) -> Iterator[str]:
    tag = element.tag if isinstance(element.tag, str) else ""
    around = "\n\n" if tag in _PARAGRAPHS else "\n" if tag in _LINES else ""
    yield around
    if tag:
        yield (element.text or "").replace("\n", " ")
        for child in element:
            yield from _pieces(child)
    yield around or (" " if tag in ("td", "th") else "")
    yield (element.tail or "").replace("\n", " ")
