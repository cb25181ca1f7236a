"""What a question gets back, as values and as JSON."""

import json
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.errors import AgentError
from ingestion.paper import Origin, Paper
from rag_agent.answer import Answer, Route, Step, Tokens, Verdict
from rag_agent.citation import Citation, Claim, Hit, QuoteKind, quote_kind
from rag_agent.conversations.turn import SCHEMA, Rating, Turn
from tests.papers import SOURDOUGH
from tests.rag_agent.test_schemas import CODE

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


texts = st.text(max_size=40)
shares = st.floats(-1, 1).map(lambda value: round(value, 4))
papers = st.builds(
    Paper,
    arxiv_id=st.sampled_from(["2711.00001", "hep-ph/9901001", "local/0123456789ab"]),
    title=texts,
    abstract=texts,
    authors=st.tuples(texts),
    categories=st.tuples(texts),
    year=st.integers(1991, 2090),
    version=st.integers(0, 12),
    origin=st.sampled_from(get_args(Origin)),
)
citations = st.builds(
    Citation,
    key=st.integers(1, 30),
    paper=papers,
    page=st.none() | st.integers(1, 300),
    quote=texts,
    start=st.integers(0, 10**6),
    passage=texts,
    cosine=shares,
    kind=st.sampled_from(get_args(QuoteKind)),
)
several = st.lists(texts, max_size=3).map(tuple)
claims = st.builds(
    Claim, texts, st.booleans(), st.lists(citations, max_size=2).map(tuple), st.booleans()
)
answers = st.builds(
    Answer,
    question=texts,
    language=st.sampled_from(["en", "zh"]),
    answered=st.booleans(),
    claims=st.lists(claims, max_size=2).map(tuple),
    route=st.sampled_from(get_args(Route)),
    nearest=st.lists(st.builds(Hit, papers, shares, shares, st.booleans()), max_size=2).map(tuple),
    nearest_sentences=st.lists(citations, max_size=2).map(tuple),
    missing=several,
    queries=several,
    steps=st.lists(st.builds(Step, texts, shares, texts), max_size=2).map(tuple),
    model=texts,
    tokens=st.builds(Tokens, st.integers(0, 10**6), st.integers(0, 10**6)),
    llm_calls=st.integers(0, 50),
    rounds=st.integers(0, 50),
    fetched=several,
    verdict=st.sampled_from(get_args(Verdict)),
    notices=several,
    seconds=shares,
    model_seconds=shares,
    reply=texts,
    code=st.none() | st.just(CODE),
)
turns = st.builds(Turn, texts, answers, texts, st.sampled_from(get_args(Rating)))


@given(turns)
@pytest.mark.long
def test_a_turn_is_read_as_it_was_written(turn: Turn) -> None:
    written = json.loads(json.dumps(turn.as_json()))
    read = Turn.from_json(written)
    assert read.as_json() == written
    assert Turn.from_json(read.as_json()) == read
    assert read.answer.text == turn.answer.text


@given(claims)
def test_only_the_authors_words_stand_in_quotation_marks(claim: Claim) -> None:
    own = any(citation.kind == "summary" for citation in claim.citations)
    assert claim.in_quotation_marks == (claim.quoted and not own)


def test_a_turn_of_a_later_version_is_not_guessed_at() -> None:
    written = Turn("?", Answer("?", "en", True)).as_json()
    with pytest.raises(AgentError, match="later version"):
        Turn.from_json(written | {"schema": SCHEMA + 1})
