"""The full text of one paper: what is found in it, and the cache that makes a second question quick."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ingestion.errors import PdfError
from ingestion.paper import Paper
from ingestion.settings import PdfSettings
from ingestion.terms import terms
from rag_agent.events import Event, Reading
from rag_agent.grounding.full_text import FullText, OpenPaper
from tests.ingestion.small_pdf import Placed, paragraph, write_pdf

PAPER = Paper("2101.00001", "A Study of Gardens", "", (), (), 2021, version=2)
SECTIONS = {
    "1 Water": "The roses are watered at dawn with forty litres from the old well. A pump lifts it to the roof. "
    "In dry summers the Rose Irrigation Project (RIP) pays for a second round in the evening.",
    "2 Soil": "Clay holds the water longer than sand does in every bed that we measured. "
    "Compost is spread in March and worked in by hand. Worms do the rest of the work until autumn.",
    "3 Birds": "Eleven species of birds visit the garden over the whole year. "
    "Most of them come for the berries of the hedge. The robin stays in winter and is fed with seeds.",
}


class WordEmbedder:
    """A vector is the bag of a text's terms, hashed: texts that share words are close."""

    name = "words"

    def __init__(self) -> None:
        self.texts = 0

    def encode(
        self, texts: Sequence[str], on_batch: Callable[[int], None] = lambda done: None
    ) -> NDArray[np.float32]:
        self.texts += len(texts)
        vectors = np.full((len(texts), 64), 0.01, np.float32)
        for row, text in enumerate(texts):
            for term in terms(text):
                vectors[row, sum(map(ord, term)) % 64] += 1
        on_batch(len(texts))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors


@pytest.fixture
def embedder() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    page: list[Placed] = []
    for number, (title, text) in enumerate(SECTIONS.items()):
        page += [(title, 100, 80 + 200 * number, 12), *paragraph(text, 100 + 200 * number)]
    return write_pdf(tmp_path / "garden.pdf", [page])


@pytest.fixture
def full_text(embedder: WordEmbedder, tmp_path: Path) -> FullText:
    return FullText(PdfSettings(), embedder, tmp_path / "cache")  # type: ignore[arg-type]


@pytest.fixture
def opened(full_text: FullText, pdf: Path) -> OpenPaper:
    return full_text.open(PAPER, pdf)


def test_the_passage_that_answers_comes_first_with_its_place(opened: OpenPaper) -> None:
    best = opened.best_passages("How many species of birds visit?")[0].passage
    assert "Eleven species" in best.text
    assert best.section == "3 Birds"
    assert opened.text.pages[best.page - 1].text[best.start : best.end] == best.text


def test_passages_do_not_overlap(opened: OpenPaper) -> None:
    spans = sorted((p.passage.start, p.passage.end) for p in opened.best_passages("water"))
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


def test_sentences_are_exact_quotes_in_the_order_of_the_paper(opened: OpenPaper) -> None:
    found = opened.best_sentences("What is spread in March?", n=4)
    assert len(found) == 4
    assert any("Compost" in evidence.text for evidence in found)
    assert [e.start for e in found] == sorted(e.start for e in found)
    for evidence in found:
        page = opened.text.pages[(evidence.page or 0) - 1].text
        assert page[evidence.start :].startswith(evidence.text)
        assert evidence.text in evidence.passage
        assert evidence.paper is PAPER


def test_a_short_form_is_found_where_it_is_spelled_out(opened: OpenPaper) -> None:
    best = opened.best_sentences("What does RIP stand for?", n=1)[0]
    assert "Rose Irrigation Project" in best.text


def test_a_names_origin_is_found_by_the_words_that_the_name_is_made_of(opened: OpenPaper) -> None:
    best = opened.best_sentences("What is the Com-Wo method named after?", n=1)[0]
    assert "Compost" in best.text


def test_a_question_that_shares_no_word_still_gets_passages(opened: OpenPaper) -> None:
    assert len(opened.best_passages("xyzzy", k=2)) == 2


def test_reading_is_reported(full_text: FullText, pdf: Path) -> None:
    events: list[Event] = []
    full_text.open(PAPER, pdf, events.append)
    assert events[-1] == Reading("2101.00001", 1, 1)


def test_a_second_program_reads_the_cache_and_embeds_nothing(
    opened: OpenPaper, embedder: WordEmbedder, pdf: Path, tmp_path: Path
) -> None:
    before = embedder.texts
    again = FullText(PdfSettings(), embedder, tmp_path / "cache").open(PAPER, pdf)  # type: ignore[arg-type]
    assert embedder.texts == before
    assert again.text == opened.text
    assert again.best_passages("birds")[0].passage == opened.best_passages("birds")[0].passage


def test_a_changed_file_is_read_again(full_text: FullText, opened: OpenPaper, pdf: Path) -> None:
    write_pdf(
        pdf, [paragraph("Quite another text stands here now, and it is about cats. " * 3, 100)]
    )
    assert "cats" in full_text.open(PAPER, pdf).text.pages[0].text
    assert "cats" not in opened.text.pages[0].text


def test_a_damaged_cache_is_read_again_and_said_so(
    opened: OpenPaper,
    embedder: WordEmbedder,
    pdf: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (stored,) = (tmp_path / "cache").glob("*.npz")
    stored.write_bytes(stored.read_bytes()[:100])
    again = FullText(PdfSettings(), embedder, tmp_path / "cache").open(PAPER, pdf)  # type: ignore[arg-type]
    assert again.text == opened.text
    assert "the PDF is read again" in caplog.text


def test_the_cache_keeps_to_its_size_and_leaves_no_parts(
    embedder: WordEmbedder, pdf: Path, tmp_path: Path
) -> None:
    full_text = FullText(PdfSettings(cache_mb=0), embedder, tmp_path / "cache")  # type: ignore[arg-type]
    assert full_text.open(PAPER, pdf).best_passages("birds")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_file_without_text_is_an_error_and_leaves_nothing(
    full_text: FullText, tmp_path: Path
) -> None:
    with pytest.raises(PdfError):
        full_text.open(PAPER, tmp_path / "absent.pdf")
    assert not (tmp_path / "cache").exists()
