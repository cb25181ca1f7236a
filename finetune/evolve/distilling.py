"""Distillation: a teacher answers the questions, the student learns its answers (Kim & Rush 2016, arXiv:1606.07947).

By its texts, not its probabilities: so the teacher may be any server, of another family and vocabulary, and what it
wrote is run before it is taught, where the questions have tests.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune.answers.generation import Generate, with_server
from finetune.answers.llama_cpp import llama_server
from finetune.base.loading import load_tokenizer
from finetune.config import Config, TeacherConfig
from finetune.data.problems import Problem
from finetune.data.rendering import Renderer
from finetune.data.rows import Message, Row, read_rows
from finetune.evaluate.functions import command_runner, judge, load_problems, question, solution_in
from finetune.run_folder import RunFolder, append_json_line, read_json_lines, write_json_lines

_PROMPT_TOKENS = 768


@dataclass(frozen=True, slots=True)
class Asked:
    """A question for the teacher, with its tests where it has any."""

    id: str
    prompt: tuple[Message, ...]
    licence: str
    problem: Problem | None = None


def distill(config: Config) -> dict[str, int]:
    """Let the teacher answer what `distill.questions` ask; goes on where an earlier call ended.

    Returns:
        How many were asked, ended by themselves, passed their tests where there are some, and are kept as rows.

    Raises:
        DataError: A source cannot be read.
        GenerationError: The teacher's server or the sandbox does not work.
    """
    with _teacher(config, config.distill) as generate:
        return distill_with(config, generate)


def distill_with(config: Config, generate: Generate) -> dict[str, int]:
    """`distill` with a teacher that is running."""
    folder = RunFolder(config.folder).distilled
    answers = folder / "answers.jsonl"
    asked = list(_asked(config.distill))[: config.distill.most or None]
    done = {line["id"] for line in read_json_lines(answers)} if answers.exists() else set()
    renderer = Renderer(load_tokenizer(config.base), config.system)
    missing = [one for one in asked if one.id not in done]
    prompts = [renderer.prompt_ids(one.prompt) for one in missing]
    for number, answer in generate(prompts, config.distill.max_new_tokens):
        line = {"id": missing[number].id, "text": answer.text.strip(), "ended": answer.ended}
        append_json_line(answers, line)
    return _keep(config, asked, folder)


def _keep(config: Config, asked: Sequence[Asked], folder: Path) -> dict[str, int]:
    """Write the answers that ended by themselves and, where they can be, were run and passed."""
    said = {line["id"]: line for line in read_json_lines(folder / "answers.jsonl")}
    ended = [one for one in asked if one.id in said and said[one.id]["ended"]]
    run = command_runner(config.evaluate.runner, config.evaluate.runner_timeout_s)

    def right(one: Asked) -> bool:
        text = said[one.id]["text"]
        return one.problem is None or judge(one.problem, solution_in(one.problem, text), run).base

    kept = [one for one in ended if right(one)]
    write_json_lines(folder / "rows.jsonl", (_line(one, said[one.id]["text"]) for one in kept))
    tested = sum(one.problem is not None for one in ended)
    return {"asked": len(asked), "ended": len(ended), "tested": tested, "rows": len(kept)}


def _line(one: Asked, answer: str) -> dict[str, Any]:
    turns = [*one.prompt, {"role": "assistant", "content": answer}]
    return {"id": one.id, "licence": one.licence, "messages": turns}


def _asked(section: TeacherConfig) -> Iterator[Asked]:
    for path in section.problems:
        for problem in load_problems(path.path):
            yield Asked(problem.id, question(problem), path.licence, problem)
    for source in section.questions:
        rows = (row for row in read_rows(source) if isinstance(row, Row))
        yield from (Asked(row.id, row.prompt, source.licence) for row in rows)


@contextmanager
def _teacher(config: Config, section: TeacherConfig) -> Iterator[Generate]:
    evaluate = config.evaluate
    if section.base_url:
        yield with_server(section.base_url, section.name, evaluate.slots, evaluate.timeout_s)
        return
    with llama_server(
        Path(section.gguf),
        slots=evaluate.slots,
        context_tokens=section.max_new_tokens + _PROMPT_TOKENS,
        threads=evaluate.threads,
    ) as base_url:
        yield with_server(base_url, "teacher", evaluate.slots, evaluate.timeout_s)
