import gzip
import json
import sys
from pathlib import Path

import pytest

from finetune.errors import DataError, GenerationError
from finetune.evaluate.humaneval import Problem, load_problems, passes, program

PROBLEM = Problem(
    id="Test/0",
    prompt='from typing import List\n\n\ndef total(xs: List[int]) -> int:\n    """Sum."""\n',
    solution="    return sum(xs)\n",
    test="def check(candidate):\n    assert candidate([1, 2]) == 3\n",
    entry_point="total",
)
RUNNER = (sys.executable, "{file}")


@pytest.mark.parametrize(
    ("reply", "right"),
    [
        (
            "```python\nfrom typing import List\ndef total(xs: List[int]) -> int:\n    return sum(xs)\n```",
            True,
        ),
        ("Here:\n```\ndef total(xs):\n    return sum(xs)\n```\nIt sums.", True),
        ("def total(xs: List[int]) -> int:\n    return sum(xs)", True),
        ("    return sum(xs)", True),
        ("return sum(xs)", True),
        ("```python\ndef total(xs):\n    return 0\n```", False),
        ("I cannot do that.", False),
        ("```python\ndef total(xs):\n    return sum(xs)", True),
    ],
)
def test_replies_of_every_shape(reply: str, right: bool) -> None:
    assert passes(program(PROBLEM, reply), RUNNER, 20) is right


def test_endless_program_fails() -> None:
    assert not passes("while True: pass", RUNNER, 0.5)


def test_runner_that_cannot_isolate_is_an_error() -> None:
    with pytest.raises(GenerationError, match="cannot isolate"):
        passes("import sys; sys.exit(125)", RUNNER, 20)
    with pytest.raises(GenerationError, match="cannot be started"):
        passes("", ("/no/such/runner", "{file}"), 20)


def test_problems_are_read_from_gzip(tmp_path: Path) -> None:
    fields = {
        "task_id": PROBLEM.id,
        "prompt": PROBLEM.prompt,
        "canonical_solution": PROBLEM.solution,
        "test": PROBLEM.test,
        "entry_point": PROBLEM.entry_point,
    }
    path = tmp_path / "HumanEval.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(fields).encode()))
    assert load_problems(str(path)) == [PROBLEM]
    path.write_bytes(b"no gzip")
    with pytest.raises(DataError, match="not a HumanEval file"):
        load_problems(str(path))


@pytest.mark.slow
def test_every_reference_solution_passes(shared_data: Path) -> None:
    problems = load_problems(str(shared_data / "code" / "HumanEval.jsonl.gz"))
    assert len(problems) == 164
    failed = [p.id for p in problems[:40] if not passes(program(p, p.solution), RUNNER, 30)]
    assert failed == []
