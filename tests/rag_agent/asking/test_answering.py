"""Claims from the sentences at hand, and what is left where there are none."""

from typing import Any

from ingestion.errors import ModelUnavailable
from rag_agent.asking.answering import answer, next_part
from rag_agent.asking.state import State
from rag_agent.events import ClaimWritten
from tests.rag_agent.asking.desk import Desk, asked, desk, prompts
from tests.rag_agent.grounding.pieces import PEAK, evidence

QUESTION = "When does the rate of bubble bursts peak?"
LOAF = "This peak predicts the rise of the loaf better than the height of the dough."


def reading(**more: Any) -> State:
    shown = [evidence(PEAK), evidence(LOAF, 80)]
    return asked(QUESTION, parts=[QUESTION], language="en", evidence=shown, **more)


def shown(services: Desk) -> list[str]:
    return [event.claim.text for event in services.events if isinstance(event, ClaimWritten)]


def test_what_stands_is_shown_and_kept() -> None:
    services = desk("5.2 hours after feeding")
    made = answer(reading(), services)
    assert made["answered"]
    assert [claim.text for claim in made["claims"]] == ["5.2 hours after feeding"]
    assert shown(services) == ["5.2 hours after feeding"]
    assert len(prompts(services)) == 1


def test_what_falls_is_neither_shown_nor_replaced_by_a_quote() -> None:
    services = desk("7 hours after feeding")
    made = answer(reading(), services)
    assert not made["answered"]
    assert made["claims"] == ()
    assert shown(services) == []
    assert PEAK in [near.quote for near in made["nearest_sentences"]]


def test_the_nearest_sentences_are_quotable_ones() -> None:
    state = reading()
    state["evidence"] = [evidence("Does it peak?", quotable=False), evidence(PEAK, 90)]
    assert [near.quote for near in answer(state, desk("NOT STATED"))["nearest_sentences"]] == [PEAK]


def test_claims_of_earlier_parts_stay() -> None:
    first = answer(reading(), desk("5.2 hours after feeding"))["claims"]
    made = answer(reading(claims=first), desk("24 degrees"))
    assert [claim.text for claim in made["claims"]] == ["5.2 hours after feeding", "24 degrees"]


def test_sentences_that_did_not_answer_are_not_asked_again() -> None:
    services = desk("NOT STATED", PEAK)
    state = reading()
    state.update(answer(state, services))
    assert answer(state, services) == {}
    assert len(prompts(services)) == 1


def test_without_a_model_the_best_sentences_are_quoted() -> None:
    made = answer(reading(), desk(no_model=True))
    assert made["quotes_only"]
    assert all(claim.quoted for claim in made["claims"])


def test_a_model_that_fails_at_once_leaves_quotes_and_is_told() -> None:
    services = desk(ModelUnavailable("The server went away"))
    made = answer(reading(), services)
    assert all(claim.quoted for claim in made["claims"])
    assert made["claims"]
    assert "went away" in services.notices[0]
    assert services.reader is None


def test_a_chinese_question_gets_its_claims_in_chinese() -> None:
    zh = "气泡破裂速率在 24 度下喂养后 5.2 小时达到峰值。"
    services = desk(PEAK, zh)
    state = reading()
    state["language"] = "zh"
    (claim,) = answer(state, services)["claims"]
    assert claim.text == zh
    assert [citation.quote for citation in claim.citations] == [PEAK]
    assert shown(services) == [zh]


def test_a_part_put_away_is_missing_where_it_has_no_answer() -> None:
    state = asked("q", parts=["a?", "b?"], answered=False, rounds=3, given_up=True, deepened=True)
    made = next_part(state, desk(no_model=True))
    assert (made["parts"], made["unanswered"]) == (["b?"], ["a?"])
    assert (made["rounds"], made["given_up"], made["deepened"]) == (0, False, False)
    answered = next_part(asked("q", parts=["a?"], answered=True), desk())
    assert answered["unanswered"] == []


def test_the_sentences_of_one_part_are_asked_for_the_next_too() -> None:
    """Both parts of "when does it peak, and at what temperature?" find the same sentences."""
    services = desk(
        "5.2 hours after feeding", "At what temperature does the rate peak?", "24 degrees"
    )
    state = reading()
    state["parts"] = [QUESTION, "At what temperature does it peak?"]
    for step in (answer, next_part):
        state.update(step(state, services))
    assert state["parts"] == ["At what temperature does the rate peak?"]
    state["evidence"] = reading()["evidence"]
    assert [claim.text for claim in answer(state, services)["claims"]] == [
        "5.2 hours after feeding",
        "24 degrees",
    ]


def test_a_model_that_fails_between_the_parts_leaves_the_rest_to_quotes() -> None:
    services = desk(ModelUnavailable("The server went away"))
    state = asked("q", parts=["a?", "b?"], answered=True)
    assert next_part(state, services)["parts"] == ["b?"]
    assert services.reader is None
    assert services.notices == ["The server went away. The rest is only quoted."]
