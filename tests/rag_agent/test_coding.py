"""From a question to a program: what ran, what did not, and that the result says so."""

import ast
from collections.abc import Callable
from typing import Any

import pytest

from ingestion.errors import SandboxUnavailable
from rag_agent.coding import CodeResult, error_lines, result_of, write_code
from rag_agent.events import Event, Notice, ProgramRan, StepStarted, TextWritten
from rag_agent.language_model import LanguageModel, ScriptedModel
from rag_agent.sandbox import Run, Sandbox
from rag_agent.self_check import SelfCheck
from rag_agent.settings import SandboxSettings
from tests.rag_agent import sandboxes
from tests.rag_agent.attention import INSTRUCTION, PASSAGE, QUOTE

GOOD = (
    "def double(x):\n    return 2 * x\n\n\nif __name__ == '__main__':\n    assert double(2) == 4\n"
)
CRASHES = GOOD.replace("2 * x", "2 * y")
MET = {
    "checks": [
        {"requirement": 1, "first_line": 8, "last_line": 8, "met": True},
        {"requirement": 2, "first_line": 8, "last_line": 8, "met": True},
    ]
}
MISSED = {
    "checks": [
        {"requirement": 1, "first_line": 8, "last_line": 8, "met": True},
        {"requirement": 2, "first_line": 0, "last_line": 0, "met": False},
    ]
}


def patch(*lines: str, first: int = 8, last: int = 8) -> dict[str, Any]:
    """A coder's reply that replaces lines; line 8 is the body of `double`."""
    return {"cause": "a name", "first_line": first, "last_line": last, "new_lines": list(lines)}


def block(program: str) -> str:
    return f"```python\n{program}```"


class StubSandbox(Sandbox):
    """Runs nothing: plays queued answers of `run`."""

    def __init__(self, *answers: Run | Exception) -> None:
        super().__init__(SandboxSettings())
        self.answers = list(answers)

    def run(self, program: str, *, stdin: str = "") -> Run:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return sandboxes.opened(SandboxSettings(timeout_s=60))


def build(
    coder: LanguageModel, reader: LanguageModel, sandbox: Sandbox, **options: Any
) -> tuple[CodeResult, list[Event]]:
    """Run `write_code` on a ready instruction, with its events kept."""
    options = {"question": "attention", "instruction": INSTRUCTION, **options}
    steps = write_code(passages=[PASSAGE], coder=coder, reader=reader, sandbox=sandbox, **options)
    events: list[Event] = []
    while True:
        try:
            events.append(next(steps))
        except StopIteration as end:
            return end.value, events


def test_a_program_that_runs_with_its_self_check_passes(sandbox: Sandbox) -> None:
    result, events = build(ScriptedModel([block(GOOD)]), ScriptedModel([MET]), sandbox)
    assert (result.verdict, result.reason, result.repairs) == ("passed", "", 0)
    assert result.run is not None
    assert result.run.exit_code == 0
    assert result.self_check == SelfCheck(1, 1, 1)
    assert [check.status for check in result.requirements] == ["met", "met"]
    assert result.program.splitlines()[result.requirements[0].first_line - 1] == "    return 2 * x"  # type: ignore[operator]
    assert "".join(e.text for e in events if isinstance(e, TextWritten)).strip() == GOOD.strip()
    assert [e.name for e in events if isinstance(e, StepStarted)] == ["write", "run", "review"]
    assert [e.outcome for e in events if isinstance(e, ProgramRan)] == ["passed"]


def test_the_models_own_docstring_gives_way(sandbox: Sandbox) -> None:
    own = '"""By a model, after nothing."""\n' + GOOD
    result, _ = build(ScriptedModel([block(own)]), ScriptedModel([MET]), sandbox)
    assert "By a model" not in result.program
    assert "Attention Is All You Need" in (ast.get_docstring(ast.parse(result.program)) or "")
    assert result.verdict == "passed"


def test_a_failure_goes_back_with_its_traceback(sandbox: Sandbox) -> None:
    coder = ScriptedModel([block(CRASHES), patch("return 2 * x")])
    result, events = build(coder, ScriptedModel([MET]), sandbox)
    assert (result.verdict, result.repairs) == ("passed", 1)
    assert result.program.endswith(GOOD)  # the indentation is the old line's
    request = coder.prompts[1][-1][1]
    assert "NameError: name 'y' is not defined" in request
    assert "8:     return 2 * y" in request
    assert "_run()" not in request  # the frames of the counting harness are not the program's
    assert [e.outcome for e in events if isinstance(e, ProgramRan)] == ["failed", "passed"]


def test_a_failed_assert_goes_back_with_its_values(sandbox: Sandbox) -> None:
    coder = ScriptedModel([block(GOOD.replace("2 * x", "3 * x")), patch("return 2 * x")])
    result, _ = build(coder, ScriptedModel([MET]), sandbox)
    assert "where double(2) = 6" in coder.prompts[1][-1][1]
    assert result.verdict == "passed"


@pytest.mark.parametrize(
    "useless", [patch("x", first=900, last=901), patch("x", first=1), patch("    return 2 * y")]
)
def test_lines_that_change_nothing_bring_the_whole_program_back(
    sandbox: Sandbox, useless: dict[str, Any]
) -> None:
    coder = ScriptedModel([block(CRASHES), useless, block(GOOD)])
    result, _ = build(coder, ScriptedModel([MET]), sandbox)
    assert (result.verdict, result.repairs) == ("passed", 1)
    assert "whole corrected program" in coder.prompts[2][-1][1]


def test_a_coder_without_usable_lines_is_asked_for_the_whole_program(sandbox: Sandbox) -> None:
    coder = ScriptedModel([block(CRASHES), "no", "no", block(GOOD)])
    result, _ = build(coder, ScriptedModel([MET]), sandbox)
    assert (result.verdict, result.repairs) == ("passed", 1)
    assert any("no lines to replace" in notice for notice in result.notices)


def test_a_missing_self_check_is_asked_for_alone(sandbox: Sandbox) -> None:
    bare, check = GOOD.split("\n\n\n")
    coder = ScriptedModel([block(bare + "\n"), block(check)])
    result, _ = build(coder, ScriptedModel([MET]), sandbox)
    assert "only the self-check" in coder.prompts[1][-1][1]
    assert result.verdict == "passed"
    assert "def double" in result.program


def test_repair_ends_when_the_same_error_returns(sandbox: Sandbox) -> None:
    coder = ScriptedModel([block(CRASHES), patch("return y + y"), block(GOOD)])
    result, events = build(coder, ScriptedModel(), sandbox)
    assert (result.verdict, result.repairs) == ("failed", 1)
    assert "NameError" in result.reason
    assert Notice("Repair stopped: the same error came back") in events
    assert [check.status for check in result.requirements] == ["unchecked", "unchecked"]


def test_repair_ends_after_the_rounds_that_are_set(sandbox: Sandbox) -> None:
    patches = [patch(f"    return 2 * {name}") for name in "abcdefg"]
    result, _ = build(ScriptedModel([block(CRASHES), *patches]), ScriptedModel(), sandbox)
    assert (result.verdict, result.repairs) == ("failed", 3)


def test_a_syntax_error_is_not_run(sandbox: Sandbox) -> None:
    mended = patch(*GOOD.splitlines(), first=7, last=8)
    coder = ScriptedModel([block("def f(:\n    pass\n"), mended])
    result, events = build(coder, ScriptedModel([MET]), sandbox)
    assert "SyntaxError" in coder.prompts[1][-1][1]
    assert (result.verdict, result.repairs) == ("passed", 1)
    assert len([e for e in events if isinstance(e, StepStarted) and e.name == "run"]) == 1


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("x = 1\n", "it has no self-check"),
        ("x = 1\nassert True\nassert 1 + 1 == 2\nassert x == x\n", "it has no self-check"),
        ("def check():\n    assert len([]) == 0\n", "its self-check was never reached"),
        (
            "try:\n    assert len([]) == 1\nexcept AssertionError:\n    pass\n",
            "a failed assert was swallowed",
        ),
        ("raise SystemExit(0)\n", "it has no self-check"),
        ("import os\nx = 1\nassert x\nos._exit(0)\n", "it has no self-check"),
        ("def area(r):\n    assert r > 0\n    return r\n\narea(1)\n", "it has no self-check"),
    ],
)
def test_without_a_self_check_that_ran_nothing_is_a_success(
    sandbox: Sandbox, program: str, reason: str
) -> None:
    result, _ = build(ScriptedModel([block(program)] * 2), ScriptedModel(), sandbox)
    assert (result.verdict, result.reason) == ("failed", reason)
    assert result.run is not None
    assert result.run.exit_code == 0


def test_missing_packages_are_named_and_not_installed(sandbox: Sandbox) -> None:
    program = "import no_such_package_a.sub\nfrom no_such_package_b import x\n" + GOOD
    coder = ScriptedModel([block(program)] * 2)
    result, _ = build(coder, ScriptedModel([MET]), sandbox)
    assert result.verdict == "not run"
    assert result.missing_packages == ("no_such_package_a", "no_such_package_b")
    assert result.reason.endswith("no_such_package_a, no_such_package_b")
    assert result.run is None


def test_where_code_cannot_be_isolated_it_is_not_run() -> None:
    box = StubSandbox(SandboxUnavailable("Code cannot be isolated here: no bwrap"))
    result, _ = build(ScriptedModel([block(GOOD)]), ScriptedModel([MET]), box)
    assert (result.verdict, result.run) == ("not run", None)
    assert "cannot be isolated" in result.reason
    assert result.program.endswith(GOOD)


def test_a_run_that_was_not_asked_for_is_not_made() -> None:
    result, _ = build(ScriptedModel([block(GOOD)]), ScriptedModel([MET]), StubSandbox(), run=False)
    assert (result.verdict, result.reason) == ("not run", "a run was not asked for")


def test_other_languages_are_written_and_not_run() -> None:
    coder = ScriptedModel(["```rust\nfn main() {}\n```"])
    result, _ = build(coder, ScriptedModel(), StubSandbox(), question="attention in Rust")
    assert (result.language, result.verdict, result.run) == ("rust", "not run", None)
    assert result.program == "fn main() {}\n"
    assert result.reason == "rust programs are written but not run"
    assert {check.status for check in result.requirements} == {"unchecked"}


def test_a_missed_requirement_gets_one_more_round(sandbox: Sandbox) -> None:
    more = GOOD.replace("2 * x", "x + x")
    coder = ScriptedModel([block(GOOD), block(more)])
    result, _ = build(coder, ScriptedModel([MISSED, MET]), sandbox)
    assert "- apply a softmax" in coder.prompts[1][-1][1]
    assert "divide by sqrt" not in coder.prompts[1][-1][1]
    assert result.program.endswith(more)
    assert result.covers == INSTRUCTION.requirements
    assert result.repairs == 1


def test_a_round_that_breaks_the_program_is_dropped(sandbox: Sandbox) -> None:
    coder = ScriptedModel([block(GOOD), block(CRASHES)])
    result, events = build(coder, ScriptedModel([MISSED]), sandbox)
    assert result.verdict == "passed"
    assert result.program.endswith(GOOD)
    assert [check.status for check in result.requirements] == ["met", "missed"]
    assert result.leaves_out[0] == "apply a softmax"
    assert any(isinstance(e, Notice) and "kept the one before" in e.text for e in events)


@pytest.mark.parametrize(
    "check",
    [
        {"requirement": 2, "first_line": 900, "last_line": 901, "met": True},  # beyond the program
        {"requirement": 2, "first_line": 1, "last_line": 3, "met": True},  # the docstring
        {"requirement": 2, "first_line": 9, "last_line": 8, "met": True},  # no line at all
    ],
)
def test_lines_that_are_not_code_meet_nothing(sandbox: Sandbox, check: dict[str, Any]) -> None:
    said = {"checks": [MET["checks"][0], check]}
    coder = ScriptedModel([block(GOOD), block(GOOD)])
    result, _ = build(coder, ScriptedModel([said, said]), sandbox)
    assert [check.status for check in result.requirements] == ["met", "missed"]
    assert result.requirements[1].first_line is None


def test_a_decimal_number_that_the_program_lacks_is_missed(sandbox: Sandbox) -> None:
    instruction = INSTRUCTION.model_copy(update={"requirements": ("beta is 0.9", "eps is 1e-8")})
    program = GOOD.replace("return 2", "return 0.9 * 2 / 0.9")
    coder = ScriptedModel([block(program)] * 2)
    result, _ = build(coder, ScriptedModel([MET, MET]), sandbox, instruction=instruction)
    assert [check.status for check in result.requirements] == ["met", "missed"]


def test_an_unusable_review_leaves_requirements_unchecked(sandbox: Sandbox) -> None:
    reader = ScriptedModel(["nonsense", "nonsense"])
    result, _ = build(ScriptedModel([block(GOOD)]), reader, sandbox)
    assert {check.status for check in result.requirements} == {"unchecked"}
    assert any("not checked" in notice for notice in result.notices)
    assert result.verdict == "passed"


def test_the_instruction_is_written_from_question_and_passages(sandbox: Sandbox) -> None:
    reader = ScriptedModel([INSTRUCTION, MET])
    result, events = build(
        ScriptedModel([block(GOOD)]), reader, sandbox, instruction=None, keywords=("softmax",)
    )
    prompt = reader.prompts[0][-1][1]
    assert "attention" in prompt
    assert "softmax" in prompt
    assert QUOTE in prompt
    assert result.instruction == INSTRUCTION
    assert isinstance(events[0], StepStarted)
    assert events[0].name == "instruct"


def test_the_model_is_stopped_when_its_block_closes(sandbox: Sandbox) -> None:
    reply = block(GOOD) + "\n" + "and on and on " * 1000
    coder = ScriptedModel([reply])
    build(coder, ScriptedModel([MET]), sandbox)
    assert coder.usage.completion_tokens < 100


def test_a_run_cut_by_a_limit_is_told_apart() -> None:
    run = Run("timed out", -9, "", "", 20.0, 12.0)
    assert error_lines(run).startswith("The run was stopped: timed out")


def test_a_generator_of_events_gives_its_value() -> None:
    def steps() -> Any:
        yield Notice("one")
        return 7

    make: Callable[[], Any] = steps
    assert result_of(make()) == 7
