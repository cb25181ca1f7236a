"""A walk that knows floats: captions stand before what they name, panels keep their float's, tables have theirs."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ingestion.document.latex import code
from ingestion.document.latex.commands import CODE
from ingestion.document.latex.nodes import (
    after,
    all_of,
    captions_in,
    is_caption,
    is_environment,
    nodes_of,
    verbatim,
    without_captions,
)
from ingestion.document.latex.tables import raw_rows
from ingestion.document.latex.text import TextWalker
from ingestion.document.tables import write_table
from ingestion.document.writing import Inline

_NAMES = {"table": "Table", "figure": "Figure", "algorithm": "Algorithm"}
_LONG_TABLES = frozenset("longtable xltabular longtblr longtabu supertabular".split())


class FloatWalker(TextWalker):
    """Walks over floats and tables too."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._captions: list[str] = []
        self._panels = 0
        self._written: set[int] = set()

    @contextmanager
    def _captioned(self) -> Iterator[None]:
        """Captions written within belong to what stands within."""
        outer = list(self._captions)
        yield
        self._captions = outer

    def _float(self, node: Any, kind: str) -> None:
        self._flush()
        before, self._kind = self._kind, "figure"
        with self._captioned():
            if kind != "panel":
                self._panels, self._captions = 0, []
            self._scope(node.nodelist, kind)
            self._flush()
        self._kind = before

    def _scope(self, nodes: Sequence[Any], kind: str) -> None:
        """A float's one caption before its content; where it has several, each part with its own."""
        captions = captions_in(nodes)
        own = [each for each in nodes if is_caption(each)]
        if len(captions) <= 1 or (len(own) == 1 and len(captions) == 1):
            for caption in captions:
                self._write_caption(caption, kind)
            self._content(nodes, kind)
            return
        for node in nodes:
            inner = getattr(node, "nodelist", None)
            if is_caption(node):
                self._captions = self._captions[:1] if kind == "panel" else []
                self._write_caption(node, kind)
            elif inner and len(captions_in([node])):
                with self._captioned():
                    self._scope(inner, kind)
            else:
                self._content([node], kind)

    def _content(self, nodes: Sequence[Any], kind: str) -> None:
        rest = without_captions(nodes)
        if kind == "algorithm" and not any(is_environment(each, CODE) for each in all_of(rest)):
            listed = any(getattr(each, "macroname", "") == "keptlisting" for each in all_of(rest))
            if not listed:
                self._code(verbatim(rest))
                return
        self.visit(rest)

    def _write_caption(self, node: Any, kind: str) -> None:
        self._written.add(id(node))
        if node.macroname == "captionof":
            kind = verbatim(nodes_of(node, 1)).strip("{}").rstrip("*")
        caption = self.inline(nodes_of(node, -1))
        if kind == "panel" or node.macroname == "subcaption":
            self._write_panel_caption(caption)
            return
        starred = node.nodeargd.argnlist[0] is not None
        name = _NAMES.get(kind, kind.capitalize())
        self._noun, self._number = name, "" if starred else self._numbering.next(kind)
        self._add_caption(after(f"{name} {self._number}: " if self._number else "", caption))

    def _write_panel_caption(self, caption: Inline) -> None:
        self._panels += 1
        self._number = f"{self._number.split('(')[0]}({chr(96 + min(self._panels, 26))})"
        self._add_caption(after(f"({chr(96 + min(self._panels, 26))}) ", caption))

    def _add_caption(self, caption: Inline) -> None:
        self._captions.append(caption.text.strip())
        self.writer.write("caption", caption)
        notes, self._notes = self._notes, []
        for note in notes:
            self.writer.write("footnote", note)

    def _panel(self, node: Any) -> None:
        r"""`\subfloat[caption]{content}`."""
        given = [each for each in node.nodeargd.argnlist[:-1] if each is not None]
        with self._captioned():
            if given and not self._within:
                self._flush()
                self._write_panel_caption(self.inline(given[-1:]))
            self.visit(nodes_of(node, -1))
            self._flush()

    def _caption(self, node: Any) -> None:
        if id(node) in self._written:
            return
        self._flush()
        self._write_caption(node, "figure")

    def _table(self, node: Any) -> None:
        if self._within:
            for row in raw_rows(node.nodelist, self.inline):
                self._run.add(" ".join(["", *(cell.text for cell in row), ""]))
            return
        self._flush()
        with self._captioned():
            if node.environmentname in (
                "longtable",
                "xltabular",
                "longtblr",
                "longtabu",
                "supertabular",
            ):
                for caption in captions_in(node.nodelist)[:1]:
                    self._write_caption(caption, "table")
            rows = raw_rows([each for each in node.nodelist if not is_caption(each)], self.inline)
            write_table(self.writer, rows, " ".join(self._captions), spans_repeat=True)
        self._notes = []

    def _code(self, latex: str) -> None:
        kept = Inline()
        kept.text = "\n".join(text for line in code.lines_of(latex) if (text := self.text_of(line)))
        self.writer.write("algorithm", kept)
