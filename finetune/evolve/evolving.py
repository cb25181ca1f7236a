"""From seeds to rows that run: tasks are evolved, solved several times by the model itself, and kept where tests pass.

What a model wrote itself moves it least from what it was (on-policy data, arXiv:2509.04259). A task that all samples
solve teaches nothing, one that none solves may be wrong: both are left out.
"""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from finetune.answers.generation import Answer, Generate, with_server
from finetune.answers.llama_cpp import llama_server
from finetune.base.loading import load_tokenizer
from finetune.config import Config
from finetune.data.clusters import LeakFilter, clusters
from finetune.data.problems import load_problems
from finetune.data.rendering import Renderer
from finetune.data.rows import Message, Row
from finetune.evaluate.functions import (
    Runner,
    command_runner,
    passing,
    question,
    solution_in,
    with_usual_fence,
)
from finetune.evolve.operators import OPERATORS, evolved, request
from finetune.evolve.tasks import Task, seeds
from finetune.run_folder import (
    RunFolder,
    append_json_line,
    read_json_lines,
    write_json,
    write_json_lines,
)

_TASK_TOKENS = 320
_PROMPT_TOKENS = 768  # the longest task has under 300; an instruction of Evol-Instruct may have more and is refused
_CLOSED = "\n```\n"  # the program has ended; what follows explains it


def evolve(config: Config) -> dict[str, Any]:
    """Evolve, sample, test, and write what is kept; goes on where an earlier call ended.

    Returns:
        The report that also lies in the run folder: tasks, samples, rows, pairs, and why others were dropped.

    Raises:
        DataError: A source cannot be read.
        GenerationError: The model's server or the sandbox does not work.
    """
    with llama_server(
        Path(config.base.gguf),
        slots=config.evaluate.slots,
        context_tokens=config.evolve.max_new_tokens + _PROMPT_TOKENS,
        threads=config.evaluate.threads,
    ) as base_url:
        evaluate = config.evaluate
        drawn = {"temperature": config.evolve.temperature, "stop": [_CLOSED]}
        return evolve_with(
            config, with_server(base_url, "base", evaluate.slots, evaluate.timeout_s, **drawn)
        )


def evolve_with(config: Config, generate: Generate) -> dict[str, Any]:
    """`evolve` on a model that is running: `generate` draws at random and stops behind a program."""
    folder = RunFolder(config.folder).evolve
    renderer = Renderer(load_tokenizer(config.base), config.system)
    own, held = _seeds(config)
    write_json_lines(folder / "held-back.jsonl", (as_problem(task) for task in held))
    made = _evolved(config, own, folder, renderer, generate)
    tasks = [*(task for task in own if task.tests), *made]
    run = command_runner(config.evaluate.runner, config.evaluate.runner_timeout_s)
    _sample(config, tasks, folder, renderer, generate, run)
    return keep(config, tasks)


def keep(config: Config, tasks: Sequence[Task]) -> dict[str, Any]:
    """Write what the samples give: rows to train on, pairs for DPO, and the same tasks with people's answers."""
    folder, section = RunFolder(config.folder).evolve, config.evolve
    samples = {line["id"]: line for line in _lines(folder / "samples.jsonl")}
    dropped: Counter[str] = Counter()
    chosen = list(_usable(config, tasks, samples, dropped))
    rows: list[dict[str, Any]] = []
    human: list[dict[str, Any]] = []
    pairs: list[dict[str, Any]] = []
    for task in chosen:
        prompt = list(question(task.problem()))
        right, wrong = _apart(samples[task.id], section.rows_per_task)
        about = {"id": task.id, "licence": task.licence, "operator": task.operator}
        rows += [_answered(about, prompt, reply) for reply in right]
        if task.solution:
            human.append(_answered(about, prompt, f"```python\n{task.solution.strip()}\n```"))
        pairs += [
            {**about, "prompt": prompt, "chosen": better, "rejected": worse}
            for better, worse in zip(right, wrong, strict=False)
        ]
    write_json_lines(folder / "rows.jsonl", rows)
    write_json_lines(folder / "pairs.jsonl", pairs)
    write_json_lines(folder / "human.jsonl", human)
    report = {
        "tasks": len(tasks),
        "sampled": len(samples),
        "evolved": sum(bool(task.operator) for task in chosen),
        "kept": len(chosen),
        "dropped": dict(dropped),
        "rows": len(rows),
        "pairs": len(pairs),
        "licences": dict(Counter(row["licence"] for row in rows)),
    }
    write_json(folder / "report.json", report)
    return report


def _answered(about: dict[str, Any], prompt: list[Message], reply: str) -> dict[str, Any]:
    return {**about, "messages": [*prompt, {"role": "assistant", "content": reply}]}


def _apart(sample: dict[str, Any], most: int) -> tuple[list[str], list[str]]:
    """Replies that passed and those that did not, each once, at most so many of either."""
    judged = list(zip(sample["replies"], sample["passed"], strict=True))
    right, wrong = (
        list(dict.fromkeys(reply for reply, passed in judged if passed is way))
        for way in (True, False)
    )
    return right[:most], wrong[:most]


def as_problem(task: Task) -> dict[str, Any]:
    """A task as a line of MBPP, which `evaluate` and the benchmark read."""
    return {
        "task_id": task.id.removeprefix("Mbpp/"),
        "text": task.text,
        "code": f"def {task.entry_point}(*given):\n    raise NotImplementedError\n",
        "test_list": list(task.tests),
    }


def _seeds(config: Config) -> tuple[list[Task], list[Task]]:
    """Seeds to work with, shuffled, and those held back to measure on."""
    every = [task for source in config.evolve.seeds for task in seeds(source)]
    random.Random(config.seed).shuffle(every)
    tested = [task for task in every if task.tests]
    held = {task.id for task in tested[: config.evolve.held_back]}
    own = [task for task in every if task.id not in held][: config.evolve.most_seeds or None]
    return own, tested[: config.evolve.held_back]


def _evolved(
    config: Config, own: Sequence[Task], folder: Path, renderer: Renderer, generate: Generate
) -> list[Task]:
    """Tasks made of the seeds, each by the operators of its turn; what is there already is not asked again."""
    path = folder / "tasks.jsonl"
    names = list(OPERATORS)
    wanted = [
        (seed, names[(number + turn) % len(names)])
        for turn in range(config.evolve.rounds)
        for number, seed in enumerate(own)
    ]
    done = {line["asked"] for line in _lines(path)}
    missing = [(seed, operator) for seed, operator in wanted if f"{seed.id}/{operator}" not in done]
    prompts = [renderer.prompt_ids(request(seed, operator)) for seed, operator in missing]
    for number, answer in generate(prompts, _TASK_TOKENS):
        seed, operator = missing[number]
        task = evolved(seed, operator, answer.text)
        append_json_line(
            path, {"asked": f"{seed.id}/{operator}", "task": task.as_json() if task else None}
        )
    return [Task.from_json(line["task"]) for line in _lines(path) if line["task"]]


def _sample(
    config: Config,
    tasks: Sequence[Task],
    folder: Path,
    renderer: Renderer,
    generate: Generate,
    run: Runner,
) -> None:
    path, times = folder / "samples.jsonl", config.evolve.samples
    done = {line["id"] for line in _lines(path)}
    missing = [task for task in tasks if task.id not in done]
    size = max(1, config.evaluate.slots // times)  # small, so that little is lost where it is ended
    for start in range(0, len(missing), size):
        batch = missing[start : start + size]
        prompts = [
            renderer.prompt_ids(question(task.problem())) for task in batch for _ in range(times)
        ]
        answers = dict(generate(prompts, config.evolve.max_new_tokens))
        for number, task in enumerate(batch):
            replies = [as_reply(answers[number * times + turn]) for turn in range(times)]
            solutions = [solution_in(task.problem(), reply) for reply in replies]
            passed = passing(task.problem(), solutions, run)
            append_json_line(path, {"id": task.id, "replies": replies, "passed": passed})
        print(f"{start + len(batch)} of {len(missing)} tasks sampled", flush=True)


def as_reply(answer: Answer) -> str:
    """What the model wrote up to the end of its program, in a fence that is closed and names the language."""
    text = with_usual_fence(answer.text.rstrip())
    return f"{text}\n```" if text.count("```") % 2 else text


def _usable(
    config: Config, tasks: Sequence[Task], samples: dict[str, Any], dropped: Counter[str]
) -> Iterator[Task]:
    """Tasks with some right samples and some wrong, unlike each other and unlike the benchmarks."""
    least, most = config.evolve.keep
    files = [*config.evolve.benchmarks, *filter(None, [config.data.humaneval])]
    problems = [problem for file in files for problem in load_problems(file)]
    leak = LeakFilter([problem.prompt + problem.solution for problem in problems])
    asked = [_row(problem.id, problem.prompt, problem.solution) for problem in problems]
    fit = []
    for task in tasks:
        right = sum(samples[task.id]["passed"]) if task.id in samples else -1
        if right < 0:
            dropped["not sampled"] += 1
        elif right < least:
            dropped["none or too few right"] += 1
        elif right > most:
            dropped["all or too many right"] += 1
        elif leak.leaks(_row(task.id, task.text, samples[task.id]["replies"][0])):
            dropped["resembles a benchmark"] += 1
        else:
            fit.append(task)
    rows = [*asked, *(_row(task.id, task.text, "") for task in fit)]
    for group in clusters(rows, config.data.similarity):
        first, *others = group
        if first < len(asked):
            dropped["resembles a benchmark"] += sum(number >= len(asked) for number in group)
        else:
            dropped["near-duplicate"] += len(others)
            yield fit[first - len(asked)]


def _row(row_id: str, text: str, answer: str) -> Row:
    return Row(row_id, ({"role": "user", "content": text},), answer)


def _lines(path: Path) -> list[dict[str, Any]]:
    return list(read_json_lines(path)) if path.exists() else []
