"""HTML as a document: only the article, each formula once, what LaTeXML could not read dropped and counted.

arXiv's HTML comes from LaTeXML, whose classes say what a part is; other HTML is read by its tags alone.
"""

from lxml import etree
from lxml import html as lxml_html

from ingestion.cleaning import clean_text
from ingestion.document import maths
from ingestion.document.blocks import Equation, Kind
from ingestion.document.document import Document
from ingestion.document.html.authors import authors_of
from ingestion.document.html.parts import (
    HEADING,
    LEVELS,
    SKIPPED,
    SKIPPED_TAGS,
    Element,
    classes,
    equations_of,
    holders_of,
    is_block,
    is_layout,
    kind_within,
    latex_of,
)
from ingestion.document.html.residue import Residue
from ingestion.document.html.tables import raw_table
from ingestion.document.references import reference_of
from ingestion.document.tables import write_table
from ingestion.document.writing import Inline, Writer

PARSER = f"lxml {'.'.join(map(str, etree.LXML_VERSION[:3]))}"


_CODE_BREAK = "\n"
_LIST_MARK = "•"


def read_html(data: bytes) -> Document:
    """The document of an HTML file.

    Args:
        data: The file, untrusted; its own declaration tells the encoding, UTF-8 where there is none.

    Raises:
        RecursionError: Elements stand in one another beyond any real page's depth.
    """
    parser = lxml_html.HTMLParser(encoding=_encoding(data), remove_comments=True, remove_pis=True)
    try:
        root = lxml_html.document_fromstring(data, parser=parser)
    except etree.ParserError:  # nothing but remarks
        return Writer("html").document("", [], PARSER, [])
    article = _article(root)
    reader = _Reader(article)
    reader.block(article)
    return reader.document(root)


def _encoding(data: bytes) -> str | None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return "utf-8"


def _article(root: Element) -> Element:
    """The part of a page that is the paper."""
    for path in (
        "//*[contains(concat(' ', @class, ' '), ' ltx_document ')]",
        "//article",
        "//main",
        "//body",
    ):
        found = root.xpath(path)
        if found:
            return found[0]
    return root


class _Reader:
    """Walks an article in its order and writes its blocks."""

    def __init__(self, article: Element) -> None:
        self.writer = Writer("html")
        self.title = ""
        self.authors: list[str] = []
        self._residue = Residue()
        self._notes: list[Inline] = []
        self._captions: list[str] = []
        self._holders = holders_of(article)
        self._has_title = bool(article.xpath(".//*[contains(@class, 'ltx_title_document')]"))

    def document(self, root: Element) -> Document:
        """What was read; the page's own title stands in where the article has none."""
        title = self.title or clean_text(root.findtext(".//title") or "")
        dropped = self.writer.dropped
        notices = (
            [f"{dropped} marks of the source that its HTML could not show were left out"]
            if dropped
            else []
        )
        return self.writer.document(title, self.authors, PARSER, notices)

    def block(self, element: Element, kind: Kind = "text") -> None:
        """Write an element by what it is."""
        names, tag = classes(element), element.tag
        if self._skips(element, names):
            return
        if names & {"ltx_equation", "ltx_equationgroup"} or (tag == "math" and is_block(element)):
            self._equation(element)
        elif "ltx_tabular" in names or tag == "table":
            self._table(element)
        elif "ltx_title" in names or HEADING.match(tag):
            self._heading(element, names)
        elif "ltx_authors" in names:
            self.authors = authors_of(element)
        elif (
            "ltx_listing" in names
            or "ltx_algorithm" in names
            or tag == "pre"
            or "ltx_verbatim" in names
        ):
            self._listing(element)
        elif "ltx_bibitem" in names:
            self._reference(element)
        elif names & {"ltx_figure", "ltx_table", "ltx_float"} or tag == "figure":
            self._figure(element)
        elif "ltx_caption" in names or tag == "figcaption":
            self._flow(element, "caption")
        elif "ltx_item" in names or tag in ("li", "dd"):
            self._item(element)
        else:
            self._flow(element, kind_within(names, kind))

    def _skips(self, element: Element, names: frozenset[str]) -> bool:
        """Furniture of the page, and what LaTeXML leaves of a preamble before the title."""
        if not isinstance(element.tag, str) or element.tag in SKIPPED_TAGS or names & SKIPPED:
            return True
        is_loose = "ltx_para" in names and self._has_title and not self.title
        if is_loose and not self._captions:
            self.writer.dropped += len(element.xpath(".//*[contains(@class, 'ltx_ERROR')]"))
        return is_loose

    def _flow(self, element: Element, kind: Kind, run: Inline | None = None) -> None:
        """Text and the blocks between it: a paragraph ends where a block begins."""
        run = run or Inline()
        self._say(element.text, run)
        for child in element:
            if self._ends_paragraph(child):
                self._paragraph(kind, run)
                run = Inline()
                self.block(child, kind)
            else:
                self.inline(child, run)
            self._say(child.tail, run)
        self._paragraph(kind, run)

    def _ends_paragraph(self, child: Element) -> bool:
        return child in self._holders or (isinstance(child.tag, str) and is_block(child))

    def _paragraph(self, kind: Kind, run: Inline) -> None:
        if kind == "caption":
            if run.text.strip() in self._captions:
                return
            self._captions.append(run.text.strip())
        self.writer.write(kind, run)
        notes, self._notes = self._notes, []
        for note in notes:
            self.writer.write("footnote", note)

    def inline(self, element: Element, run: Inline) -> None:
        """Add what stands within a sentence; the tail is the caller's."""
        names = classes(element)
        if not isinstance(element.tag, str) or element.tag in SKIPPED_TAGS or names & SKIPPED:
            return
        if "ltx_ERROR" in names:
            self.writer.dropped += 1
            self._residue.of(element.text or "")
        elif element.tag == "math":
            run.add(maths.inline(latex_of(element)))
        elif "ltx_note" in names:
            self._note(element)
        elif element.tag == "cite":
            self._cite(element, run)
        elif element.tag == "br":
            run.add(" ")
        else:
            self._inside(element, run)

    def _inside(self, element: Element, run: Inline) -> None:
        target = element.get("href") or ""
        within = Inline() if target.startswith("#bib") else run
        self._say(element.text, within)
        for child in element:
            self.inline(child, within)
            self._say(child.tail, within)
        if within is not run:
            run.cite(within.text, [target[1:]])

    def _say(self, text: str | None, run: Inline) -> None:
        """Add text, without what a command that LaTeXML did not know has left in it."""
        keys, rest = self._residue.taken_from(text or "")
        if keys:
            run.add(" ")
            run.cite(f"[{', '.join(keys)}]", keys)
        run.add(rest)

    def _note(self, element: Element) -> None:
        content = element.xpath(".//*[contains(@class, 'ltx_note_content')]")
        note = Inline()
        for part in content[:1]:
            for mark in part.xpath(
                ".//*[contains(@class, 'ltx_note_mark') or contains(@class, 'ltx_tag_note')]"
            ):
                mark.text = ""
                for child in list(mark):
                    mark.remove(child)
            self._inside(part, note)
        if note:
            self._notes.append(note)

    def _cite(self, element: Element, run: Inline) -> None:
        links = [a.get("href") or "" for a in element.iter("a")]
        keys = [link.rpartition("#")[2] for link in links if "#" in link]
        for missing in element.xpath(".//*[contains(@class, 'ltx_missing_citation')]"):
            keys += [key.strip() for key in missing.text_content().split(",")]
        run.cite(" ".join(element.text_content().split()), keys)

    def _heading(self, element: Element, names: frozenset[str]) -> None:
        run = Inline()
        self._inside(element, run)
        if "ltx_title_document" in names:
            self.title = clean_text(run.text)
        elif names & {"ltx_title_abstract", "ltx_title_theorem", "ltx_title_proof"}:
            return
        elif element.tag == "h1" and not self.title and not self._has_title:
            self.title = clean_text(run.text)
        else:
            level = next((LEVELS[name] for name in names if name in LEVELS), 0)
            numbered = HEADING.match(element.tag)
            self.writer.write(
                "heading", run, level=level or (int(numbered[1]) - 1 if numbered else 1)
            )
        self._notes = []

    def _equation(self, element: Element) -> None:
        for latex, numbers in equations_of(element):
            number = numbers[0] if numbers else ""
            self.writer.write("equation", latex, content=Equation(number, tuple(numbers)))

    def _table(self, element: Element) -> None:
        inside = element in self._holders and any(
            is_layout(child) for child in element.iterdescendants()
        )
        if inside:
            self._flow(element, "text")
        else:
            write_table(self.writer, raw_table(element, self.inline), " ".join(self._captions))
        self._notes = []

    def _figure(self, element: Element) -> None:
        """Captions first, so that a table and its caption stand together; panels keep their figure's."""
        outer = list(self._captions)
        parts = [child for child in element if child in self._holders or is_block(child)]
        captions = [p for p in parts if "ltx_caption" in classes(p) or p.tag == "figcaption"]
        for caption in captions:
            self.block(caption)
        for child in [element] if not parts else [p for p in element if p not in captions]:
            if child is element:
                self._flow(element, "figure")
            else:
                self.block(child, "figure")
        self._captions = outer

    def _listing(self, element: Element) -> None:
        lines = element.xpath(".//*[contains(concat(' ', @class, ' '), ' ltx_listingline ')]")
        texts = [self._line(line) for line in lines] or (element.text_content() or "").splitlines()
        kept = Inline()
        kept.text = _CODE_BREAK.join(text.rstrip() for text in texts if text.strip())
        self.writer.write("algorithm", kept)

    def _line(self, element: Element) -> str:
        run = Inline()
        self._inside(element, run)
        return run.text

    def _item(self, element: Element) -> None:
        tags = [child for child in element if "ltx_tag" in classes(child)]
        mark = " ".join(tags[0].text_content().split()) if tags else _LIST_MARK
        for tag in tags:
            tag.getparent().remove(tag)
        self._item_text(element, f"{mark if mark not in ('', '-', '–') else _LIST_MARK} ")

    def _item_text(self, element: Element, mark: str) -> None:
        """The item's mark stands before its first paragraph."""
        first = next((child for child in element.iterdescendants() if child.tag == "p"), None)
        if first is not None and not (element.text or "").strip():
            first.text = mark + (first.text or "").lstrip()
            self._flow(element, "list")
        else:
            self._flow(element, "list", Inline(mark))

    def _reference(self, element: Element) -> None:
        tag = next((t for t in element if "ltx_tag" in classes(t)), None)
        label = " ".join(tag.text_content().split()) if tag is not None else ""
        blocks = element.xpath(".//*[contains(@class, 'ltx_bibblock')]")
        parts = [self._line(block) for block in blocks] or [element.text_content()]
        links = [
            a.get("href") for a in element.iter("a") if (a.get("href") or "").startswith("http")
        ]
        reference = reference_of(parts, key=element.get("id") or "", label=label, links=links)
        text = " ".join(part.strip() for part in parts)
        self.writer.write("reference", f"{label} {text}" if label else text, content=reference)
