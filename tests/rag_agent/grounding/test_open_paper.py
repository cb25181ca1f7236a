"""What is found in one paper: passages and sentences, each at its exact place."""

from itertools import pairwise

from ingestion.fulltext.reading import sentences_of
from rag_agent.grounding.open_paper import OpenPaper
from tests.ingestion.fulltext.typeset import document, line, page, prose
from tests.rag_agent.grounding.conftest import PAPER, WordEmbedder


def test_the_passage_that_answers_comes_first_with_its_place(opened: OpenPaper) -> None:
    best = opened.best_passages("How many species of birds visit?")[0].passage
    assert "Eleven species" in best.text
    assert best.section == "3 Birds"
    assert opened.text.text[best.start : best.end] == best.text


def test_passages_do_not_overlap(opened: OpenPaper) -> None:
    spans = sorted((p.passage.start, p.passage.end) for p in opened.best_passages("water"))
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


def test_sentences_are_exact_quotes_in_the_order_of_the_paper(opened: OpenPaper) -> None:
    found = opened.best_sentences("What is spread in March?", n=4)
    assert len(found) == 4
    assert any("Compost" in evidence.text for evidence in found)
    assert [e.start for e in found] == sorted(e.start for e in found)
    for evidence in found:
        start = opened.text.page_start(evidence.page or 0) + evidence.start
        assert opened.text.text[start:].startswith(evidence.text)
        assert evidence.text in evidence.passage
        assert evidence.paper is PAPER


def test_a_question_that_shares_no_word_still_gets_passages(opened: OpenPaper) -> None:
    assert len(opened.best_passages("xyzzy", k=2)) == 2


def test_sentences_about_something_hold_one_of_its_stems(opened: OpenPaper) -> None:
    found = opened.best_sentences("What is spread in March?", n=4, about=frozenset({"speci"}))
    assert found
    assert all("species" in evidence.text for evidence in found)
    assert opened.best_sentences("What is spread?", about=frozenset({"zeppelin"})) == []


def test_a_list_of_which_something_is_shown_and_that_is_asked_for_is_shown_whole() -> None:
    ways = ("autolyse before all else", "levain of rye", "poolish overnight", "biga of stiff dough")
    listed = [
        line(f"• {way.capitalize()}, as it was done for many years in the north.", 200 + 20 * place)
        for place, way in enumerate(ways)
    ]
    text = document(
        page(
            line("1 Baking", 90),
            *prose(110),
            line("We hold the loaf against the following baselines of other bakers:", 180),
            *listed,
        )
    )
    embedder = WordEmbedder()
    vectors = embedder.encode([sentence.reading for sentence in sentences_of(text)])
    paper = OpenPaper(PAPER, text, embedder, vectors)  # type: ignore[arg-type]

    found = paper.best_sentences("Which baselines is the loaf held against?", n=2)
    assert [e.text[2:8] for e in found if e.lead_in] == ["Autoly", "Levain", "Poolis", "Biga o"]
    assert sum(e.completes for e in found) >= 2

    others = paper.best_sentences("What was done in the north?", n=2)
    assert not any(e.completes or e.lead_in for e in others)
