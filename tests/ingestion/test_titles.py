"""Which paper a title means."""

from dataclasses import replace

import pytest

from ingestion.embedding import HashingEmbedder
from ingestion.store.collection import Store
from ingestion.titles import paper_called
from tests.papers import LIGHTHOUSE, PONDS, SOURDOUGH

SHORT = replace(
    SOURDOUGH, arxiv_id="2711.00010", title="BREAD: sourdough from bubbles", abstract="It rises."
)
NAMES_IT = replace(
    PONDS, arxiv_id="2711.00011", title="Ponds", abstract="We use Tide Observation (TIDO) here."
)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Tide tables for garden ponds", PONDS.arxiv_id),
        ("TIDE TABLES of Garden Ponds", PONDS.arxiv_id),
        ("bread", SHORT.arxiv_id),
        ("TIDO", NAMES_IT.arxiv_id),
        ("phase retrieval", LIGHTHOUSE.arxiv_id),
        ("Attention is all you need", None),
        ("the of and", None),
        ("", None),
    ],
)
def test_a_title_means_a_paper(
    store: Store, embedder: HashingEmbedder, title: str, expected: str | None
) -> None:
    papers = (LIGHTHOUSE, PONDS, SHORT, NAMES_IT)
    store.upsert(papers, embedder.encode([paper.text for paper in papers]))
    found = paper_called(title, store, embedder)
    assert (found.arxiv_id if found else None) == expected
