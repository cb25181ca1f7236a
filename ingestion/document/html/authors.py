"""The authors that a paper's HTML names."""

from lxml import html as lxml_html

from ingestion.document.authors import names_in
from ingestion.document.html.parts import Element


def authors_of(element: Element) -> list[str]:
    """Names without their marks, notes and addresses."""
    names: list[str] = []
    for person in element.xpath(".//*[contains(@class, 'ltx_personname')]"):
        for part in person.xpath(".//math | .//sup | .//*[contains(@class, 'ltx_note')]"):
            if part.getparent() is not None:
                part.getparent().replace(part, _gap(part))
        for line in _lines(person):
            names += names_in(line)
    return list(dict.fromkeys(names))


def _gap(part: Element) -> Element:
    gap = lxml_html.Element("span")
    gap.text, gap.tail = "   ", part.tail
    return gap


def _lines(person: Element) -> list[str]:
    for line_break in person.iter("br"):
        line_break.text = "\n"
    return str(person.text_content()).split("\n")
