"""A program on the page: its verdict, output and requirements; running it again, asking for another."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ingestion.errors import SandboxUnavailable
from rag_agent.code.result import CodeResult
from rag_agent.sandbox import Run
from tests.ui.conftest import Page
from ui.web import program

pytestmark = pytest.mark.long

KEPT: dict[str, Any] = {
    "question": "Show the tide in code",
    "language": "python",
    "instruction": {
        "goal": "Compute the tide of a pond.",
        "definition": "",
        "formulas": [],
        "inputs": [],
        "outputs": [],
        "requirements": ["use the <b>moon</b>"],
    },
    "passages": [],
    "program": "print('31 nm')\n",
    "model": "scripted",
    "adapter": "base model",
    "verdict": "failed",
    "reason": "failed: NameError: moon",
    "run": {
        "outcome": "failed",
        "exit_code": 1,
        "stdout": "31 nm",
        "stderr": "NameError",
        "seconds": 0.2,
        "memory_mb": 12.0,
    },
    "self_check": {"found": 2, "reached": 2, "held": 1},
    "repairs": 3,
    "requirements": [
        {"text": "use the <b>moon</b>", "status": "met", "first_line": 1, "last_line": 1},
        {"text": "use the sun", "status": "missed", "first_line": None, "last_line": None},
    ],
    "covers": ["use the <b>moon</b>"],
    "leaves_out": ["use the sun", "everything else in the paper"],
    "missing_packages": [],
    "notices": [],
    "seconds": 3.0,
}
CODE = CodeResult.from_json(KEPT)


def ran(stdout: str) -> Run:
    """A run that printed this."""
    assert CODE.run is not None
    return replace(CODE.run, stdout=stdout, stderr="")


class StandIn:
    """An assistant that only knows one conversation's program."""

    def __init__(self) -> None:
        self.code = CODE
        self.instructions: list[str] = []
        self.conversations = self

    def warm_up(self) -> None:
        pass

    def keep_code(self, session: str, turn: int, code: CodeResult) -> None:
        assert (session, turn) == ("talk", 0)
        self.code = code

    def run_again(self, code: CodeResult) -> CodeResult:
        return replace(code, run=ran("32 nm"), ended="passed", trouble="", requirements=())

    def write_again(
        self, code: CodeResult, instruction: str, on_event: Callable[[Any], None]
    ) -> CodeResult:
        self.instructions.append(instruction)
        raise SandboxUnavailable("No walls here", next_step="Install bubblewrap")


@pytest.fixture
def assistant(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    stand_in = StandIn()
    st.cache_resource.clear()
    monkeypatch.setattr(program, "open_assistant", lambda report: stand_in)
    return stand_in


def shown(assistant: StandIn, **changed: Any) -> AppTest:
    def script():  # type: ignore[no-untyped-def]  # its source runs elsewhere, without names
        from typing import Any, cast

        from ui.web.code_result import show_code
        from ui.web.program import program

        show_code(cast(Any, program().assistant).code, "talk", 0)

    assistant.code = replace(CODE, **changed)
    at = AppTest.from_function(script, default_timeout=60).run()
    assert not at.exception
    return at


def text(at: AppTest) -> str:
    markup = [element.proto.body for element in at.get("html")]
    return "\n".join([*markup, *(str(code.value) for code in at.code)])


def press(at: AppTest, label: str) -> AppTest:
    next(button for button in at.button if button.label == label).click()
    at.run()
    job = program.jobs().get("code-talk-0")
    assert job is not None
    assert job.wait(30)
    at.run()
    assert not at.exception
    return at


def test_a_program_stands_with_its_verdict_its_output_and_its_requirements(
    assistant: StandIn,
) -> None:
    said = text(shown(assistant))
    for part in (
        "does not work",
        "NameError: moon",
        "1 of 2 checks held",
        "3× repaired or written anew",
    ):
        assert part in said
    assert "print('31 nm')" in said
    assert "use the &lt;b&gt;moon&lt;/b&gt;" in said
    assert "met, lines 1–1" in said
    assert "not met" in said


@pytest.mark.parametrize("ended", ["passed", "failed", "not run"])
def test_every_verdict_is_shown(assistant: StandIn, ended: str) -> None:
    assert not shown(assistant, ended=ended, run=None).exception


def test_no_check_mark_stands_above_a_requirement_that_is_not_met(assistant: StandIn) -> None:
    said = text(shown(assistant, ended="passed", trouble=""))
    assert "but a requirement is not met" in said
    verdict, _, requirements = said.partition("not met")
    assert "✓" not in verdict
    assert "✗" in requirements


def test_running_again_shows_the_new_run(assistant: StandIn) -> None:
    at = press(shown(assistant), "Run again")
    assert "32 nm" in text(at)
    assert "its self-check held" in text(at)


def test_an_edited_instruction_is_sent_and_a_failure_keeps_the_program(assistant: StandIn) -> None:
    at = shown(assistant)
    at.text_area[0].set_value("Goal: Compute it.\nRequirements:\n- use the sun")
    press(at, "Write the program again")
    assert assistant.instructions == ["Goal: Compute it.\nRequirements:\n- use the sun"]
    assert "No walls here" in text(at)
    assert "print('31 nm')" in text(at)


def test_a_program_run_again_is_kept_with_its_turn(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.run().ask("What is the lunar tide of the garden pond?")
    page.assistant.conversations.keep_code(page.session, 0, CODE)
    run = ran("33 nm")
    monkeypatch.setattr(page.assistant, "run_again", lambda code: replace(code, run=run))
    page.run().press("Run again")
    job = program.jobs().get(f"code-{page.session}-0")
    assert job is not None
    assert job.wait(30)
    st.cache_resource.clear()  # as after a restart
    assert "33 nm" in page.run().text
    kept = page.assistant.conversations.turns(page.session)[0].answer.code
    assert kept is not None
    assert kept.run == run
    code = page.assistant.conversations.turns(page.session)[0].answer.code
    assert code is not None
    assert code.run == run
