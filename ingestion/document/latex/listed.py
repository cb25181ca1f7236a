r"""A walk that knows lists of references: `\bibitem`s in the text, or entries that stand beside it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ingestion.document.bibliography import reference_of_fields
from ingestion.document.blocks import Reference
from ingestion.document.latex.floats import FloatWalker
from ingestion.document.latex.nodes import all_of, argument_of, nodes_of, parted, verbatim
from ingestion.document.references import reference_of
from ingestion.document.writing import Inline


class ReferenceWalker(FloatWalker):
    """Walks over lists of references too."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._listed = False

    def _references(self, nodes: Sequence[Any]) -> None:
        self._flush()
        self._listed = True
        self.writer.write("heading", "References", level=1)
        entries: list[tuple[Any, list[Any]]] = []
        for node in nodes:
            if getattr(node, "macroname", "") == "bibitem":
                entries.append((node, []))
            elif entries:
                entries[-1][1].append(node)
        for number, (item, content) in enumerate(entries, start=1):
            self._reference(item, content, number)
        self._notes = []

    def _reference(self, item: Any, nodes: Sequence[Any], number: int) -> None:
        parts = [self.inline(part).text.strip() for part in parted(nodes, "newblock")]
        parts = [part for part in parts if part]
        key = argument_of(item)
        given = self.inline(nodes_of(item, 0)).text.strip("{} ")
        links = re.findall(r"https?://[^\s{}]+", verbatim(nodes))
        reference = reference_of(parts, key=key, label=_short(given) or str(number), links=links)
        reference = _with_fields(reference, nodes, self.inline)
        self._learned.printed[key] = _printed(reference, number)
        text = f"[{reference.label}] {' '.join(parts)}"
        self.writer.write("reference", text, content=reference)

    def _beside(self, node: Any) -> None:
        self._flush()
        self._references_beside()

    def _references_beside(self) -> None:
        """References from a `.bib` or biber's `.bbl`, in the order in which the text cites them."""
        entries = self._learned.entries
        keys = [key for key in self._learned.cited if key in entries]
        if not keys or self._listed:
            return
        self._listed = True
        self.writer.write("heading", "References", level=1)
        for number, key in enumerate(keys, start=1):
            reference, text = reference_of_fields(key, entries[key], self.text_of)
            self._learned.printed[key] = str(number)
            labelled = replace(reference, label=str(number))
            self.writer.write("reference", f"[{number}] {text}", content=labelled)


def _short(label: str) -> str:
    """natbib's label without the full list of authors behind the year."""
    found = re.match(r"(.*?\(\d{4}\w?\))", label)
    return found[1] if found else label


def _printed(reference: Reference, number: int) -> str:
    """What a citation prints: names and year where the list is labelled so, else the number."""
    named = re.match(r"(.+?)\s*\((\d{4}\w?)\)$", reference.label)
    if named:
        return f"{named[1]}, {named[2]}"
    return reference.label or str(number)


def _with_fields(
    reference: Reference, nodes: Sequence[Any], inline: Callable[[Sequence[Any] | None], Inline]
) -> Reference:
    r"""REVTeX and ACM mark title and year: `\bibinfo{title}{…}`."""
    found = {
        verbatim(nodes_of(node, 0)).strip("{}"): inline(nodes_of(node, -1)).text.strip(" .,")
        for node in all_of(nodes)
        if getattr(node, "macroname", "") in ("bibinfo", "bibfield")
    }
    year = found.get("year", "")
    return replace(
        reference,
        title=found.get("title") or reference.title,
        year=int(year) if year.isdigit() else reference.year,
    )
