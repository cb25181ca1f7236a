"""What a paper says about how something is computed: its algorithm and its formulas come first."""

from itertools import pairwise
from typing import cast

import numpy as np
import pytest

from ingestion.embedding import Embedder
from ingestion.fulltext.passages import sentences_of
from ingestion.fulltext.pdf.document import document_of
from ingestion.fulltext.pdf.page import Block, PageText
from rag_agent.grounding.method import method_of
from rag_agent.grounding.open_paper import OpenPaper
from tests.rag_agent.grounding.conftest import PAPER, WordEmbedder

FIRST = "Algorithm 1: Pond, our way to fill a pond."
FIRST_LINES = "w ← w + r · t (rain) return w"
SECOND = "Algorithm 2: PondMax, a variant of Pond for large ponds."
SECOND_LINES = "w ← max(w, r)"
PROSE = "The Pond fills a pond with rain, and a pond that Pond fills is full sooner than any other pond we saw."
FORMULA = "The water in a pond is w = r · t + e after a day of rain."


def page(*parts: tuple[str, str]) -> PageText:
    text, blocks = "", []
    for kind, part in parts:
        blocks.append(Block(kind, len(text), len(text) + len(part)))  # type: ignore[arg-type]
        text += part + "\n"
    return PageText(text, tuple(blocks), (), (), 600, 800)


@pytest.fixture
def embedder(word_embedder: WordEmbedder) -> Embedder:
    return cast(Embedder, word_embedder)


@pytest.fixture
def paper(embedder: Embedder) -> OpenPaper:
    pages = (
        page(("text", PROSE), ("caption", FIRST), ("figure", FIRST_LINES), ("text", FORMULA)),
        page(("text", PROSE), ("caption", SECOND), ("figure", SECOND_LINES), ("text", PROSE)),
    )
    text = document_of(pages)
    vectors = embedder.encode([sentence.reading for sentence in sentences_of(text)])
    return OpenPaper(PAPER, text, embedder, np.asarray(vectors))


def test_the_algorithm_that_is_named_comes_first_and_whole(
    paper: OpenPaper, embedder: Embedder
) -> None:
    best = method_of(paper, "Implement the Pond update in NumPy", embedder)[0]
    assert best.text == f"{FIRST}\n{FIRST_LINES}"
    assert paper.text.page_text(1)[best.start :].startswith(best.text)
    best = method_of(paper, "Implement PondMax in NumPy", embedder)[0]
    assert SECOND_LINES in best.text


def test_a_formula_comes_before_sentences_that_only_mention_it(
    paper: OpenPaper, embedder: Embedder
) -> None:
    found = method_of(paper, "water of a pond after rain", embedder, k=3)
    assert "w = r · t + e" in next(one.text for one in found if "Algorithm" not in one.text)
    places = sorted((one.page, one.start, one.start + len(one.text)) for one in found)
    assert all(a[0] != b[0] or a[2] <= b[1] for a, b in pairwise(places))


def test_an_algorithm_for_something_else_is_not_preferred(
    paper: OpenPaper, embedder: Embedder
) -> None:
    best = method_of(paper, "which colour have birds", embedder)[0]
    assert not best.text.startswith("Algorithm")
