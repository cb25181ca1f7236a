from dataclasses import replace

import numpy as np

from ingestion.embedding import HashingEmbedder
from rag_agent.review.plan import groups_of, sections_of, title_of
from rag_agent.review.quotes import quotes_of
from tests.rag_agent.asking.desk import desk
from tests.rag_agent.review.invented import FALL, LENS, PAPERS, RISE, TOPIC


def test_papers_that_are_alike_share_a_section_and_every_paper_has_one() -> None:
    random = np.random.default_rng(0)
    centres = np.eye(8, dtype=np.float32)[:3]
    vectors = np.concatenate([c + 0.1 * random.standard_normal((6, 8)) for c in centres]).astype(
        np.float32
    )
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    sections = sections_of(vectors)
    assert sorted(i for members in sections for i in members) == list(range(18))
    assert all(len({i // 6 for i in members}) == 1 for members in sections)
    assert sections_of(vectors[:1]) == [[0]]


def test_a_section_is_called_by_what_its_papers_share() -> None:
    assert "bubble" in title_of([RISE, FALL], [LENS], "Baking", []).lower()
    first = title_of([LENS], [], "Optics", [])
    assert title_of([LENS], [], "Optics", [first]) != first


def test_a_title_sets_a_section_apart_and_is_no_word_that_all_share() -> None:
    crust, oven = (
        replace(
            RISE, title=title, abstract=f"{said} The model of the loaf is simple. A model is made."
        )
        for title, said in (
            ("Steam of the brick oven", "The brick oven needs steam. A brick oven is hot."),
            ("Heat in a brick oven", "A brick oven keeps its heat. The brick oven is of clay."),
        )
    )
    other = replace(FALL, abstract="The model of the dough is simple. A model of dough falls.")
    assert title_of([crust, oven], [other], "Baking", []).lower() == "brick oven"


def test_quotes_tell_what_a_paper_adds_before_what_others_do() -> None:
    quotes = quotes_of(RISE, TOPIC, desk())
    assert quotes[0].text.startswith("We show")
    assert all(quote.text in RISE.text for quote in quotes)


def test_a_group_has_one_quote_a_paper() -> None:
    services = desk()
    services.embedder = HashingEmbedder(64)
    quotes = [quote for paper in PAPERS for quote in quotes_of(paper, TOPIC, services)]
    groups = groups_of(quotes)
    assert sum(map(len, groups)) == len(quotes)
    for group in groups:
        assert len({quote.paper.arxiv_id for quote in group}) == len(group)
