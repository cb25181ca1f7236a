"""From a question to a program: what ran, what did not, and that the result says so."""

import ast
import time
from typing import Any

import pytest

from ingestion.errors import ModelUnavailable, SandboxUnavailable
from rag_agent.code.proof.comparison import CrossCheck
from rag_agent.code.proof.self_check import SelfCheck
from rag_agent.code.result import CodeResult
from rag_agent.code.writing import write_code
from rag_agent.events import Event, Notice, ProgramBegun, ProgramRan, StepStarted, TextWritten
from rag_agent.model.client import LanguageModel
from rag_agent.model.scripted import ScriptedModel
from rag_agent.progress import Telling
from rag_agent.prompts.coder import CoderPrompts
from rag_agent.prompts.reader import Prompts
from rag_agent.sandbox import Run, Sandbox
from rag_agent.settings import SandboxSettings
from tests.rag_agent import sandboxes
from tests.rag_agent.attention import INSTRUCTION, PAPER, PASSAGE, QUOTE

GOOD = "def double(x):\n    return 2 * x\n"
CRASHES = GOOD.replace("2 * x", "2 * y")
EXAMPLE = """```python
x = np.random.randn(3)
result = double(x)
assert result.shape == (3,)
```"""
CHECKS = 3  # shape, finite, another x
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


def coder(*programs: str) -> ScriptedModel:
    """Writes these programs, each with an example call of it, and the last once more to compare."""
    written = [reply for program in programs for reply in (block(program), EXAMPLE)]
    return ScriptedModel([*written, block(programs[-1])])


def revised(first: str, second: str) -> ScriptedModel:
    """Writes a program that is compared, then, asked for what is missed, another that is compared too."""
    return ScriptedModel(
        [block(first), EXAMPLE, block(first), block(second), EXAMPLE, block(second)]
    )


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


@pytest.fixture(autouse=True)
def same_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program is held to its self-check under the same secret in every test, so its text is the same too."""
    monkeypatch.setattr(
        "rag_agent.code.proof.self_check.secrets.token_hex", lambda length: "5ec2e7" * 2
    )


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return sandboxes.remembering(SandboxSettings(timeout_s=60))


def build(
    model: LanguageModel, reader: LanguageModel, sandbox: Sandbox, **options: Any
) -> tuple[CodeResult, list[Event]]:
    """Run `write_code` on a ready instruction, with its events kept."""
    options = {"question": "attention", "instruction": INSTRUCTION, **options}
    events: list[Event] = []
    result = write_code(
        passages=[PASSAGE],
        coder=model,
        reader=reader,
        sandbox=sandbox,
        prompts=CoderPrompts(),
        progress=Telling(events.append),
        **options,
    )
    return result, events


@pytest.mark.long
def test_a_program_that_runs_with_its_self_check_passes(sandbox: Sandbox) -> None:
    model = coder(GOOD)
    result, events = build(model, ScriptedModel([MET]), sandbox)
    assert (result.verdict, result.reason, result.repairs) == ("passed", "", 0)
    assert result.run is not None
    assert result.run.exit_code == 0
    assert result.self_check == SelfCheck(CHECKS, CHECKS, CHECKS)
    assert "Written from memory; compare" in result.program
    assert (
        QUOTE in model.prompts[2][-1][1]
    )  # the program that it is compared with has seen the paper
    assert [check.status for check in result.requirements] == ["met", "met"]
    assert result.program.splitlines()[result.requirements[0].first_line - 1] == "    return 2 * x"  # type: ignore[operator]
    shown = "".join(e.text for e in events if isinstance(e, TextWritten))
    assert shown.split() == result.program.partition('"""\n\n')[2].split()
    assert [e.name for e in events if isinstance(e, StepStarted)] == [
        "write",
        "run",
        "compare",
        "review",
    ]
    assert result.cross_check == CrossCheck("agrees", "", 1, 1)
    assert [e.outcome for e in events if isinstance(e, ProgramRan)] == ["passed"]


def test_the_models_own_docstring_and_example_give_way(sandbox: Sandbox) -> None:
    own = f'"""By a model, after nothing."""\n{GOOD}\n\nprint(double(2) + wrong)\n'
    result, _ = build(coder(own), ScriptedModel([MET]), sandbox)
    assert "By a model" not in result.program
    assert "wrong" not in result.program
    assert "Attention Is All You Need" in (ast.get_docstring(ast.parse(result.program)) or "")
    assert result.verdict == "passed"


def test_a_failure_goes_back_with_its_traceback_and_its_example(sandbox: Sandbox) -> None:
    model = coder(CRASHES, GOOD)
    result, events = build(model, ScriptedModel([MET]), sandbox)
    assert (result.verdict, result.repairs) == ("passed", 1)
    request = model.prompts[2][-1][1]
    assert "NameError: name 'y' is not defined" in request
    assert "when it is called so: x = np.random.randn(3); result = double(x)" in request
    assert "_run()" not in request  # the frames of the counting harness are not the program's
    assert [e.outcome for e in events if isinstance(e, ProgramRan)] == ["failed", "passed"]


def test_a_program_that_works_stands_without_a_model_for_the_comparison(sandbox: Sandbox) -> None:
    result, _ = build(ScriptedModel([block(GOOD), EXAMPLE]), ScriptedModel([MET]), sandbox)
    assert result.verdict == "passed"
    assert result.cross_check.outcome == "not compared"
    assert "no reply left" in result.cross_check.reason


def test_a_failed_assert_goes_back_with_its_values(sandbox: Sandbox) -> None:
    wrong = GOOD.replace("2 * x", "x @ x")
    model = ScriptedModel([block(wrong), EXAMPLE, block(GOOD), EXAMPLE, block(GOOD)])
    result, _ = build(model, ScriptedModel([MET]), sandbox)
    assert "the shape is (), not (3,)" in model.prompts[2][-1][1]
    assert result.verdict == "passed"


def test_a_program_that_is_right_on_positive_numbers_alone_is_called_with_those(
    sandbox: Sandbox,
) -> None:
    root = "def scaled(x, v):\n    return x / v ** 0.5\n"
    example = block(
        "x = np.random.randn(3)\nv = np.random.randn(3)\nout = scaled(x, v)\nassert out.shape == (3,)\n"
    )
    result, _ = build(ScriptedModel([block(root), example]), ScriptedModel([MET]), sandbox)
    assert (result.verdict, result.repairs) == ("passed", 0)
    assert "    x = np.random.randn(3)\n    v = np.random.rand(3)\n" in result.program
    assert (
        "The result is undefined for negative v: the example draws positive numbers"
        in result.notices
    )


@pytest.mark.long
def test_where_a_repair_does_not_help_the_program_is_written_anew(sandbox: Sandbox) -> None:
    model = coder(CRASHES, GOOD.replace("2 * x", "y + y"), GOOD)
    result, events = build(model, ScriptedModel([MET]), sandbox)
    assert (result.verdict, result.repairs) == ("passed", 2)
    assert model.prompts[4][-1][1].endswith(f'From "{PAPER.title}":\n{QUOTE}')
    assert any(isinstance(e, Notice) and "anew with what the paper says" in e.text for e in events)
    assert "After" in result.program
    assert "Written from memory" not in result.program


def test_a_repair_of_one_line_alone_does_not_replace_the_program(sandbox: Sandbox) -> None:
    model = ScriptedModel([block(CRASHES), EXAMPLE, block("y = x\n"), block(GOOD), EXAMPLE])
    result, _ = build(model, ScriptedModel([MET]), sandbox)
    assert (result.verdict, result.repairs) == ("passed", 2)


@pytest.mark.long
def test_repair_ends_after_the_rounds_that_are_set(sandbox: Sandbox) -> None:
    programs = [GOOD.replace("2 * x", f"2 * {name}") for name in "abcdefg"]
    result, _ = build(coder(*programs), ScriptedModel(), sandbox)
    assert (result.verdict, result.repairs) == ("failed", 3)
    assert "NameError" in result.reason
    assert [check.status for check in result.requirements] == ["unchecked", "unchecked"]


@pytest.mark.long
def test_of_programs_that_fail_the_last_one_is_shown_with_its_own_failure(sandbox: Sandbox) -> None:
    endless = GOOD.replace("2 * x", "2 * x / 0")  # its shape is right, its values are not finite
    box = sandboxes.remembering(SandboxSettings(timeout_s=60, repairs=2))
    result, events = build(coder(CRASHES, CRASHES, endless), ScriptedModel(), box)
    assert "2 * x / 0" in result.program
    assert "not finite" in result.reason
    begun = max(n for n, event in enumerate(events) if isinstance(event, ProgramBegun))
    shown = "".join(e.text for e in events[begun:] if isinstance(e, TextWritten))
    assert "2 * x / 0" in shown


@pytest.mark.long
def test_two_others_that_agree_take_the_place_of_the_first(sandbox: Sandbox) -> None:
    others = [block(GOOD.replace("2 * x", text)) for text in ("x + x", "x * 2")]
    wrong = GOOD.replace("2 * x", "3 * x")
    result, _ = build(
        ScriptedModel([block(wrong), EXAMPLE, *others]), ScriptedModel([MET]), sandbox
    )
    assert (result.verdict, "x + x" in result.program) == ("passed", True)
    assert result.cross_check == CrossCheck("agrees", "", 1, 2)
    assert any("theirs is shown" in notice for notice in result.notices)


@pytest.mark.long
def test_a_program_that_no_other_agrees_with_does_not_pass(sandbox: Sandbox) -> None:
    others = [block(GOOD.replace("2 * x", text)) for text in ("3 * x", "4 * x", "5 * x")]
    result, _ = build(ScriptedModel([block(GOOD), EXAMPLE, *others]), ScriptedModel([MET]), sandbox)
    assert (result.verdict, result.ended) == ("disputed", "passed")
    assert GOOD in result.program


@pytest.mark.long
def test_an_argument_that_is_asked_for_and_ignored_is_told(sandbox: Sandbox) -> None:
    ignoring = GOOD.replace("(x)", "(x, mask=None)")
    result, _ = build(coder(ignoring), ScriptedModel([MET]), sandbox, question="double with a mask")
    assert (result.verdict, result.ignored) == ("incomplete", ("mask of double",))


def test_when_the_time_is_up_the_best_so_far_stands(sandbox: Sandbox) -> None:
    model = coder(GOOD)

    def late(messages: object) -> str:
        model.deadline = 0.0
        return block(GOOD)

    model.replies[2] = late  # the further program comes too late
    reader = ScriptedModel([MET])
    result, _ = build(model, reader, sandbox, deadline=time.perf_counter() + 600)
    assert (result.verdict, result.cross_check.outcome) == ("passed", "not compared")
    assert "time" in result.cross_check.reason
    assert any("time" in notice for notice in result.notices)
    assert not reader.prompts
    assert {check.status for check in result.requirements} == {"unchecked"}


def test_without_time_no_model_is_asked(sandbox: Sandbox) -> None:
    model = coder(GOOD)
    result, _ = build(model, ScriptedModel(), sandbox, deadline=time.perf_counter() - 1)
    assert (result.verdict, result.program, model.prompts) == ("not run", "", [])
    assert "time was up" in result.reason


def test_a_syntax_error_is_not_run(sandbox: Sandbox) -> None:
    model = ScriptedModel([block("def f(:\n    pass\n"), block(GOOD), EXAMPLE])
    result, events = build(model, ScriptedModel([MET]), sandbox)
    assert "SyntaxError" in model.prompts[1][-1][1]
    assert (result.verdict, result.repairs) == ("passed", 1)
    assert len([e for e in events if isinstance(e, StepStarted) and e.name == "run"]) == 1


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("x = 1\n", "it has no self-check"),
        ("x = 1\nassert True\nassert 1 + 1 == 2\nassert x == x\n", "it has no self-check"),
        (
            "try:\n    assert len([]) == 1\nexcept AssertionError:\n    pass\n",
            "a failed assert was swallowed",
        ),
        ("raise SystemExit(0)\n", "it has no self-check"),
        ("import os\nx = 1\nassert x\nos._exit(0)\n", "it has no self-check"),
    ],
)
@pytest.mark.long
def test_a_program_that_nothing_can_call_is_no_success(
    sandbox: Sandbox, program: str, reason: str
) -> None:
    result, _ = build(ScriptedModel([block(program)] * 4), ScriptedModel(), sandbox)
    assert (result.verdict, result.reason) == ("failed", reason)
    assert result.run is not None
    assert result.run.exit_code == 0


@pytest.mark.long
def test_a_program_that_ends_before_its_self_check_is_no_success(sandbox: Sandbox) -> None:
    program = f"raise SystemExit(0)\n{GOOD}"
    result, _ = build(coder(*[program] * 4), ScriptedModel(), sandbox)
    assert (result.verdict, result.reason) == ("failed", "its self-check was never reached")


def test_without_a_usable_example_there_is_no_success(sandbox: Sandbox) -> None:
    model = ScriptedModel([block(GOOD), "no"] * 4)
    result, _ = build(model, ScriptedModel(), sandbox)
    assert (result.verdict, result.reason) == ("failed", "it has no self-check")
    assert any("No self-check was made" in notice for notice in result.notices)


def test_missing_packages_are_named_and_not_installed(sandbox: Sandbox) -> None:
    program = "import no_such_package_a.sub\nfrom no_such_package_b import x\n" + GOOD
    model = ScriptedModel([block(program)] * 4)
    result, _ = build(model, ScriptedModel([MET]), sandbox)
    assert result.verdict == "not run"
    assert result.missing_packages == ("no_such_package_a", "no_such_package_b")
    assert result.reason.endswith("no_such_package_a, no_such_package_b")
    assert result.run is None


def test_where_code_cannot_be_isolated_it_is_not_run() -> None:
    box = StubSandbox(SandboxUnavailable("Code cannot be isolated here: no bwrap"))
    result, _ = build(coder(GOOD), ScriptedModel([MET]), box)
    assert (result.verdict, result.run) == ("not run", None)
    assert "cannot be isolated" in result.reason
    assert GOOD in result.program


def test_a_run_that_was_not_asked_for_is_not_made() -> None:
    result, _ = build(coder(GOOD), ScriptedModel([MET]), StubSandbox(), run=False)
    assert (result.verdict, result.reason) == ("not run", "a run was not asked for")


def test_other_languages_are_written_and_not_run() -> None:
    model = ScriptedModel(["```rust\nfn main() {}\n```"])
    result, _ = build(model, ScriptedModel(), StubSandbox(), question="attention in Rust")
    assert (result.language, result.verdict, result.run) == ("rust", "not run", None)
    assert result.program == "fn main() {}\n"
    assert result.reason == "rust programs are written but not run"
    assert {check.status for check in result.requirements} == {"unchecked"}


def test_a_missed_requirement_gets_one_more_round(sandbox: Sandbox) -> None:
    more = GOOD.replace("2 * x", "x + x")
    model = revised(GOOD, more)
    result, _ = build(model, ScriptedModel([MISSED, MET]), sandbox)
    assert "- apply a softmax" in model.prompts[3][-1][1]
    assert "divide by sqrt" not in model.prompts[3][-1][1]
    assert more in result.program
    assert result.covers == INSTRUCTION.requirements
    assert result.repairs == 1


def test_a_program_that_works_stands_where_the_model_fails_afterwards(sandbox: Sandbox) -> None:
    unreviewed, _ = build(coder(GOOD), ScriptedModel(), sandbox)
    assert (unreviewed.verdict, "were not checked" in unreviewed.notices[0]) == ("passed", True)
    replies = [block(GOOD), EXAMPLE, block(GOOD)]
    unrevised, _ = build(ScriptedModel(replies), ScriptedModel([MISSED]), sandbox)
    assert GOOD in unrevised.program
    assert unrevised.verdict == "incomplete"
    assert "before it stands" in unrevised.notices[0]


def test_a_round_that_breaks_the_program_is_dropped(sandbox: Sandbox) -> None:
    result, events = build(revised(GOOD, CRASHES), ScriptedModel([MISSED]), sandbox)
    assert (result.verdict, result.ended) == ("incomplete", "passed")
    assert GOOD in result.program
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
    result, _ = build(revised(GOOD, GOOD), ScriptedModel([said, said]), sandbox)
    assert [check.status for check in result.requirements] == ["met", "missed"]
    assert result.requirements[1].first_line is None


@pytest.mark.long
def test_a_decimal_number_that_the_program_lacks_is_missed(sandbox: Sandbox) -> None:
    instruction = INSTRUCTION.model_copy(update={"requirements": ("beta is 0.9", "eps is 1e-8")})
    program = GOOD.replace("return 2", "return 0.9 * 2 / 0.9")
    reader = ScriptedModel([MET, MET])
    result, _ = build(revised(program, program), reader, sandbox, instruction=instruction)
    assert [check.status for check in result.requirements] == ["met", "missed"]


def test_an_unusable_review_leaves_requirements_unchecked(sandbox: Sandbox) -> None:
    reader = ScriptedModel(["nonsense", "nonsense"])
    result, _ = build(coder(GOOD), reader, sandbox)
    assert {check.status for check in result.requirements} == {"unchecked"}
    assert any("not checked" in notice for notice in result.notices)
    assert result.verdict == "passed"


def test_the_coder_gets_the_request_and_later_what_the_paper_says_and_no_more(
    sandbox: Sandbox,
) -> None:
    model = coder(CRASHES, CRASHES, GOOD)
    result, _ = build(
        model, ScriptedModel([MET]), sandbox, instruction=None, question="attention with a softmax"
    )
    request = "Request: attention with a softmax"
    assert model.prompts[0][-1][1] == request
    assert model.prompts[4][-1][1] == f'{request}\nFrom "{PAPER.title}":\n{QUOTE}'
    assert result.instruction.requirements == ("attention", "a softmax")


def test_an_edited_instruction_reaches_the_coder(sandbox: Sandbox) -> None:
    model = coder(GOOD)
    build(model, ScriptedModel([MET]), sandbox)
    assert INSTRUCTION.as_text() in model.prompts[0][-1][1]


def test_every_step_of_a_repaired_program_is_a_step_of_its_own(sandbox: Sandbox) -> None:
    told = Telling()
    result = write_code(
        "attention",
        [PASSAGE],
        coder=ScriptedModel([block(CRASHES), EXAMPLE, *[block(GOOD), EXAMPLE, block(GOOD)] * 2]),
        reader=ScriptedModel([MISSED, MET]),
        sandbox=sandbox,
        prompts=CoderPrompts(),
        progress=told,
        instruction=INSTRUCTION,
    )
    names = [step.name for step in told.steps]
    assert names == "write run repair run compare review revise run review compare".split()
    assert [step.detail for step in told.steps if step.name == "run"] == [
        "failed",
        "passed",
        "passed",
    ]
    assert result.seconds >= sum(step.seconds for step in told.steps)  # none stands in another


def test_a_step_that_an_error_ends_is_closed(sandbox: Sandbox) -> None:
    told = Telling()
    with pytest.raises(ModelUnavailable):
        write_code(
            "attention",
            [PASSAGE],
            coder=ScriptedModel(),
            reader=ScriptedModel(),
            sandbox=sandbox,
            prompts=CoderPrompts(),
            progress=told,
            instruction=INSTRUCTION,
        )
    assert [step.name for step in told.steps] == ["write"]


def test_a_program_rewritten_after_its_review_takes_the_place_of_the_one_before(
    sandbox: Sandbox,
) -> None:
    more = GOOD.replace("2 * x", "x + x")
    _, events = build(revised(GOOD, more), ScriptedModel([MISSED, MET]), sandbox)
    begun = [n for n, event in enumerate(events) if isinstance(event, ProgramBegun)]
    assert len(begun) == 2
    shown = "".join(e.text for e in events[begun[1] :] if isinstance(e, TextWritten))
    assert "x + x" in shown
    assert "2 * x" not in shown


def test_prompts_replaced_by_name_reach_the_models(sandbox: Sandbox) -> None:
    model, reader = coder(CRASHES, GOOD), ScriptedModel([MET])
    mine = {
        "code_program": "Write {it}.",
        "code_repair": "Mend: {problem}",
        "code_review": "Judge.",
    }
    write_code(
        "attention",
        [PASSAGE],
        coder=model,
        reader=reader,
        sandbox=sandbox,
        prompts=Prompts(mine).coder,
        progress=Telling(),
        instruction=INSTRUCTION,
    )
    assert model.prompts[0][0] == ("system", "Write {it}.")
    assert model.prompts[2][-1][1].startswith("Mend: ")
    assert reader.prompts[0][0] == ("system", "Judge.")
