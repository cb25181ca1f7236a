"""A teacher's answers: kept where they hold, and learned by the tiny student."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from finetune.answers.generation import Answer
from finetune.config import Config
from finetune.data.prepare import prepare
from finetune.evolve.distilling import distill_with
from finetune.run_folder import RunFolder, read_json_lines
from finetune.train.training import train

Make = Callable[..., Config]
pytestmark = pytest.mark.timeout(600)  # seconds alone, minutes beside other work


class Teacher:
    """Answers every question in a manner of its own; one answer is cut at the limit."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer, self.asked = tokenizer, 0

    def __call__(
        self, prompts: Sequence[Sequence[int]], limit: int
    ) -> Iterator[tuple[int, Answer]]:
        for number, ids in enumerate(prompts):
            self.asked += 1
            words = self.tokenizer.decode(ids).split("user\n")[1].split()
            name = "inc" if "inc(1)" in " ".join(words) else "_".join(words[:5])
            yield number, Answer(f"def {name}(x): return x + 1", 9, ended=number != 1)


@pytest.mark.slow
def test_a_student_learns_the_teachers_answers(
    make_config: Make, tiny_base: Path, tokenizer: Any, tmp_path: Path
) -> None:
    rows = tmp_path / "rows.json"
    config = make_config(f"distill.questions=[{{path: {rows}, format: alpaca, licence: CC0-1.0}}]")
    teacher = Teacher(tokenizer)
    assert distill_with(config, teacher) == {"asked": 80, "ended": 79, "tested": 0, "rows": 79}
    assert distill_with(config, teacher)["rows"] == 79
    assert teacher.asked == 80  # nothing is asked twice
    kept = RunFolder(config.folder).distilled / "rows.jsonl"
    student = make_config(
        f"data.sources=[{{path: {kept}, format: messages, licence: CC0-1.0}}]", "data.similarity=1",
        "train.max_steps=12", "train.learning_rate=0.02", "lora.rank=16", "name=student",
    )  # fmt: skip
    prepare(student)
    train(student)
    losses = [e["loss"] for e in read_json_lines(RunFolder(student.folder).log) if "loss" in e]
    assert losses[-1] < 0.8 * losses[0]


def test_only_answers_that_pass_are_taught(
    make_config: Make, tokenizer_folder: Path, tokenizer: Any, tmp_path: Path
) -> None:
    problems = tmp_path / "problems.jsonl"
    lines = [
        {
            "task_id": n,
            "text": "Add.",
            "code": "def inc(x): return 0",
            "test_list": [f"assert inc(1) == {n}"],
        }
        for n in (2, 2, 3)
    ]
    problems.write_text(
        "\n".join(json.dumps({**line, "task_id": n}) for n, line in enumerate(lines))
    )
    config = make_config(
        f"distill.problems=[{{path: {problems}, licence: CC BY 4.0}}]",
        f'evaluate.runner=["{sys.executable}", "{{file}}"]',
    )
    report = distill_with(config, Teacher(tokenizer))
    assert report == {"asked": 3, "ended": 2, "tested": 2, "rows": 1}
    (row,) = read_json_lines(RunFolder(config.folder).distilled / "rows.jsonl")
    assert (row["id"], row["licence"]) == ("Mbpp/0", "CC BY 4.0")
