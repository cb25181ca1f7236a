"""A passage that a person points at: found by its place, its words as stored, first among the evidence."""

from dataclasses import replace
from pathlib import Path

import pytest

from ingestion.embedding import HashingEmbedder
from ingestion.errors import DocumentError
from ingestion.fulltext.documents import read_document
from ingestion.settings import PdfSettings
from rag_agent.citation import Citation
from rag_agent.grounding.excerpt import Excerpt, excerpt_evidence, passage_at, record_evidence
from rag_agent.grounding.full_text import FullText
from rag_agent.grounding.open_paper import OpenPaper
from tests.fake_arxiv import pdf_of
from tests.papers import PONDS

LINES = (
    "Tide tables for garden ponds",
    "1 Method",
    "A float of cork rests on the pond and lifts a mirror as the water rises.",
    "The laser is read by a camera every ten seconds for the whole of a year.",
    "2 Results",
    "The lunar tide of the pond is 31 nanometres at new moon and at full moon.",
    "Frogs that jump into the pond disturb the tide for a quarter of an hour.",
)


@pytest.fixture
def opened(tmp_path: Path, embedder: HashingEmbedder) -> OpenPaper:
    file = tmp_path / "ponds.pdf"
    file.write_bytes(pdf_of(list(LINES)))
    return FullText(PdfSettings(), embedder, tmp_path / "texts").open(PONDS, file)


def excerpt_of(opened: OpenPaper, words: str) -> Excerpt:
    start = opened.text.page_text(1).index(words)
    return Excerpt("pdf", 1, 1, start, start + len(words))


@pytest.mark.parametrize(
    "written",
    ["", "pdf", "pdf.1.2.3", "exe.1.1.0-3", "pdf.1.1.3-1e9", "pdf.1.-1.0-3", "pdf.1.1.0-3 "],
)
def test_what_an_address_says_amiss_is_no_passage(written: str) -> None:
    assert Excerpt.parse(written) is None


def test_an_address_holds_a_place_and_no_words() -> None:
    excerpt = Excerpt("html", 2, 0, 120, 310)
    assert str(excerpt) == "html.2.0.120-310"
    assert Excerpt.parse(str(excerpt)) == excerpt


def test_a_quote_is_pointed_at_by_its_place(opened: OpenPaper) -> None:
    quote = Citation(3, PONDS, 1, "every ten seconds", 0, "", 0.5, "pdf")
    start = opened.text.page_text(1).index(quote.quote)
    excerpt = Excerpt.of(replace(quote, start=start))
    assert passage_at(excerpt, PONDS, opened.text).quote == quote.quote


def test_a_passage_is_verbatim_with_its_page_and_what_stands_around_it(opened: OpenPaper) -> None:
    found = passage_at(excerpt_of(opened, " lunar tide of the pond"), PONDS, opened.text)
    assert (found.quote, found.page, found.kind) == ("lunar tide of the pond", 1, "pdf")
    assert opened.text.page_text(1)[found.start :].startswith("lunar tide")
    assert "31 nanometres" in found.passage


@pytest.mark.parametrize(
    "excerpt",
    [
        Excerpt("pdf", 1, 2, 0, 5),
        Excerpt("pdf", 1, 0, 0, 5),
        Excerpt("pdf", 1, 1, 5, 5),
        Excerpt("pdf", 1, 1, 99_000, 99_100),
    ],
)
@pytest.mark.long
def test_a_place_that_the_text_does_not_have_is_told(opened: OpenPaper, excerpt: Excerpt) -> None:
    with pytest.raises(DocumentError, match="is not in the text"):
        passage_at(excerpt, PONDS, opened.text)


def test_the_passage_leads_its_evidence_in_its_own_order(
    opened: OpenPaper, embedder: HashingEmbedder
) -> None:
    words = opened.text.page_text(1)
    start, end = words.index("cork"), words.index("camera") + 6
    asked = "How large is the lunar tide of the pond?"
    found = excerpt_evidence(Excerpt("pdf", 1, 1, start, end), opened, asked, 4, embedder)
    ordered = sorted(found, key=lambda each: each.score)
    assert [each.text.split()[0] for each in ordered[-2:]] == ["A", "The"]
    assert "laser" in ordered[-1].text
    assert "31 nanometres" in " ".join(each.text for each in found), (
        "the paper's other words stand by"
    )
    assert len({(each.page, each.start) for each in found}) == len(found) <= 4


def test_a_passage_without_a_sentence_is_evidence_as_it_stands(
    opened: OpenPaper, embedder: HashingEmbedder
) -> None:
    title = excerpt_of(opened, "garden ponds")
    assert opened.within(title.start, title.end, "?", 3) == []
    found = excerpt_evidence(title, opened, "What is it about?", 3, embedder)
    assert max(found, key=lambda each: each.score).text == "garden ponds"


def test_a_passage_of_the_abstract_leads_the_abstract(embedder: HashingEmbedder) -> None:
    start = PONDS.text.index("Even a garden")
    excerpt = Excerpt("abstract", 0, 0, start, start + 10)
    assert passage_at(excerpt, PONDS, None).page is None
    found = record_evidence(excerpt, PONDS, "How large is the lunar tide?", 4, embedder)
    assert max(found, key=lambda each: each.score).text == "Even a garden pond has tides."
    assert len(found) == 3


def test_a_text_is_looked_at_without_embedding_it(tmp_path: Path) -> None:
    class Counting(HashingEmbedder):
        texts = 0

        def encode(self, texts, *more):  # type: ignore[no-untyped-def]
            Counting.texts += len(texts)
            return super().encode(texts, *more)

    file = tmp_path / "ponds.pdf"
    file.write_bytes(pdf_of(list(LINES)))
    full_text = FullText(PdfSettings(), Counting(64), tmp_path / "texts")
    looked_at = full_text.text(PONDS, file)
    assert looked_at == read_document(file, PdfSettings())
    assert full_text.text(PONDS, file) is looked_at
    assert Counting.texts == 0
    assert not (tmp_path / "texts").exists(), "looking writes nothing"
