"""Base and tuned side by side: predictions are generated and kept, then scored into one table."""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, cast, get_args

from finetune.adapters.exporting import export, gguf_path
from finetune.answers.generation import Answer, Generate, with_server, with_transformers
from finetune.answers.llama_cpp import llama_server
from finetune.answers.scoring import Metric, difference, interval, share, text_metrics
from finetune.base.devices import device_of
from finetune.base.loading import load_fingerprint, load_model, require_same
from finetune.config import Config
from finetune.data.prepare import renderer_of
from finetune.data.rendering import Renderer
from finetune.errors import FingerprintError, GenerationError
from finetune.evaluate.functions import (
    BEGUN,
    command_runner,
    judge,
    load_problems,
    question,
    solution_in,
)
from finetune.run_folder import (
    RunFolder,
    append_json_line,
    read_json_lines,
    write_json,
    write_json_lines,
)

Who = Literal["base", "tuned", "merged"]


def generate(config: Config, who: Who, *, progress: bool = True) -> None:
    """Answer the test rows, and the HumanEval problems where asked for; finished answers are kept.

    Args:
        config: The run.
        who: `base`, `tuned` (with the run's adapter) or `merged` (the run's merged weights).
        progress: Say on stderr how far it is.

    Raises:
        FingerprintError: Base or adapter differ from the run's.
        GenerationError: Other settings than those of the answers already there, or no server.
    """
    if config.task == "pretraining":
        raise GenerationError(
            "Plain text asks nothing that could be answered",
            next_step="Its score is the perplexity in training.json",
        )
    folder = RunFolder(config.folder)
    renderer = renderer_of(config)
    tasks = {"test": _test_task(config, folder)}
    if config.evaluate.humaneval_problems:
        tasks["humaneval"] = _humaneval_task(config, renderer)
    missing = {
        name: _missing(folder, who, name, _settings(config, limit), prompts)
        for name, (prompts, limit) in tasks.items()
    }
    if not any(missing.values()):
        return
    longest = max(len(ids) + limit for prompts, limit in tasks.values() for ids in prompts.values())
    with _generator(config, folder, renderer, who, longest) as generator:
        for name, ids in missing.items():
            prompts, limit = tasks[name]
            path = predictions_file(folder, who, name)
            answers = generator([prompts[row] for row in ids], limit)
            _keep(path, ids, answers, label=f"{who}, {name}" if progress else "")


def score(config: Config, models: Sequence[Who]) -> dict[str, Any]:
    """Score the predictions that are there, the first model against each other.

    Returns:
        What also lies in `scores.json`: for each metric its signature, each model's score with
        interval, and the paired difference of each model to the first.

    Raises:
        GenerationError: A model has no predictions, or not those of every row.
    """
    folder = RunFolder(config.folder)
    by_model = {who: _metrics(config, folder, who) for who in models}
    first = by_model[models[0]]
    metrics: dict[str, Any] = {}
    for key, metric in first.items():
        metrics[key] = {
            "title": metric.title,
            "signature": metric.signature,
            "rows": len(metric.statistics),
            "models": {
                who: asdict(interval(found[key], config.seed)) for who, found in by_model.items()
            },
            "gain": {
                who: asdict(difference(metric, by_model[who][key], config.seed))
                for who in models[1:]
            },
        }
    evaluate = config.evaluate
    scores = {
        "backend": evaluate.backend,
        "max_new_tokens": evaluate.max_new_tokens,
        "humaneval_max_new_tokens": evaluate.humaneval_max_new_tokens,
        "models": list(models),
        "metrics": metrics,
    }
    write_json(folder.scores, scores)
    return scores


def who_of(name: str) -> Who:
    """A model's name as typed.

    Raises:
        GenerationError: There is no such model in a run.
    """
    for who in get_args(Who):
        if name.strip() == who:
            return cast(Who, who)
    raise GenerationError(f"No model {name!r}", next_step=f"Name {', '.join(get_args(Who))}")


def predictions_file(folder: RunFolder, who: Who, name: str) -> Path:
    """Where the answers of one model to one set of questions lie."""
    return folder.predictions / f"{who}-{name}.jsonl"


def _test_task(config: Config, folder: RunFolder) -> tuple[dict[str, list[int]], int]:
    rows = folder.rows("test")[: config.evaluate.rows or None]
    return {row["id"]: row["ids"][: row["prompt_tokens"]] for row in rows}, (
        config.evaluate.max_new_tokens
    )


def _humaneval_task(config: Config, renderer: Renderer) -> tuple[dict[str, list[int]], int]:
    problems = load_problems(config.data.humaneval)[: config.evaluate.humaneval_problems]
    prompts = {problem.id: renderer.prompt_ids(question(problem), BEGUN) for problem in problems}
    return prompts, config.evaluate.humaneval_max_new_tokens


def _settings(config: Config, limit: int) -> dict[str, Any]:
    return {"backend": config.evaluate.backend, "dtype": config.base.dtype, "max_new_tokens": limit}


def _missing(
    folder: RunFolder, who: Who, name: str, settings: dict[str, Any], prompts: dict[str, list[int]]
) -> list[str]:
    """Row ids that have no answer yet, once the answers there are known to be comparable."""
    path = predictions_file(folder, who, name)
    notes = path.with_suffix(".json")
    if not path.exists():
        write_json(notes, settings)
        return list(prompts)
    if json.loads(notes.read_text(encoding="utf-8")) != settings:
        raise GenerationError(
            f"{path} was made with other settings",
            next_step=f"Remove it together with {notes.name}, or take back the change of the config",
        )
    done = {line["id"] for line in read_json_lines(path)}
    return [row for row in prompts if row not in done]


@contextmanager
def _generator(
    config: Config, folder: RunFolder, renderer: Renderer, who: Who, longest: int
) -> Iterator[Generate]:
    """What generates for one model, with a server of its own where the config says llama.cpp."""
    evaluate = config.evaluate
    if who == "tuned":
        _require_adapter(folder)
    if evaluate.backend == "transformers" or who == "merged":
        model = _local_model(config, folder, who)
        yield with_transformers(model, renderer.tokenizer, evaluate.batch_tokens)
    elif evaluate.backend == "server":
        name = evaluate.tuned_name if who == "tuned" else evaluate.base_name
        yield with_server(evaluate.base_url, name, evaluate.slots, evaluate.timeout_s)
    else:
        adapter = _current_gguf(config, folder) if who == "tuned" else None
        with llama_server(
            Path(config.base.gguf),
            adapter,
            slots=evaluate.slots,
            context_tokens=longest + 16,
            threads=evaluate.threads,
        ) as base_url:
            yield with_server(base_url, who, evaluate.slots, evaluate.timeout_s)


def _require_adapter(folder: RunFolder) -> None:
    recorded = load_fingerprint(folder.fingerprint)
    try:
        require_same(load_fingerprint(folder.adapter / "fingerprint.json"), recorded)
    except FingerprintError as error:
        raise FingerprintError(
            f"The adapter of {folder.root} does not belong to its data: {error.what}",
            next_step="Train it with `train`",
        ) from error


def _local_model(config: Config, folder: RunFolder, who: Who) -> Any:
    device = device_of(config.train)
    if who == "merged":
        merged = config.base.model_copy(update={"weights": str(folder.merged)})
        return load_model(merged, device).eval()
    model = load_model(config.base, device)
    if who == "tuned":
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, str(folder.adapter))
    return model.eval()


def _current_gguf(config: Config, folder: RunFolder) -> Path:
    path = gguf_path(config)
    made = path.exists() and path.stat().st_mtime >= _newest(folder.adapter)
    return path if made else export(config, "gguf")


def _newest(folder: Path) -> float:
    """When the folder's youngest file was written, seconds since the epoch."""
    return max(file.stat().st_mtime for file in folder.iterdir())


def _keep(
    path: Path, ids: Sequence[str], answers: Iterator[tuple[int, Answer]], label: str
) -> None:
    started, tokens = time.monotonic(), 0
    for done, (number, answer) in enumerate(answers, start=1):
        append_json_line(path, {"id": ids[number], **asdict(answer)})
        tokens += answer.tokens
        if label and (done % 10 == 0 or done == len(ids)):
            seconds = time.monotonic() - started
            rate = f"{tokens / seconds:.0f} tokens/s, {seconds:.0f} s"
            print(f"{label}: {done} of {len(ids)}, {rate}", file=sys.stderr, flush=True)


def _metrics(config: Config, folder: RunFolder, who: Who) -> dict[str, Metric]:
    rows = folder.rows("test")[: config.evaluate.rows or None]
    answers = _answers(folder, who, "test", [row["id"] for row in rows])
    metrics = text_metrics(
        [answer["text"] for answer in answers],
        [row["answer"] for row in rows],
        [answer["ended"] for answer in answers],
    )
    if config.evaluate.humaneval_problems:
        metrics["humaneval"] = _pass_at_1(config, folder, who)
    return metrics


def _pass_at_1(config: Config, folder: RunFolder, who: Who) -> Metric:
    """pass@1 of greedy answers; what the sandbox said is kept beside the predictions."""
    problems = load_problems(config.data.humaneval)[: config.evaluate.humaneval_problems]
    answers = _answers(folder, who, "humaneval", [problem.id for problem in problems])
    verdicts_file = folder.predictions / f"{who}-humaneval-passed.jsonl"
    known = {
        (line["id"], line["text"]): line["passed"]
        for line in (read_json_lines(verdicts_file) if verdicts_file.exists() else ())
    }
    run = command_runner(config.evaluate.runner, config.evaluate.runner_timeout_s)
    verdicts = []
    for problem, answer in zip(problems, answers, strict=True):
        key = (problem.id, answer["text"])
        if key not in known:
            known[key] = judge(problem, solution_in(problem, BEGUN + answer["text"]), run).base
        verdicts.append({"id": problem.id, "text": answer["text"], "passed": known[key]})
    write_json_lines(verdicts_file, verdicts)
    signature = f"greedy, 1 answer each, first {len(problems)} problems, EvalPlus' prompt"
    return share("HumanEval pass@1", signature, [verdict["passed"] for verdict in verdicts])


def _answers(folder: RunFolder, who: Who, name: str, ids: Sequence[str]) -> list[dict[str, Any]]:
    path = predictions_file(folder, who, name)
    found = {line["id"]: line for line in read_json_lines(path)} if path.exists() else {}
    left = [row for row in ids if row not in found]
    if left:
        raise GenerationError(
            f"{path} lacks {len(left)} of {len(ids)} answers",
            next_step="Run `evaluate` without --score-only",
        )
    return [found[row] for row in ids]
