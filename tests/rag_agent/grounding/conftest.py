"""A small paper as a PDF and an embedder that knows words alone, for the tests of full texts."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ingestion.paper import Paper
from ingestion.settings import PdfSettings
from ingestion.terms import terms
from rag_agent.grounding.full_text import FullText
from rag_agent.grounding.open_paper import OpenPaper
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
def word_embedder() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    page: list[Placed] = []
    for number, (title, text) in enumerate(SECTIONS.items()):
        page += [(title, 100, 80 + 200 * number, 12), *paragraph(text, 100 + 200 * number)]
    return write_pdf(tmp_path / "garden.pdf", [page])


@pytest.fixture
def full_text(word_embedder: WordEmbedder, tmp_path: Path) -> FullText:
    return FullText(PdfSettings(), word_embedder, tmp_path / "cache")  # type: ignore[arg-type]


@pytest.fixture
def opened(full_text: FullText, pdf: Path) -> OpenPaper:
    return full_text.open(PAPER, pdf)
