"""From a question to a program: what ran, what did not, and that the result says so."""

import ast
from collections.abc import Callable
from typing import Any

import pytest

from ingestion.errors import AgentError, InvalidReply, SandboxUnavailable
from ingestion.paper import Paper
from rag_agent.answer import Citation
from rag_agent.coding import CodeResult, error_lines, result_of, write_code
from rag_agent.events import Event, Notice, ProgramRan, StepStarted, TextWritten
from rag_agent.instruction import Instruction, parse_instruction, write_instruction
from rag_agent.language_model import LanguageModel, ScriptedModel
from rag_agent.program import (
    docstring,
    language_of,
    missing_packages,
    program_in,
    section_of,
)
from rag_agent.sandbox import Run, Sandbox
from rag_agent.self_check import SelfCheck, run_checked
from rag_agent.settings import SandboxSettings

PAPER = Paper(
    arxiv_id="1706.03762",
    title="Attention Is All You Need",
    abstract="We propose the Transformer.",
    authors=("A. Vaswani",),
    categories=("cs.CL",),
    year=2017,
)
QUOTE = "We compute the dot products of the query with all keys, divide each by √dk"
PASSAGE = Citation(
    key=1,
    paper=PAPER,
    page=4,
    quote=QUOTE,
    start=120,
    passage=f"3.2.1 Scaled Dot-Product Attention\n{QUOTE}, and apply a softmax function.",
    cosine=0.7,
)
INSTRUCTION = Instruction(
    goal="Compute scaled dot-product attention.",
    formulas=("softmax(Q K^T / sqrt(d_k)) V",),
    inputs=("Q: (n, d_k)",),
    outputs=("out: (n, d_v)",),
    requirements=("divide by sqrt(d_k)", "apply a softmax"),
)
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
    box = Sandbox(SandboxSettings(timeout_s=10))
    try:
        box.run("pass")
    except SandboxUnavailable as error:
        pytest.skip(f"needs namespaces and bubblewrap: {error}")
    return box


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


def test_the_program_names_paper_section_and_page() -> None:
    text = docstring(INSTRUCTION.goal, [PASSAGE])
    assert " ".join((ast.get_docstring(ast.parse(text)) or "").split()) == (
        'Compute scaled dot-product attention. After "Attention Is All You Need" (1706.03762), '
        "section 3.2.1 Scaled Dot-Product Attention, page 4."
    )


@pytest.mark.parametrize("hostile", ['"""', "\\", '"', "'''", "\\x", 'end"', "\\N{BULLET}", "\0"])
def test_no_title_breaks_out_of_the_docstring(hostile: str) -> None:
    goal = f"Show this {hostile} and end with it {hostile}"
    text = docstring(goal, [PASSAGE])
    assert len(ast.parse(text).body) == 1


def test_the_models_own_docstring_gives_way(sandbox: Sandbox) -> None:
    own = '"""By a model, after nothing."""\n' + GOOD
    result, _ = build(ScriptedModel([block(own)]), ScriptedModel([MET]), sandbox)
    assert "By a model" not in result.program
    assert "Attention Is All You Need" in (ast.get_docstring(ast.parse(result.program)) or "")
    assert result.verdict == "passed"


def test_a_failure_goes_back_with_its_traceback(sandbox: Sandbox) -> None:
    coder = ScriptedModel([block(CRASHES), block(GOOD)])
    result, events = build(coder, ScriptedModel([MET]), sandbox)
    assert (result.verdict, result.repairs) == ("passed", 1)
    request = coder.prompts[1][-1][1]
    assert "NameError: name 'y' is not defined" in request
    assert "return 2 * y" in request
    assert "_run()" not in request  # the frames of the counting harness are not the program's
    assert [e.outcome for e in events if isinstance(e, ProgramRan)] == ["failed", "passed"]


def test_a_failed_assert_goes_back_with_its_values(sandbox: Sandbox) -> None:
    coder = ScriptedModel([block(GOOD.replace("== 4", "== 5")), block(GOOD)])
    result, _ = build(coder, ScriptedModel([MET]), sandbox)
    assert "where double(2) = 4" in coder.prompts[1][-1][1]
    assert result.verdict == "passed"


def test_repair_ends_when_the_same_error_returns(sandbox: Sandbox) -> None:
    coder = ScriptedModel([block(CRASHES), block("# once more\n" + CRASHES), block(GOOD)])
    result, events = build(coder, ScriptedModel(), sandbox)
    assert (result.verdict, result.repairs) == ("failed", 1)
    assert "NameError" in result.reason
    assert Notice("Repair stopped: the same error came back") in events
    assert [check.status for check in result.requirements] == ["unchecked", "unchecked"]


def test_repair_ends_after_the_rounds_that_are_set(sandbox: Sandbox) -> None:
    programs = [block(CRASHES.replace("y", name)) for name in "abcdefg"]
    result, _ = build(ScriptedModel(programs), ScriptedModel(), sandbox)
    assert (result.verdict, result.repairs) == ("failed", 3)


def test_a_syntax_error_is_not_run(sandbox: Sandbox) -> None:
    coder = ScriptedModel([block("def f(:\n    pass\n"), block(GOOD)])
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


def test_packages_that_are_there_are_not_missing() -> None:
    assert missing_packages(ast.parse("import numpy.linalg, os\nfrom torch import nn")) == ()


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


def test_without_a_usable_instruction_the_question_is_given_as_it_is() -> None:
    reader = ScriptedModel([InvalidReply("The model replied twice with something else")])
    instruction, notice = write_instruction("show attention", [PASSAGE], reader)
    assert instruction.goal == "show attention"
    assert instruction.requirements == (QUOTE,)
    assert "as they are" in notice


def test_an_edited_instruction_is_read_back() -> None:
    assert parse_instruction(INSTRUCTION.as_text()) == INSTRUCTION
    bare = INSTRUCTION.model_copy(update={"formulas": (), "inputs": (), "outputs": ()})
    assert parse_instruction(bare.as_text()) == bare


@pytest.mark.parametrize("text", ["", "Goal: attention", "Requirements:\n- a thing", "x" * 9999])
def test_an_edit_that_leaves_no_instruction_is_an_error(text: str) -> None:
    with pytest.raises(AgentError, match="cannot be read"):
        parse_instruction(text)


@pytest.mark.parametrize(
    ("reply", "program"),
    [
        ("```python\nx = 1\n```", "x = 1\n"),
        ("Sure:\n```py\nx = 1\n\ny = 2\n```\nThis is it.", "x = 1\n\ny = 2\n"),
        ("```python\nx = 1\n", "x = 1\n"),
        ("x = 1", "x = 1\n"),
        ("", ""),
        ("```\nfirst\n```\n```\nsecond\n```", "first\n"),
    ],
)
def test_the_program_is_the_first_block(reply: str, program: str) -> None:
    assert program_in(reply) == program


def test_the_model_is_stopped_when_its_block_closes(sandbox: Sandbox) -> None:
    reply = block(GOOD) + "\n" + "and on and on " * 1000
    coder = ScriptedModel([reply])
    build(coder, ScriptedModel([MET]), sandbox)
    assert coder.usage.completion_tokens < 100


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("show attention in code", "python"),
        ("write it in C++", "c++"),
        ("Adam as JavaScript", "javascript"),
        ("用Rust写一个注意力层", "rust"),
        ("a layer in Go", "go"),
        ("how to go on in cases like this", "python"),
        ("c in the loss", "python"),
        ("用中文解释并给出代码", "python"),
    ],
)
def test_the_language_is_the_one_named(question: str, language: str) -> None:
    assert language_of(question) == language


def test_a_run_cut_by_a_limit_is_told_apart() -> None:
    run = Run("timed out", -9, "", "", 20.0, 12.0)
    assert error_lines(run).startswith("The run was stopped: timed out")


def test_a_section_is_read_from_the_passage() -> None:
    assert section_of(PASSAGE) == "3.2.1 Scaled Dot-Product Attention"


def test_line_numbers_and_output_stay_the_programs_own(sandbox: Sandbox) -> None:
    run, check = run_checked(sandbox, "import sys\nprint('out')\nassert sys.argv\n1 / 0\n")
    assert run.stdout == "out\n"
    assert 'File "program.py", line 4, in <module>' in run.stderr
    assert run.stderr.splitlines()[0] == "Traceback (most recent call last):"
    assert "_run" not in run.stderr
    assert check == SelfCheck(1, 1, 1)


@pytest.mark.parametrize(
    "program",
    [
        "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: 'int' = 1\nassert P().x == 1\n",
        "import numpy as np\nx = np.ones(2)\nnp.testing.assert_allclose(x, 1)\n",
        "s = '{braces} {0} %s \\\\ \\'\\'\\''\nassert s\n",
        "from __future__ import annotations\nx = 1\nassert x\n",
        "class Checker:\n    def run(self):\n        assert self\nChecker().run()\n",
    ],
)
def test_counting_changes_nothing_a_program_sees(sandbox: Sandbox, program: str) -> None:
    run, check = run_checked(sandbox, program)
    assert run.outcome == "passed", run.stderr
    assert check.passed


def test_a_generator_of_events_gives_its_value() -> None:
    def steps() -> Any:
        yield Notice("one")
        return 7

    make: Callable[[], Any] = steps
    assert result_of(make()) == 7
