"""The program of a reply as it streams, and where the model is stopped."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.errors import OutOfTime
from rag_agent.code.reply import circle_of, written
from rag_agent.model.scripted import ScriptedModel

GOOD = "def double(x):\n    return 2 * x\n"
BLOCK = f"```python\n{GOOD}```"


def test_the_model_is_stopped_when_its_block_closes() -> None:
    model = ScriptedModel([f"{BLOCK}\n" + "and on and on " * 1000])
    shown: list[str] = []
    assert written(model, [("user", "double")], shown.append) == GOOD
    assert "".join(shown).split() == GOOD.split()
    assert model.usage.completion_tokens < 20


def test_a_reply_that_goes_in_circles_is_cut() -> None:
    again = "    y = layer(y)\n    y = norm(y)\n"
    model = ScriptedModel(["```python\ndef f(y):\n" + again * 200])
    program = written(model, [("user", "f")])
    assert program.count("norm(y)") <= 2
    assert program.startswith("def f(y):")
    assert model.usage.completion_tokens < 200


@pytest.mark.parametrize(
    "text",
    [
        "def f(x):\n" + "    x = layer(x)\n" * 5,
        "zeros = [" + "0.0, " * 20,
        "x = 1" + " " * 300,
        "# " + "\n" * 50,
    ],
)
def test_what_programs_repeat_is_no_circle(text: str) -> None:
    assert circle_of(text) == 0


@given(st.text(max_size=40), st.text("ab\n =", min_size=4, max_size=30).filter(str.strip))
def test_a_circle_leaves_what_was_said_first(before: str, once: str) -> None:
    text = before + once * 30
    assert text[: len(text) - circle_of(text)].startswith(before)
    assert circle_of(text) < len(text)


def test_a_reply_ends_at_its_deadline() -> None:
    model = ScriptedModel([BLOCK + " on" * 500], seconds_a_piece=0.01)
    slow = model.until(time.perf_counter() + 0.03)
    with pytest.raises(OutOfTime):
        written(slow, [("user", "double")], max_tokens=9)
    with pytest.raises(OutOfTime):
        written(slow, [("user", "double")])
    assert slow.usage.calls == 1  # the second was never asked
