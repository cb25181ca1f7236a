"""Markdown and plain text as documents."""

import re
from collections.abc import Iterator

from ingestion.document import maths
from ingestion.document.blocks import Equation, Form, Kind
from ingestion.document.document import Document
from ingestion.document.references import reference_of
from ingestion.document.tables import RawCell, write_table
from ingestion.document.writing import Inline, Writer

_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*$")
_RULE_ROW = re.compile(r"\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*$")
_ITEM = re.compile(r"\s*(?:([-*+•])|(\d{1,3}[.)]))\s+(.*)", re.DOTALL)
_FENCE = re.compile(r"\s*(```|~~~)")
_DISPLAY = re.compile(
    r"\s*(?:\$\$|\\\[)(.*?)(?:\$\$|\\\])\s*(?:\\tag\{([^{}]*)\}|\(([\w.]+)\))?\s*$", re.DOTALL
)
_INLINE_MATHS = re.compile(r"(?<![\\$\w])\$(?!\s)([^$\n]+?)(?<!\s)\$(?![\w$])|\\\((.+?)\\\)")
_CAPTION = re.compile(r"(?:\*\*)?(?:Table|Figure|Fig\.|Tab\.)\s*[\dIVX]+[.:]", re.IGNORECASE)
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\s+\"[^\"]*\")?\)")
_STRESS = re.compile(r"(\*\*|__|\*|`+)(?=\S)(.+?)(?<=\S)\1")
_REFERENCES = re.compile(r"(?:references|bibliography|works cited)\W*$", re.IGNORECASE)
_ENTRY_LABEL = re.compile(r"\s*(?:\[(\w+)\]|(\d{1,3})\.)\s+")


def read_markdown(data: bytes) -> Document:
    """The document of a Markdown file, as GitHub's dialect has tables and fences.

    Args:
        data: The file, untrusted; UTF-8, with other bytes replaced.
    """
    return _Reader("markdown").read(data)


def read_text(data: bytes) -> Document:
    """The document of a plain text: paragraphs parted by empty lines; its first line is the title."""
    return _Reader("text").read(data)


class _Reader:
    def __init__(self, form: Form) -> None:
        self.writer = Writer(form)
        self._is_markdown = form == "markdown"
        self._title = ""
        self._caption = ""
        self._entries = 0

    def read(self, data: bytes) -> Document:
        text = data.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
        for lines in _chunks(text, fences=self._is_markdown):
            self._chunk(lines)
        return self.writer.document(
            self._title, (), f"{'Markdown' if self._is_markdown else 'text'} reader 1"
        )

    def _chunk(self, lines: list[str]) -> None:
        """Lines without an empty one between them."""
        heading = _HEADING.match(lines[0]) if self._is_markdown else None
        display = _DISPLAY.match("\n".join(lines))
        if _FENCE.match(lines[0]) and self._is_markdown:
            self._code(lines)
        elif heading:
            self._heading(heading[2], len(heading[1]))
            self._rest(lines[1:])
        elif display:
            number = display[2] or display[3] or ""
            content = Equation(number, (number,) if number else ())
            self.writer.write("equation", maths.cleaned(display[1]), content=content)
        elif len(lines) > 1 and "|" in lines[0] and _RULE_ROW.match(lines[1]):
            self._table(lines)
        else:
            self._prose(lines)

    def _rest(self, lines: list[str]) -> None:
        if lines:
            self._chunk(lines)

    def _heading(self, text: str, level: int) -> None:
        if level == 1 and not self._title:
            self._title = _plain(text)
        else:
            self.writer.write("heading", self._inline(text), level=max(1, level - 1))

    def _code(self, lines: list[str]) -> None:
        kept = Inline()
        kept.text = "\n".join(
            line.rstrip() for line in lines[1:] if line.strip() and not _FENCE.match(line)
        )
        self.writer.write("algorithm", kept)

    def _table(self, lines: list[str]) -> None:
        rows = [lines[0], *(line for line in lines[2:] if "|" in line)]
        cells = [
            [RawCell(self._inline(cell), header=not index) for cell in _cells(line)]
            for index, line in enumerate(rows)
        ]
        write_table(self.writer, cells, self._caption)
        self._caption = ""

    def _prose(self, lines: list[str]) -> None:
        text = "\n".join(lines)
        if not self._title and not self._is_markdown and len(lines) <= 2 and len(text) < 200:
            self._title = _plain(text)
        elif _REFERENCES.match(text.strip("#*_ \n")) and len(text) < 30:
            self.writer.write("heading", self._inline(text.strip("#*_ \n")), level=1)
        elif _REFERENCES.match(self.writer.section):
            for entry in _entries(lines):
                self._reference(entry)
        elif _ITEM.match(lines[0]):
            for item in _items(lines):
                self._item(item)
        else:
            kind: Kind = "caption" if _CAPTION.match(text) else "text"
            run = self._inline(text)
            self._caption = run.text.strip() if kind == "caption" else ""
            self.writer.write(kind, run)

    def _item(self, text: str) -> None:
        found = _ITEM.match(text)
        mark, rest = (found[2] or "•", found[3]) if found else ("•", text)
        self.writer.write("list", self._inline(f"{mark} {rest}"))

    def _reference(self, text: str) -> None:
        self._entries += 1
        label = _ENTRY_LABEL.match(text)
        key = (label[1] or label[2]) if label else str(self._entries)
        printed = _plain(text[label.end() :] if label else text)
        self.writer.write(
            "reference", f"[{key}] {printed}", content=reference_of([printed], key=key, label=key)
        )

    def _inline(self, text: str) -> Inline:
        run = Inline()
        place = 0
        for match in _INLINE_MATHS.finditer(text):
            run.add(self._unmarked(text[place : match.start()]))
            run.add(maths.inline(match[1] or match[2]))
            place = match.end()
        run.add(self._unmarked(text[place:]))
        return run

    def _unmarked(self, text: str) -> str:
        return _STRESS.sub(r"\2", _LINK.sub(r"\1", text)) if self._is_markdown else text


def _plain(text: str) -> str:
    return " ".join(_STRESS.sub(r"\2", _LINK.sub(r"\1", text)).split())


def _chunks(text: str, *, fences: bool) -> Iterator[list[str]]:
    """Runs of lines without an empty one; a fenced program is one run whatever it holds."""
    chunk: list[str] = []
    fence = ""
    for line in text.split("\n"):
        opened = _FENCE.match(line) if fences else None
        if opened and not fence and chunk:
            yield chunk
            chunk = []
        begins_section = fences and not fence and _HEADING.match(line)
        if (not line.strip() or begins_section) and not fence and chunk:
            yield chunk
            chunk = []
        if line.strip() or fence:
            chunk.append(line)
        if opened:
            closes = fence == opened[1]
            fence = "" if closes else fence or opened[1]
            if closes:
                yield chunk
                chunk = []
    if chunk:
        yield chunk


def _cells(line: str) -> list[str]:
    r"""The cells of a table's row; `\|` is a bar within one."""
    bare = line.strip().removeprefix("|").removesuffix("|")
    return [cell.replace("\\|", "|").strip() for cell in re.split(r"(?<!\\)\|", bare)]


def _items(lines: list[str]) -> list[str]:
    """Items of a list, lines that go on joined to their item."""
    items: list[str] = []
    for line in lines:
        if _ITEM.match(line) or not items:
            items.append(line)
        else:
            items[-1] += f"\n{line}"
    return items


def _entries(lines: list[str]) -> list[str]:
    """Entries of a list of references: by their labels, else a line each where the lines are long."""
    if sum(bool(_ENTRY_LABEL.match(line)) for line in lines) > 0:
        entries: list[str] = []
        for line in lines:
            if _ENTRY_LABEL.match(line) or not entries:
                entries.append(line)
            else:
                entries[-1] += f" {line.strip()}"
        return entries
    return (
        [line.lstrip("-*• ") for line in lines]
        if lines[0].lstrip().startswith(("-", "*", "•"))
        else [" ".join(lines)]
    )
