"""`python -m bench.answer_latency`: how long an answer takes, cold and warm, and what prompt caching saves.

Questions about the starter papers, in the data folder in force (ARXIV_AGENT_HOME), whose servers it stops:

- cold: nothing runs; a new program starts the model, the embedder and the library's owner;
- new program: these run already;
- warm: the same program again, a question it has not seen, then one it has (the server still holds its
  prompt);
- no prompt cache: as warm, and the server computes every prompt from its first token.

`first` is the time to the first words of the answer, `outside` the share of the time not spent waiting for
the model. Cold and new program count from before the interpreter starts.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import median
from typing import Any

from bench import record
from ingestion.machine import loopback_service
from ingestion.store.owner import stop_owner
from rag_agent.assistant import Assistant
from rag_agent.events import Answered, ClaimWritten, Failed, TextWritten
from rag_agent.model.client import LanguageModel, Role
from rag_agent.model.opening import open_model
from rag_agent.settings import Settings, home_folder, load_settings

QUESTIONS = (
    "How does low-rank adaptation cut the number of trainable parameters?",
    "What does retrieval-augmented generation combine?",
    "How do residual connections help deep networks to train?",
    "What does the Transformer use instead of recurrence?",
    "How does chain-of-thought prompting help large language models to reason?",
)


class _Watched:
    """Opens models and keeps them, so that their counts can be read afterwards.

    Args:
        settings: In force.
        prompt_cache: Whether the server may use what it computed for an earlier prompt.
    """

    def __init__(self, settings: Settings, prompt_cache: bool) -> None:
        self._settings = settings
        self._prompt_cache = prompt_cache
        self.opened: list[LanguageModel] = []

    def __call__(self, role: Role) -> LanguageModel:
        model = open_model(role, self._settings)
        if not self._prompt_cache:
            model = replace(model, extra_body={**model.extra_body, "cache_prompt": False})
        self.opened.append(model)
        return model


def ask(question: str, assistant: Assistant, models: _Watched, started: float) -> dict[str, Any]:
    """One answer's figures; `started` is a `time.time()`.

    Raises:
        RuntimeError: The question failed.
    """
    first = 0.0
    models.opened.clear()
    for event in assistant.ask(question):
        match event:
            case ClaimWritten() | TextWritten():
                first = first or time.time() - started
            case Failed():
                raise RuntimeError(f"{question}: {event.what}")
            case Answered(answer):
                total = time.time() - started
                used = [model.usage for model in models.opened]
                return {
                    "first, s": round(first or total, 2),
                    "total, s": round(total, 2),
                    "model, s": round(answer.model_seconds, 2),
                    "outside": round(1 - answer.model_seconds / total, 3),
                    "calls": sum(use.calls for use in used),
                    "prompt tokens": sum(use.prompt_tokens for use in used),
                    "cached tokens": sum(use.cached_tokens for use in used),
                    "reply tokens": sum(use.completion_tokens for use in used),
                }
    raise RuntimeError(f"{question}: no answer")


def _program(prompt_cache: bool = True) -> tuple[Assistant, _Watched]:
    settings = load_settings(agent={"fetch": False})
    models = _Watched(settings, prompt_cache)
    return Assistant(settings, models), models


def measure(questions: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(condition, figures of one answer), as they come."""
    for question in questions:
        _stop_servers()
        yield "cold", _in_new_program(question)
        yield "new program", _in_new_program(question)
    assistant, models = _program()
    assistant.warm_up()
    ask(questions[0], assistant, models, time.time())
    for question in [*questions[1:], questions[0]]:
        yield "warm", ask(question, assistant, models, time.time())
        yield "warm, asked before", ask(question, assistant, models, time.time())
    assistant, models = _program(prompt_cache=False)
    assistant.warm_up()
    for question in questions:
        yield "warm, no prompt cache", ask(question, assistant, models, time.time())


def _in_new_program(question: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.answer_latency", "--started", str(time.time())]
    ran = subprocess.run(
        [*command, "--question", question], capture_output=True, text=True, check=True
    )
    figures: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return figures


def _stop_servers() -> None:
    home = home_folder()
    for announcement in (home / "run").glob("*.json"):
        loopback_service.stop(announcement)
    stop_owner(home / "library")


def summary(rows: Sequence[tuple[str, dict[str, Any]]]) -> dict[str, dict[str, float]]:
    """Medians by condition."""
    conditions = dict.fromkeys(name for name, _ in rows)
    return {
        condition: {
            figure: round(median(row[figure] for name, row in rows if name == condition), 3)
            for figure in rows[0][1]
        }
        for condition in conditions
    }


def table(medians: dict[str, dict[str, float]]) -> str:
    """Medians as lines of text."""
    figures = list(next(iter(medians.values())))
    lines = [f"{'medians':24}" + "".join(f"{name:>15}" for name in figures)]
    for condition, row in medians.items():
        lines.append(f"{condition:24}" + "".join(f"{row[name]:>15}" for name in figures))
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.answer_latency", description=__doc__)
    parser.add_argument("--questions", type=int, default=len(QUESTIONS), help="how many of them")
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    parser.add_argument("--no-files", action="store_true", help="write nothing to bench/results")
    parser.add_argument("--question", help=argparse.SUPPRESS)
    parser.add_argument("--started", type=float, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.question:
        print(json.dumps(ask(chosen.question, *_program(), chosen.started)))
        return 0
    rows = []
    for condition, row in measure(QUESTIONS[: chosen.questions]):
        print(condition, row, file=sys.stderr, flush=True)
        rows.append((condition, row))
    figures = {"medians": summary(rows), "answers": rows}
    if not chosen.no_files:
        record.write("answer-latency", figures)
    print(json.dumps(figures) if chosen.json else table(summary(rows)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
