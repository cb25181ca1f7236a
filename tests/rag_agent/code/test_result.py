"""What is kept of a program, and whether it passed: judged in one place."""

import json
from dataclasses import replace

import pytest

from rag_agent.code.proof.comparison import CrossCheck
from rag_agent.code.proof.review import RequirementCheck
from rag_agent.code.proof.self_check import SelfCheck
from rag_agent.code.result import CodeResult
from rag_agent.sandbox import Run
from tests.rag_agent.attention import INSTRUCTION, PASSAGE

RESULT = CodeResult(
    question="attention",
    language="python",
    instruction=INSTRUCTION,
    passages=(PASSAGE,),
    program="x = 1\n",
    model="scripted",
    adapter="base model",
    ended="passed",
    trouble="",
    run=Run("passed", 0, "out", "", 0.1, 12.5),
    self_check=SelfCheck(2, 2, 2),
    repairs=1,
    requirements=(RequirementCheck("a softmax", "met", 3, 4), RequirementCheck("a mask", "missed")),
    cross_check=CrossCheck("agrees", "", 1, 2),
    ignored=("eps of attention",),
    notices=("a notice",),
    seconds=1.5,
)
FAILED = replace(RESULT, ended="failed", trouble="failed: NameError")
NOT_RUN = replace(RESULT, ended="not run", trouble="no walls", run=None, missing_packages=("jax",))


@pytest.mark.parametrize("result", [RESULT, FAILED, NOT_RUN, replace(RESULT, requirements=())])
def test_what_is_kept_is_read_back(result: CodeResult) -> None:
    kept = json.loads(json.dumps(result.as_json()))
    again = CodeResult.from_json(kept)
    assert again.as_json() == kept
    assert (again.verdict, again.reason) == (result.verdict, result.reason)


def test_a_program_that_runs_and_misses_a_requirement_has_not_passed() -> None:
    assert (RESULT.verdict, RESULT.reason) == ("incomplete", "not met: a mask")
    assert RESULT.as_json()["verdict"] == "incomplete"


@pytest.mark.parametrize("status", ["met", "unchecked"])
def test_a_program_that_runs_and_misses_nothing_has_passed(status: str) -> None:
    checks = (RequirementCheck("a softmax", status),)  # type: ignore[arg-type]
    assert (replace(RESULT, requirements=checks).verdict) == "passed"


def test_a_program_that_others_contradict_has_not_passed() -> None:
    disputed = replace(RESULT, requirements=(), cross_check=CrossCheck("differs", "", 0, 2))
    assert disputed.verdict == "disputed"
    assert "2 further programs" in disputed.reason
    assert CodeResult.from_json(disputed.as_json()).verdict == "disputed"


def test_an_argument_asked_for_and_ignored_is_missed_and_others_are_told() -> None:
    asked = replace(RESULT, question="attention with an optional mask", requirements=())
    ignoring = replace(asked, ignored=("mask of attention", "eps of attention"))
    assert (ignoring.verdict, ignoring.missed) == ("incomplete", ("mask of attention is ignored",))
    assert asked.verdict == "passed"


def test_a_program_kept_before_others_were_counted_is_read_back() -> None:
    kept = RESULT.as_json()
    kept["cross_check"] = {"outcome": "differs", "reason": ""}
    del kept["ignored_arguments"]
    kept["requirements"] = []
    assert CodeResult.from_json({**kept, "verdict": "passed"}).verdict == "disputed"
    assert CodeResult.from_json({**kept, "cross_check": None}).cross_check == CrossCheck()


def test_a_program_that_does_not_run_is_judged_by_that() -> None:
    assert (FAILED.verdict, FAILED.reason) == ("failed", "failed: NameError")
    assert (NOT_RUN.verdict, NOT_RUN.reason) == ("not run", "no walls")


def test_one_kept_before_programs_were_compared_is_read() -> None:
    kept = RESULT.as_json()
    del kept["cross_check"]
    assert CodeResult.from_json(kept).cross_check == CrossCheck()
