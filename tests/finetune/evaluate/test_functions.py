import gzip
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from finetune.data.problems import Problem, load_problems, problem_of
from finetune.errors import DataError, GenerationError
from finetune.evaluate.functions import (
    Runner,
    Verdict,
    command_runner,
    judge,
    passing,
    question,
    solution_in,
)

HUMANEVAL = {
    "task_id": "Test/0",
    "prompt": 'from typing import List\n\n\ndef total(xs: List[int]) -> int:\n    """Sum."""\n',
    "canonical_solution": "    return sum(xs)\n",
    "test": "def check(candidate):\n    assert candidate([1, 2]) == 3\n",
    "entry_point": "total",
}
PLUS = {
    **HUMANEVAL,
    "base_input": [[[1, 2]]],
    "plus_input": [[[]], [[-1, 1]], ["no list"]],
    "atol": 0,
}
MBPP = {
    "task_id": 13,
    "text": "Write a function to swap a pair.",
    "code": "def swap(pair):\r\n  return (pair[1], pair[0])\r\n",
    "test_setup_code": "",
    "test_list": ["assert swap((1, 2)) == (2, 1)", "assert swap(('a', 'b')) == ('b', 'a')"],
}
RIGHT = "def total(xs):\n    return sum(xs)"
COMMAND = (sys.executable, "{file}")


@pytest.fixture(scope="module")
def run() -> Runner:
    return command_runner(COMMAND, 20)


def of(fields: dict[str, Any]) -> Problem:
    return problem_of(fields)


@pytest.mark.parametrize(
    ("reply", "right"),
    [
        (f"```python\nfrom typing import List\n{RIGHT}\n```", True),
        ("Here:\n```\ndef total(xs):\n    return sum(xs)\n```\nIt sums.", True),
        ("```sh\npip install x\n```\n```python\ndef total(xs): return sum(xs)\n```", True),
        ("def total(xs: List[int]) -> int:\n    return sum(xs)", True),
        ("    return sum(xs)", True),
        ("return sum(xs)", True),
        ("```python\ndef total(xs):\n    return 0\n```", False),
        ("I cannot do that.", False),
        (f"```python\n{RIGHT}\n\nprint(total([1,", True),
        (f"```python\n{RIGHT}\nraise SystemExit(0)\n```", True),
        ("```python\ndef total(xs):\n    raise SystemExit(0)\n```", False),
        (f"```\npython\n{RIGHT}\n```", True),
        (f"```python\n{RIGHT}\n\nassert total([1]) == 2\nwhile True: pass\n```", True),
        (
            "```python\nSTART = 0\ndef plus(a, b): return a + b\ndef total(xs):\n    n = START\n"
            "    for x in xs: n = plus(n, x)\n    return n\nprint(total(None))\n```",
            True,
        ),
    ],
)
@pytest.mark.long
def test_replies_of_every_shape(reply: str, right: bool, run: Runner) -> None:
    problem = of(HUMANEVAL)
    assert judge(problem, solution_in(problem, reply), run) == Verdict(right)


def test_two_stages_compare_with_the_reference(run: Runner) -> None:
    problem = of(PLUS)
    assert judge(problem, problem.solution, run) == Verdict(True, True)
    only_positive = "def total(xs):\n    return sum(abs(x) for x in xs)"
    assert judge(problem, only_positive, run) == Verdict(True, False)
    assert judge(problem, "def total(xs):\n    return None", run) == Verdict(False, False)


def test_floats_are_near_enough(run: Runner) -> None:
    fields = {
        **PLUS, "entry_point": "third", "prompt": "def third(x):\n", "base_input": [[1.0]],
        "canonical_solution": "    return x / 3\n", "plus_input": [[2.0]],
    }  # fmt: skip
    problem = of(fields)
    assert judge(problem, "def third(x):\n    return x * 0.3333333333", run).plus
    assert not judge(problem, "def third(x):\n    return x * 0.333", run).base


@pytest.mark.parametrize(
    ("assertion", "candidate", "passed"),
    [
        ("assert uniq((3, 1, 1)) == (1, 3)", "return tuple(sorted(set(xs)))", True),
        ("assert uniq((3, 1, 1)) == (1, 3)", "return sorted(set(xs))", False),
        ("assert set(uniq((3, 1, 1))) == set((1, 3))", "return list(set(xs))[::-1]", True),
        ("assert uniq((3, 1, 1))", "return 'yes'", True),
    ],
)
def test_an_assertion_says_types_and_what_is_compared(
    assertion: str, candidate: str, passed: bool, run: Runner
) -> None:
    """JSON has lists alone: that the function takes a tuple, and that its order is open, stands in the assertion."""
    fields = {
        "task_id": "Mbpp/1",
        "prompt": '"""Unique values."""',
        "entry_point": "uniq",
        "canonical_solution": "def uniq(xs):\n    assert isinstance(xs, tuple)\n    return tuple(sorted(set(xs)))",
        "base_input": [[[3, 1, 1]]],
        "plus_input": [[[2, 2]]],
        "assertion": assertion,
        "atol": 0,
    }
    verdict = judge(
        of(fields), f"def uniq(xs):\n    assert type(xs) is tuple\n    {candidate}", run
    )
    assert verdict == Verdict(passed, passed)


def test_mbpp_is_asked_with_its_first_test(run: Runner) -> None:
    problem = of(MBPP)
    asked = question(problem)[0]["content"]
    assert "swap a pair" in asked
    assert "assert swap((1, 2)) == (2, 1)" in asked
    assert "'b', 'a'" not in asked
    assert judge(problem, problem.solution, run) == Verdict(True)


@pytest.mark.long
def test_several_solutions_in_one_run(run: Runner) -> None:
    solutions = [
        RIGHT, "def total(xs):\n    return 0", "def total(xs", "import sys\nsys.exit(0)", "total = sum",
        "def total(xs):\n    while True: pass", RIGHT,
    ]  # fmt: skip
    expected = [True, False, False, False, True, False, True]
    assert passing(of(HUMANEVAL), solutions, run) == expected


def test_endless_program_fails() -> None:
    assert command_runner(COMMAND, 0.5)("while True: pass") == ""


def test_runner_that_cannot_isolate_is_an_error(run: Runner) -> None:
    with pytest.raises(GenerationError, match="cannot isolate"):
        run("import sys; sys.exit(125)")
    with pytest.raises(GenerationError, match="cannot be started"):
        command_runner(("/no/such/runner", "{file}"), 20)("")


def test_problems_are_read_from_gzip_and_text(tmp_path: Path) -> None:
    packed, plain = tmp_path / "problems.jsonl.gz", tmp_path / "problems.jsonl"
    lines = "\n".join(map(json.dumps, (HUMANEVAL, PLUS, MBPP)))
    packed.write_bytes(gzip.compress(lines.encode()))
    plain.write_text(lines)
    assert load_problems(packed) == load_problems(plain)
    assert [problem.id for problem in load_problems(plain)] == ["Test/0", "Test/0", "Mbpp/13"]


@pytest.mark.parametrize(
    "content", [b"no gzip", gzip.compress(b'{"task_id": 1}')], ids=["no gzip", "no problem"]
)
def test_what_is_no_file_of_problems(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "problems.jsonl.gz"
    path.write_bytes(content)
    with pytest.raises(DataError, match="no file of problems"):
        load_problems(path)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["HumanEval.jsonl.gz", "HumanEvalPlus.jsonl.gz", "mbpp-train.jsonl"]
)
def test_reference_solutions_pass_and_none_does_not(shared_data: Path, name: str) -> None:
    run = command_runner(
        COMMAND, 120
    )  # one has a million numbers to write, which a busy machine does slowly
    for problem in load_problems(shared_data / "code" / name)[:40]:
        verdict = judge(problem, problem.solution, run)
        assert verdict.base, problem.id
        assert verdict.plus is not False, problem.id
        assert not judge(problem, f"def {problem.entry_point}(*given): return None", run).base
