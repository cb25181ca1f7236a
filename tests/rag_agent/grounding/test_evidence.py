"""The sentences a model may answer from."""

from ingestion.embedding import HashingEmbedder
from rag_agent.citation import Hit
from rag_agent.grounding.evidence import abstract_evidence
from tests.papers import PONDS, SOURDOUGH

HITS = [Hit(paper, cosine, cosine, True) for paper, cosine in ((SOURDOUGH, 0.8), (PONDS, 0.4))]


def test_the_sentences_that_say_most_are_chosen_in_reading_order(embedder: HashingEmbedder) -> None:
    found = abstract_evidence("When does the rate of bubble bursts peak?", HITS, embedder, 3)
    assert len(found) == 3
    best = max(found, key=lambda e: e.score)
    assert best.text.startswith("The rate of bubble bursts peaks 5.2 hours")
    assert [(e.paper.arxiv_id, e.start) for e in found] == sorted(
        (e.paper.arxiv_id, e.start) for e in found
    )


def test_each_is_an_exact_piece_of_its_paper(embedder: HashingEmbedder) -> None:
    for each in abstract_evidence("tide of a pond", HITS, embedder, 20):
        assert each.paper.text[each.start : each.start + len(each.text)] == each.text
        assert each.text in each.passage
        assert each.page is None
        assert each.start > len(each.paper.title)


def test_nothing_found_is_no_evidence(embedder: HashingEmbedder) -> None:
    assert abstract_evidence("anything", [], embedder, 5) == []
