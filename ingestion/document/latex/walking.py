"""A walk over the nodes of a paper's LaTeX that writes its blocks."""

from collections.abc import Callable
from typing import Any

from ingestion.document.latex.commands import (
    CITING,
    CODE,
    DROPPED,
    FLOATS,
    HEADINGS,
    LISTS,
    REFERRED,
    TABULARS,
    UNSHOWN,
)
from ingestion.document.latex.listed import ReferenceWalker
from ingestion.document.latex.nodes import after, argument_of, captions_in, nodes_of, verbatim
from ingestion.document.writing import PARAGRAPH_LEVEL, Inline

_LISTED = {"enumerate": "{}.", "compactenum": "{}.", "inparaenum": "{}."}


class Walker(ReferenceWalker):
    """Writes the blocks of a paper."""

    def end(self) -> None:
        """Write what is still open, and the references that stand beside the text."""
        self._flush()
        if not self._listed:
            self._references_beside()

    def _macro(self, node: Any) -> None:
        name = node.macroname
        action = _ACTIONS.get(name)
        if action:
            action(self, node)
        elif name in HEADINGS:
            self._heading(node, HEADINGS[name])
        elif name in CITING:
            self._cite(node)
        elif name in REFERRED:
            self._refer(node)
        elif name in DROPPED:
            return
        else:
            self._shown(node)

    def _heading(self, node: Any, level: int) -> None:
        self._flush()
        title = self.inline(nodes_of(node, -1))
        if level < PARAGRAPH_LEVEL and not node.nodeargd.argnlist[0] and node.macroname != "part":
            counter = "section" if node.macroname == "chapter" else node.macroname
            self._noun, self._number = "Section", self._numbering.next(counter)
            appendix = "Appendix " if self._numbering.is_appendix and level == 1 else ""
            title = after(f"{appendix}{self._number} ", title)
        self._kind = "text"
        self.writer.write("heading", title, level=level)

    def _abstract(self, node: Any) -> None:
        self._flush()
        self.writer.write("abstract", self.inline(nodes_of(node, -1)))

    def _appendix(self, node: Any) -> None:
        self._flush()
        self._numbering.begin_appendix()

    def _listing(self, node: Any) -> None:
        number = argument_of(node)
        if self._within or not number.isdigit():
            return
        self._flush()
        kept = Inline()
        kept.text = "\n".join(
            line.rstrip() for line in self._listings[int(number)].splitlines() if line.strip()
        )
        self.writer.write("algorithm", kept)

    def _environment(self, node: Any) -> None:
        name = node.environmentname
        plain = name.rstrip("*")
        if name in TABULARS:
            self._table(node)
        elif self._within or name in UNSHOWN:
            if name not in UNSHOWN:
                self.visit(node.nodelist)
        elif name in FLOATS:
            self._float(node, FLOATS[name])
        elif plain in LISTS:
            self._list(node, plain)
        elif plain in self._known.theorems or plain in ("proof", "abstract"):
            self._statement(node, plain)
        elif name in CODE:
            self._code(verbatim(node.nodelist))
        elif name == "thebibliography":
            self._references(node.nodelist)
        elif name in ("minipage", "center", "threeparttable") and captions_in(node.nodelist):
            self._float(node, "figure")
        elif name == "appendices":
            self._numbering.begin_appendix()
            self.visit(node.nodelist)
        else:
            self.visit(node.nodelist)

    def _list(self, node: Any, name: str) -> None:
        self._flush()
        before, self._kind = self._kind, "list"
        number = 0
        for item in node.nodelist:
            if getattr(item, "macroname", "") == "item":
                self._flush()
                number += 1
                given = self.inline(nodes_of(item, -1)).text.strip()
                mark = _LISTED.get(name, "•").format(number)
                self._run = Inline(f"{mark} {given + ' ' if given and given not in '-–•*' else ''}")
                self._noun, self._number = "", str(number)
            elif number or type(item).__name__ != "LatexCharsNode":
                self._node(item)
        self._flush()
        self._kind = before

    def _statement(self, node: Any, name: str) -> None:
        """An abstract, a theorem with its number and title, a proof."""
        self._flush()
        before = self._kind
        given = self.inline(nodes_of(node, -1)).text.strip() if name not in ("abstract",) else ""
        if name == "abstract":
            self._kind = "abstract"
        elif name == "proof":
            self._run = Inline(f"{given or 'Proof'}. ")
        else:
            printed, _ = self._known.theorems[name]
            starred = node.environmentname.endswith("*")
            self._noun, self._number = printed, "" if starred else self._numbering.next(name)
            head = f"{printed} {self._number}".strip() + (f" ({given})" if given else "")
            self._kind, self._run = "theorem", Inline(f"{head}. ")
        self.visit(node.nodelist)
        self._flush()
        self._kind = before


_ACTIONS: dict[str, Callable[[Walker, Any], None]] = {
    **dict.fromkeys(("footnote", "footnotetext", "endnote"), Walker._note),
    **dict.fromkeys(
        ("\\", "newline", "linebreak", "xspace", "quad", "qquad", "hfill", "tabularnewline"),
        Walker._break,
    ),
    **dict.fromkeys(
        ("par", "newpage", "clearpage", "maketitle", "smallskip", "medskip", "bigskip"),
        Walker._paragraph_break,
    ),
    **dict.fromkeys(("url", "path", "nolinkurl"), Walker._address),
    **dict.fromkeys(("caption", "captionof", "subcaption"), Walker._caption),
    **dict.fromkeys(
        ("title", "icmltitle", "author", "icmlauthor", "Author", "tag", "bibitem"), Walker._nothing
    ),
    **dict.fromkeys(("diagbox", "SI", "qty"), Walker._both),
    **dict.fromkeys(("bibliography", "printbibliography"), Walker._beside),
    **dict.fromkeys(("subfloat", "subfigure"), Walker._panel),
    "texorpdfstring": Walker._first,
    "label": Walker._label,
    "abstract": Walker._abstract,
    "ding": Walker._dingbat,
    "appendix": Walker._appendix,
    "keptlisting": Walker._listing,
    "keptmaths": Walker._maths,
}
