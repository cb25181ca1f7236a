"""A walk over the nodes of a paper's LaTeX: text, formulas, citations and references within its paragraphs."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ingestion.document import maths
from ingestion.document.blocks import Equation, Kind
from ingestion.document.latex.commands import shown_as, texts
from ingestion.document.latex.formulas import Formulas, display
from ingestion.document.latex.macros import Definitions
from ingestion.document.latex.nodes import argument_of, nodes_of, verbatim
from ingestion.document.latex.numbering import Numbering
from ingestion.document.writing import Inline, Writer

_PARAGRAPH = re.compile(r"\n[^\S\n]*\n")
_DINGBATS = {"51": "✓", "52": "✓", "53": "✕", "54": "✕", "55": "✗", "56": "✗"}
_SPECIALS = {"~": " ", "--": "–", "---": "—", "``": "“", "''": "”", "&": " ", "!`": "¡", "?`": "¿"}
_ACCENTS = frozenset("uvHtcdbkr")


@dataclass
class Learned:
    """What a first walk finds for the second.

    Args:
        entries: Fields of the references that stand beside the text, by key.
        labels: Label to what it stands at, as `Table`, and the number that is printed for it.
        printed: Citation key to what a citation prints for it, such as `12` or `Vaswani et al., 2017`.
        cited: Citation keys in the order in which the text cites them first.
    """

    entries: dict[str, dict[str, str]] = field(default_factory=dict)
    labels: dict[str, tuple[str, str]] = field(default_factory=dict)
    printed: dict[str, str] = field(default_factory=dict)
    cited: dict[str, None] = field(default_factory=dict)


class TextWalker:
    """Walks over what stands in paragraphs; its heirs know the rest.

    Args:
        known: What the paper defines.
        listings: Its verbatim text.
        formulas: Its formulas.
        learned: What an earlier walk found; added to.
        parse: Nodes of a stretch of LaTeX.
    """

    def __init__(
        self,
        known: Definitions,
        listings: Sequence[str],
        formulas: Formulas,
        learned: Learned,
        parse: Callable[[str], Sequence[Any]],
    ) -> None:
        self.writer = Writer("latex")
        self._known = known
        self._listings = listings
        self._formulas = formulas
        self._learned = learned
        self._parse = parse
        self._numbering = Numbering(known)
        self._run = Inline()
        self._kind: Kind = "text"
        self._within = 0
        self._noun, self._number = "", ""
        self._notes: list[Inline] = []

    def visit(self, nodes: Sequence[Any] | None) -> None:
        """Walk over nodes in their order."""
        for node in nodes or ():
            if node is not None:
                self._node(node)

    def text_of(self, latex: str, *, keep_gaps: bool = False) -> str:
        """A stretch of LaTeX as one line of text; wide gaps stay where they part names."""
        pieces = re.split(r"(\s{3,})", latex) if keep_gaps else [latex]
        return "".join(
            piece if piece.isspace() else self.inline(self._parse(piece)).text for piece in pieces
        ).strip()

    def inline(self, nodes: Sequence[Any] | None) -> Inline:
        """Nodes as one run of text, blocks in them included."""
        run, self._run = self._run, Inline()
        self._within += 1
        self.visit(nodes)
        self._within -= 1
        run, self._run = self._run, run
        return run

    def _node(self, node: Any) -> None:
        name = type(node).__name__
        if name == "LatexCharsNode":
            self._text(node.chars)
        elif name == "LatexGroupNode":
            self.visit(node.nodelist)
        elif name == "LatexMacroNode":
            self._macro(node)
        elif name == "LatexEnvironmentNode":
            self._environment(node)
        elif name == "LatexSpecialsNode":
            self._special(node.specials_chars)

    def _text(self, text: str) -> None:
        for number, piece in enumerate(_PARAGRAPH.split(text)):
            if number:
                self._flush()
            self._run.add(piece)

    def _special(self, characters: str) -> None:
        if "\n" in characters:
            self._flush()
        else:
            self._run.add(_SPECIALS.get(characters, characters))

    def _maths(self, node: Any) -> None:
        number = argument_of(node)
        environment, latex = self._formulas[int(number)] if number.isdigit() else ("$", "")
        if environment == "$" or self._within:
            self._run.add(maths.inline(latex))
        else:
            self._display(environment, latex)

    def _flush(self) -> None:
        """End the paragraph."""
        if self._within:
            self._run.add(" ")
            return
        run, self._run = self._run, Inline()
        self.writer.write(self._kind, run)
        notes, self._notes = self._notes, []
        for note in notes:
            self.writer.write("footnote", note)

    def _shown(self, node: Any) -> None:
        """A command's character, its last argument, or what pylatexenc makes of it."""
        arguments = [
            each for each in (node.nodeargd.argnlist if node.nodeargd else []) if each is not None
        ]
        text = shown_as(node.macroname)
        if text is not None and not arguments:
            self._run.add(text)
        elif (
            arguments
            and len(node.macroname) > 1
            and node.macroname[0].isalpha()
            and node.macroname not in "uvHtcdbkr"
        ):
            self.visit(arguments[-1:])
        elif arguments:
            self._run.add(str(texts().nodelist_to_text([node])))

    def _display(self, environment: str, latex: str) -> None:
        text, numbers, labels = display(
            environment, latex, lambda: self._numbering.next("equation")
        )
        self._learned.labels |= {label: ("Equation", number) for label, number in labels.items()}
        self._flush()
        self.writer.write(
            "equation", text, content=Equation(numbers[0] if numbers else "", numbers)
        )

    def _cite(self, node: Any) -> None:
        keys = [key.strip() for key in argument_of(node).split(",") if key.strip()]
        self._learned.cited.update(dict.fromkeys(keys))
        printed = [self._learned.printed.get(key, key) for key in keys]
        name = node.macroname.lower()
        by_name = "citet" in name or name.startswith(("textcite", "citealt", "citeauthor"))
        if all(part.isdigit() for part in printed):
            text = f"[{', '.join(printed)}]"
        elif by_name:
            text = "; ".join(re.sub(r", (\d{4}\w?)$", r" (\1)", part) for part in printed)
        else:
            text = f"({'; '.join(printed)})"
        self._run.cite(text, keys)

    def _note(self, node: Any) -> None:
        note = self.inline(nodes_of(node, -1))
        if note and not self._within:
            self._notes.append(note)

    def _label(self, node: Any) -> None:
        self._learned.labels[argument_of(node)] = (self._noun, self._number)

    def _refer(self, node: Any) -> None:
        """What a reference prints: the number, or what it is a number of and the number."""
        found = [
            self._learned.labels.get(key.strip(), ("", "?")) for key in argument_of(node).split(",")
        ]
        named = node.macroname.lower() in ("cref", "autoref", "fullref")
        numbers = ", ".join(number for _, number in found)
        if node.macroname == "eqref":
            numbers = f"({numbers})"
        self._run.add(f"{found[0][0]} {numbers}" if named and found[0][0] else numbers)

    def _dingbat(self, node: Any) -> None:
        self._run.add(_DINGBATS.get(argument_of(node), ""))

    def _break(self, node: Any) -> None:
        self._run.add(" ")

    def _address(self, node: Any) -> None:
        self._run.add(verbatim(nodes_of(node, -1)).strip("{}"))

    def _paragraph_break(self, node: Any) -> None:
        self._flush()

    def _both(self, node: Any) -> None:
        texts_of = [
            self.inline([each]).text.strip() for each in node.nodeargd.argnlist if each is not None
        ]
        self._run.add(" / ".join(texts_of))

    def _first(self, node: Any) -> None:
        self.visit(nodes_of(node, 0))

    def _nothing(self, node: Any) -> None:
        return

    def _macro(self, node: Any) -> None:
        raise NotImplementedError

    def _environment(self, node: Any) -> None:
        raise NotImplementedError
