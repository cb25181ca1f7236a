"""What a question gets back, as values and as JSON."""

from dataclasses import replace

import pytest

from ingestion.paper import Origin
from rag_agent.citation import Citation, QuoteKind, quote_kind
from tests.papers import SOURDOUGH

CITATION = Citation(1, SOURDOUGH, None, "The rate", 10, "The rate peaks", 0.9)


@pytest.mark.parametrize(
    ("origin", "page", "kind"),
    [
        ("arxiv", None, "abstract"),
        ("starter", None, "summary"),
        ("starter", 3, "pdf"),
        ("pdf", 1, "pdf"),
    ],
)
def test_a_quote_is_as_its_place_says(origin: Origin, page: int | None, kind: QuoteKind) -> None:
    assert quote_kind(replace(SOURDOUGH, origin=origin), page) == kind


def test_a_citation_stored_without_its_kind_gets_it_from_its_place() -> None:
    stored = replace(CITATION, paper=replace(SOURDOUGH, origin="starter")).as_json()
    del stored["kind"]
    assert Citation.from_json(stored).kind == "summary"
