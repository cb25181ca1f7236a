import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from finetune.answers.generation import Answer
from finetune.config import Config, SeedSource
from finetune.data.problems import load_problems
from finetune.data.rows import Row, read_rows
from finetune.errors import DataError
from finetune.evolve.evolving import as_reply, evolve_with
from finetune.evolve.operators import OPERATORS, evolved, request
from finetune.evolve.tasks import Task, seeds
from finetune.run_folder import RunFolder, read_json_lines

Make = Callable[..., Config]
SEED = Task(
    "Mbpp/1",
    "Write a function double that doubles.",
    "double",
    ("assert double(2) == 4",),
    "CC BY 4.0",
)
NOUNS = ("apples", "clouds", "rivers", "engines", "planets", "letters")


def problem(number: int) -> dict[str, Any]:
    noun = NOUNS[number]
    return {
        "task_id": number,
        "text": f"Write a function {noun} that adds {number} to its only argument, whatever {noun} are.",
        "code": f"def {noun}(x):\n    return x + {number}\n",
        "test_list": [f"assert {noun}(1) == {number + 1}", f"assert {noun}(0) == {number}"],
    }


@pytest.fixture
def config(make_config: Make, tmp_path: Path) -> Config:
    problems = tmp_path / "problems.jsonl"
    problems.write_text("\n".join(json.dumps(problem(number)) for number in range(6)))
    return make_config(
        f"evolve.seeds=[{{path: {problems}, licence: CC BY 4.0}}]", "evolve.samples=4", "evolve.keep=[1, 3]",
        "evolve.held_back=2", "base.gguf=none.gguf", f'evaluate.runner=["{sys.executable}", "{{file}}"]',
    )  # fmt: skip


class Solver:
    """Solves a task in one sample of four; writes one evolved task, whose tests its solutions pass in the same way."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer, self.asked = tokenizer, list[str]()

    def __call__(
        self, prompts: Sequence[Sequence[int]], limit: int
    ) -> Iterator[tuple[int, Answer]]:
        for number, ids in enumerate(prompts):
            text = self.tokenizer.decode(ids)
            self.asked.append(text)
            yield number, Answer(self.reply(text, number), 9, True)

    def reply(self, text: str, number: int) -> str:
        if "Here is a programming task" in text:
            noun = next(noun for noun in NOUNS if f"function {noun}" in text)
            if noun in NOUNS[:3]:
                return "I would rather not."
            return (
                f"TASK: Write a function twice_{noun}(x) that doubles its number and knows of {noun} alone.\n"
                f"TESTS:\nassert twice_{noun}(2) == 4\nassert twice_{noun}(0) == 0\n```"
            )
        name = text.split("assert ")[1].split("(")[0]
        body = "x * 2" if name.startswith("twice") else f"x + {NOUNS.index(name)}"
        wrong = "x - 77" if number % 4 else body
        return f"Sure:\n```python\ndef {name}(x):\n    return {wrong}  # {number % 4}"


def test_rows_pairs_and_reasons(config: Config, tokenizer: Any) -> None:
    solver = Solver(tokenizer)
    report = evolve_with(config, solver)
    folder = RunFolder(config.folder).evolve
    assert report["licences"] == {"CC BY 4.0": report["rows"]}
    assert report["tasks"] == report["kept"] == report["rows"]
    assert report["evolved"] >= 1
    pairs = list(read_json_lines(folder / "pairs.jsonl"))
    assert "x - 77" in pairs[0]["rejected"]
    assert "x - 77" not in pairs[0]["chosen"]
    source = config.data.sources[0].model_copy(
        update={"path": str(folder / "rows.jsonl"), "format": "messages"}
    )
    rows = [row for row in read_rows(source) if isinstance(row, Row)]
    assert len(rows) == report["rows"]
    assert rows[0].answer.endswith("\n```")
    human = list(read_json_lines(folder / "human.jsonl"))
    assert len(human) == 4  # one for each seed; nobody wrote what was evolved
    assert "return x + " in human[0]["messages"][-1]["content"]
    held = load_problems(folder / "held-back.jsonl")
    assert len(held) == 2
    assert not {one.entry_point for one in held} & {
        row.prompt[0]["content"].split("(")[0] for row in rows
    }


def test_it_goes_on_where_it_ended(config: Config, tokenizer: Any) -> None:
    first = evolve_with(config, Solver(tokenizer))
    folder = RunFolder(config.folder).evolve
    samples = (folder / "samples.jsonl").read_text().splitlines(keepends=True)
    (folder / "samples.jsonl").write_text("".join(samples[:-1]))
    solver = Solver(tokenizer)
    assert evolve_with(config, solver) == first
    assert len(solver.asked) == 4


def test_what_all_or_none_solve_is_left_out(config: Config, tokenizer: Any) -> None:
    changed = config.evolve.model_copy(update={"keep": (2, 3)})
    report = evolve_with(config.model_copy(update={"evolve": changed}), Solver(tokenizer))
    assert report["kept"] == 0
    assert report["dropped"] == {"none or too few right": report["tasks"]}


def test_look_alikes_of_a_benchmark_are_left_out(
    config: Config, tokenizer: Any, tmp_path: Path
) -> None:
    benchmark = tmp_path / "benchmark.jsonl"
    benchmark.write_text("\n".join(json.dumps(problem(number)) for number in range(6)))
    changed = config.evolve.model_copy(update={"benchmarks": (str(benchmark),), "rounds": 0})
    report = evolve_with(config.model_copy(update={"evolve": changed}), Solver(tokenizer))
    assert report["dropped"] == {"resembles a benchmark": 4}


def test_a_reply_becomes_a_task_or_nothing() -> None:
    good = "TASK: Write a function f(x) that adds one.\nTESTS:\nassert f(1) == 2\nassert f(2) == 3"
    task = evolved(SEED, "steps", good)
    assert task is not None
    assert (task.entry_point, task.licence, task.id) == ("f", "CC BY 4.0", "Mbpp/1/steps")
    for bad in (
        "Write f.", good.replace("TESTS", "Proof"), good.replace("f(2) == 3", "g(2) == 3"),
        good.replace("f(2) == 3", "f(f(1)) == 3"), good.replace("\nassert f(2) == 3", ""),
        good.replace("f(1) == 2", "open('x') == 2"),
    ):  # fmt: skip
        assert evolved(SEED, "steps", bad) is None, bad
    for operator in OPERATORS:
        assert SEED.text in request(SEED, operator)[0]["content"]


def test_doctests_of_an_installed_package_are_seeds() -> None:
    found = list(seeds(SeedSource(package="tests.finetune.evolve.documented", licence="MIT")))
    assert [(task.entry_point, task.tests) for task in found] == [
        ("halves", ("assert halves(4) == 2", "assert halves([1]) == None"))
    ]
    with pytest.raises(DataError, match="not installed"):
        list(seeds(SeedSource(package="no_such_package", licence="MIT")))


def test_instructions_are_seeds_without_tests(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text('[{"instruction": "Sort it", "output": "sorted(x)"}]')
    (task,) = seeds(SeedSource(path=str(path), format="alpaca", licence="CC BY-NC 4.0"))
    assert (task.text, task.tests) == ("Sort it", ())


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("```python\nx = 1", "```python\nx = 1\n```"),
        ("x = 1\n", "x = 1"),
        ("```\nx\n```\n", "```\nx\n```"),
        ("```\npython\nx = 1\n", "```python\nx = 1\n```"),
    ],
)
def test_the_fence_is_closed_and_has_its_language(text: str, reply: str) -> None:
    assert as_reply(Answer(text, 3, True)) == reply
