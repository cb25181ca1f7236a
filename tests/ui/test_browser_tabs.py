"""Many tabs in a real browser: no answer is lost, none lands in another tab, memory stays steady."""

from contextlib import ExitStack
from typing import Any

import pytest

from bench.page_server import Served
from tests.ui.browsing import ask, opened_tab
from tests.ui.scripted import NAMES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800), pytest.mark.enable_socket]

_GROWTH_MB = 60
_AT_ONCE = 4


def question(name: str) -> str:
    return f"What is the tide of the {name} basin?"


def answers(tab: Any, count: int) -> list[str]:
    """The answers of a tab, once it has so many."""
    shown = tab.locator("[class*=st-key-flow-] .claim")
    shown.nth(count - 1).wait_for()
    return list(shown.all_inner_texts())


def expected(name: str) -> str:
    return f"The tide of the {name} basin is {NAMES.index(name) + 1} nanometres."


def test_twenty_tabs_in_a_row_then_four_at_once(
    browser: Any, served: Served, record_property: Any
) -> None:
    with opened_tab(browser, served) as warm:
        ask(warm, question(NAMES[0]))
        answers(warm, 1)
    memory_mb = [served.memory_mb]

    for name in NAMES:
        with opened_tab(browser, served) as tab:
            ask(tab, question(name))
            assert answers(tab, 1) == [expected(name)]
    memory_mb.append(served.memory_mb)

    with ExitStack() as stack:
        tabs = [stack.enter_context(opened_tab(browser, served)) for _ in range(_AT_ONCE)]
        rounds = [NAMES[start : start + _AT_ONCE] for start in range(0, len(NAMES), _AT_ONCE)]
        for count, names in enumerate(rounds, start=1):
            for tab, name in zip(tabs, names, strict=True):
                ask(tab, question(name))
            for tab, name in zip(tabs, names, strict=True):
                assert answers(tab, count)[-1] == expected(name)
        for number, tab in enumerate(tabs):
            tab.reload()
            assert answers(tab, len(rounds)) == [expected(names[number]) for names in rounds]
    memory_mb.append(served.memory_mb)

    record_property("memory_mb", [round(figure) for figure in memory_mb])
    print("server's memory after one, 21 and 41 questions, MB:", *map(round, memory_mb))
    assert memory_mb[-1] - memory_mb[0] < _GROWTH_MB, memory_mb
