"""Whether further readings say it too."""

from collections.abc import Sequence

import pytest

from rag_agent.grounding.agreement import holds_again
from rag_agent.model.scripted import ScriptedModel


@pytest.mark.parametrize(
    ("stood", "holds", "asked"),
    [
        ([True, True, False], True, 2),
        ([True, False, True], True, 3),
        ([False, True, False], False, 3),
        ([False, False, True], False, 2),
    ],
)
def test_most_further_readings_decide_and_no_more_are_asked(
    stood: Sequence[bool], holds: bool, asked: int
) -> None:
    readings = iter(stood)
    assert holds_again(lambda model: next(readings), ScriptedModel()) is holds
    assert len(list(readings)) == len(stood) - asked
