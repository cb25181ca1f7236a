"""A document written block by block: white space put in order, citations and footnotes kept with their place."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ingestion.cleaning import printable
from ingestion.document.blocks import (
    Block,
    CitationMark,
    Equation,
    Form,
    Kind,
    Reference,
    Table,
)
from ingestion.document.document import Document

MAX_CHARACTERS = 4_000_000
"""Of a document's text; a thesis of 300 pages has about 1,000,000."""

PARAGRAPH_LEVEL = 4
"""Of a heading that opens a paragraph within a section, as LaTeX's `\\paragraph` does."""


class TooLong(Exception):
    """More text than any paper has; the text says so, as a clause about the file."""


@dataclass
class Inline:
    """A run of text as it grows: runs of white space become one blank, and marks know their place.

    Args:
        text: What was added so far; it never begins with a blank.
        marks: Spans of `text` that cite, with their keys.
    """

    text: str = ""
    marks: list[CitationMark] = field(default_factory=list)

    def add(self, text: str) -> None:
        """Append text; a blank at a seam is kept once."""
        text = printable(text)
        if text[:1].isspace() and self.text and not self.text.endswith(" "):
            self.text += " "
        words = " ".join(text.split())
        if words:
            self.text += words + (" " if text[-1:].isspace() else "")

    def cite(self, text: str, keys: Iterable[str]) -> None:
        """Append text that cites."""
        if self.text.endswith(" "):
            text = text.lstrip()
        start = len(self.text)
        self.add(text)
        found = tuple(dict.fromkeys(key for key in keys if key))
        end = len(self.text.rstrip())
        if found and start < end:
            self.marks.append(CitationMark(start, end, found))

    def append(self, other: "Inline") -> None:
        """Append another run with its marks."""
        start = len(self.text)
        self.text += other.text
        self.marks += [CitationMark(m.start + start, m.end + start, m.keys) for m in other.marks]

    def __bool__(self) -> bool:
        return bool(self.text.strip())


class Writer:
    """Puts a document together; blocks stand apart by an empty line.

    Args:
        form: Of the source.
    """

    def __init__(self, form: Form) -> None:
        self._form: Form = form
        self._pieces: list[str] = []
        self._length = 0
        self._blocks: list[Block] = []
        self._marks: list[CitationMark] = []
        self.section = ""
        self._numbered = ""
        self.dropped = 0
        """Marks of the source that its maker could not read (`ltx_ERROR`)."""

    @property
    def end(self) -> int:
        """Offset at which the next block begins."""
        return self._length

    def write(
        self,
        kind: Kind,
        run: Inline | str,
        *,
        level: int = 0,
        content: Table | Equation | Reference | None = None,
    ) -> None:
        """Add a block, unless it is empty.

        Raises:
            TooLong: The text outgrows `MAX_CHARACTERS`.
        """
        if isinstance(run, str):
            run = Inline(run)
        text = run.text.rstrip()
        if not any(map(str.isalnum, text)) and kind != "equation":
            return
        if kind == "heading":
            self._open_section(text, level)
        start = self._length
        self._blocks.append(Block(kind, start, start + len(text), self.section, level, content))
        self._marks += [
            CitationMark(start + mark.start, start + mark.end, mark.keys) for mark in run.marks
        ]
        self._pieces.append(text)
        self._length += len(text) + 2
        if self._length > MAX_CHARACTERS:
            raise TooLong(f"holds more than {MAX_CHARACTERS:,} characters of text")

    def _open_section(self, title: str, level: int) -> None:
        """A paragraph's own title stands behind that of its section."""
        if level < PARAGRAPH_LEVEL:
            self._numbered = title
        self.section = (
            title if level < PARAGRAPH_LEVEL else f"{self._numbered} · {title}".strip(" ·")
        )

    def document(
        self, title: str, authors: Iterable[str], parser: str, notices: Iterable[str] = ()
    ) -> Document:
        """The document of what was written; its abstract is that of its blocks."""
        text = "\n\n".join(self._pieces)
        abstract = " ".join(
            text[block.start : block.end] for block in self._blocks if block.kind == "abstract"
        )
        return Document(
            self._form,
            text,
            tuple(self._blocks),
            title,
            tuple(authors),
            abstract,
            tuple(self._marks),
            (),
            parser,
            tuple(notices),
        )
