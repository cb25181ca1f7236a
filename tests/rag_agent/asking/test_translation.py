"""Chinese questions read as English ones, claims told in Chinese."""

import pytest

from ingestion.errors import ModelUnavailable
from rag_agent.asking.translation import in_chinese, to_english
from rag_agent.citation import Claim
from tests.rag_agent.asking.desk import desk, prompts
from tests.rag_agent.grounding.pieces import PEAK

ASKED = "在 24 度下，批归一化需要少多少倍的训练步数？"
ENGLISH = "How many times fewer training steps does batch normalization need at 24 degrees?"


def test_the_whole_question_is_translated_with_its_number() -> None:
    services = desk(ENGLISH)
    assert to_english(ASKED, services) == ENGLISH
    assert prompts(services) == [ASKED]
    assert services.notices == []


def test_an_english_question_asks_no_model() -> None:
    services = desk()
    assert to_english(ENGLISH, services) == ENGLISH
    assert prompts(services) == []


@pytest.mark.parametrize("reply", [ASKED, "", "?!"])
def test_what_is_no_translation_is_told_and_the_question_stays(reply: str) -> None:
    services = desk(reply)
    assert to_english(ASKED, services) == ASKED
    assert "could not be translated" in services.notices[0]


def test_without_a_model_the_question_stays_and_it_is_said() -> None:
    services = desk(no_model=True)
    assert to_english(ASKED, services) == ASKED
    assert services.notices


def test_a_model_that_fails_is_asked_no_more() -> None:
    services = desk(ModelUnavailable("The server went away"))
    assert to_english(ASKED, services) == ASKED
    assert services.reader is None
    assert "went away" in services.notices[0]


def test_a_claim_is_told_in_chinese_and_keeps_its_quotes() -> None:
    told = in_chinese(
        Claim(PEAK, True, ()), desk("气泡破裂速率在 24 度下喂养后 5.2 小时达到峰值。")
    )
    assert told.text == "气泡破裂速率在 24 度下喂养后 5.2 小时达到峰值。"
    assert told.supported


@pytest.mark.parametrize(
    "reply",
    [
        "气泡破裂速率在 24 度下喂养后 7 小时达到峰值。",  # another number
        "气泡破裂速率达到峰值。",  # none
        "在 24 度下 BakeryNet 喂养后 5.2 小时达到峰值。",  # a name of its own
        PEAK,  # not Chinese
        "",
    ],
)
def test_a_translation_that_strays_leaves_the_claim_in_english(reply: str) -> None:
    assert in_chinese(Claim(PEAK, True, ()), desk(reply)).text == PEAK


def test_a_bare_name_or_number_asks_no_model() -> None:
    services = desk()
    assert in_chinese(Claim("5.2 h", True, ()), services).text == "5.2 h"
    assert in_chinese(Claim("ImageNet", True, ()), services).text == "ImageNet"
    assert prompts(services) == []


def test_yes_and_no_are_told_in_chinese_by_code() -> None:
    assert in_chinese(Claim("Yes. ImageNet", True, ()), desk()).text == "是。ImageNet"
    assert in_chinese(Claim("No.", True, ()), desk()).text == "否。"
