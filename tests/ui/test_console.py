"""Nothing that others wrote acts on a terminal: titles, notices, quotes, a program's output."""

import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from rag_agent.events import Event, Notice, StepFinished, StepStarted, TextWritten
from ui import console
from ui.cleaned import Cleaned
from ui.terminal import show

HOSTILE = "safe\x1b]0;owned\x07\x1b[2J\u009b31m\u202etxt.exe\U000e0041\U000e0042 end\r over"
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\U000e0000-\U000e007f]")


def unseen(text: str) -> list[str]:
    """What acts unseen in what was printed, the console's own colours aside."""
    return _UNSEEN.findall(re.sub("\x1b\\[[0-9;?]*[a-zA-Z]", "", text))


def cleaning() -> tuple[Console, io.StringIO]:
    file = io.StringIO()
    out = Console(file=file, highlight=False, width=200)
    out.push_render_hook(Cleaned())
    return out, file


def table() -> Table:
    rows = Table("title")
    rows.add_row(Text(HOSTILE))
    return rows


@pytest.mark.parametrize(
    "shown",
    [HOSTILE, Text(HOSTILE), Syntax(HOSTILE, "python"), table()],
    ids=["str", "text", "syntax", "table"],
)
def test_whatever_a_console_prints_is_cleaned(shown: object) -> None:
    out, file = cleaning()
    out.print(shown, markup=False, soft_wrap=True)
    assert unseen(file.getvalue()) == []
    assert "safe" in file.getvalue()
    assert "end" in file.getvalue()


def test_the_consoles_own_colours_stay() -> None:
    file = io.StringIO()
    out = Console(file=file, force_terminal=True, color_system="truecolor", legacy_windows=False)
    out.push_render_hook(Cleaned())
    out.print("[red]error:[/] x")
    assert "\x1b[31m" in file.getvalue()


def test_an_answer_on_its_way_is_cleaned() -> None:
    events: list[Event] = [
        StepStarted("search", HOSTILE),
        StepFinished("search", 1.0, HOSTILE),
        Notice(HOSTILE),
        TextWritten("a\x1b"),
        TextWritten("[2Jb"),
    ]
    (out, said), (err, beside) = cleaning(), cleaning()
    show(events, out, err)
    assert unseen(said.getvalue() + beside.getvalue()) == []
    assert said.getvalue().startswith("a[2Jb")


def test_plain_lines_are_cleaned(capsys: pytest.CaptureFixture[str]) -> None:
    console.say(HOSTILE)
    console.say(HOSTILE, error=True)
    captured = capsys.readouterr()
    assert unseen(captured.out + captured.err) == []


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_json_holds_every_character_and_none_that_acts(text: str) -> None:
    import contextlib

    file = io.StringIO()
    with contextlib.redirect_stdout(file):
        console.print_json({"text": text})
    assert json.loads(file.getvalue()) == {"text": text}
    assert file.getvalue().removesuffix("\n").isprintable()
