"""`python -m bench.functions --data FILE`: a coder's pass@1 on small functions with hidden tests, through the sandbox.

FILE is HumanEval, HumanEval+, MBPP+ (EvalPlus' form) or plain MBPP. By default the agent's coder as it is in force is
asked, greedily, once a problem. Every reply and its verdict is kept in bench/results, so that a run that was ended goes
on; `--table` sums up all that is kept, each adapter beside its base on the same problems.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.record import RESULTS
from bench.scores import interval
from finetune.evaluate.functions import (
    BEGUN,
    MAX_TOKENS,
    WORDS,
    Problem,
    judge,
    load_problems,
    question,
    solution_in,
)
from ingestion.machine.user_path import user_path
from rag_agent.code.source import is_closed
from rag_agent.model.client import LanguageModel, Message
from rag_agent.model.opening import open_model
from rag_agent.sandbox import Sandbox
from rag_agent.settings import Settings, load_settings

_CONTEXT_TOKENS = 2048  # the longest prompt has 500 tokens, a reply at most MAX_TOKENS
# vLLM goes on behind a reply that was begun if these say so; llama.cpp does so by itself.
_GO_ON = {"continue_final_message": True, "add_generation_prompt": False}
_SCORES = {"base": "pass@1", "plus": "pass@1_plus"}


@dataclass(frozen=True, slots=True)
class Coder:
    """Whose replies are kept: model, adapter (name and digest, or `none`) and its weight."""

    model: str
    adapter: str
    scale: float

    def wrote(self, row: dict[str, Any]) -> bool:
        """Whether a kept row is this coder's, asked in today's words."""
        own = (self.model, self.adapter, self.scale, WORDS)
        return (row["model"], row["adapter"], row["scale"], row.get("words")) == own


def main() -> int:
    """Measure one coder on one file, or print the table of all that was measured."""
    options = _options()
    if options.table:
        print(table(options.rows or sorted(RESULTS.glob("functions-*.jsonl"))))
        return 0
    settings = settings_for(options.model, options.adapter, options.scale, options.slots)
    path = (options.rows or [RESULTS / f"functions-{options.data.name.partition('.')[0]}.jsonl"])[0]
    problems = load_problems(options.data)[: options.limit]
    coder, who = open_coder(settings), coder_of(settings)
    rows = solve(
        problems,
        coder,
        who,
        Sandbox(settings.sandbox),
        path,
        options.samples,
        settings.reader.slots,
    )
    summary = summed(rows, who)
    if options.verdicts:
        summary["passed"] = shares_of(rows, "base") | shares_of(rows, "plus")
    print(json.dumps(summary) if options.json else _line(summary))
    return 0


def settings_for(model: str, adapter: str, scale: float | None, slots: int) -> Settings:
    """The settings in force, with another coder where one is named."""
    coder: dict[str, Any] = {}
    if model:
        coder["model"] = model
    if adapter:
        coder["adapter"] = "" if adapter == "none" else str(user_path(adapter).absolute())
    if scale is not None:
        coder["adapter_scale"] = scale
    reader = {"slots": slots, "context_tokens": _CONTEXT_TOKENS} if slots else {}
    return load_settings(coder=coder, reader=reader)


def open_coder(settings: Settings) -> LanguageModel:
    """The coder of the settings, which goes on behind a reply that was begun for it."""
    coder = open_model("coder", settings)
    return replace(coder, extra_body={**coder.extra_body, **_GO_ON})


def coder_of(settings: Settings) -> Coder:
    """The coder that these settings put in force."""
    coder = settings.coder
    model = Path(coder.model or settings.reader.model).name.removesuffix(".gguf")
    file = Path(coder.adapter)
    adapter = coder.adapter or "none"
    if coder.adapter and file.is_file():
        adapter = f"{file.stem}@{hashlib.sha256(file.read_bytes()).hexdigest()[:8]}"
    return Coder(model, adapter, coder.adapter_scale if coder.adapter else 1.0)


def solve(
    problems: Sequence[Problem],
    coder: LanguageModel,
    who: Coder,
    sandbox: Sandbox,
    path: Path,
    samples: int = 0,
    slots: int = 2,
) -> list[dict[str, Any]]:
    """Ask and judge what `path` lacks, some at a time, each row kept as it comes.

    Args:
        problems: Asked.
        coder: Asked of it.
        who: Its name in the rows.
        sandbox: Where its programs run.
        path: JSON lines, added to.
        samples: Replies drawn at random a problem; 0 asks for the surest one.
        slots: Problems at a time.

    Returns:
        One row a reply, in the order of `problems`.
    """
    drawn = range(1, samples + 1) if samples else range(1)
    done = {(row["task_id"], row["sample"]): row for row in kept(path) if who.wrote(row)}
    missing = [
        (one, sample) for one in problems for sample in drawn if (one.id, sample) not in done
    ]
    path.parent.mkdir(parents=True, exist_ok=True)

    def answered(problem: Problem, sample: int) -> dict[str, Any]:
        reply = replied(problem, coder.sampled(sample) if sample else coder)
        verdict = judge(problem, solution_in(problem, reply), lambda text: sandbox.run(text).stdout)
        return {
            "task_id": problem.id,
            "sample": sample,
            "model": who.model,
            "adapter": who.adapter,
            "scale": who.scale,
            "words": WORDS,
            "base": verdict.base,
            "plus": verdict.plus,
            "reply": reply,
        }

    with ThreadPoolExecutor(slots) as pool, path.open("a", encoding="utf-8") as file:
        futures = [pool.submit(answered, *one) for one in missing]
        try:
            for future in as_completed(futures):
                row = future.result()
                done[row["task_id"], row["sample"]] = row
                print(json.dumps(row, ensure_ascii=False), file=file, flush=True)
                print(
                    f"{row['task_id']}: {row['base']}, {row['plus']}", file=sys.stderr, flush=True
                )
        finally:  # ended early: what has not begun is not asked
            pool.shutdown(wait=False, cancel_futures=True)
    return [done[one.id, sample] for one in problems for sample in drawn]


def replied(problem: Problem, coder: LanguageModel, further: Sequence[Message] = ()) -> str:
    """The coder's reply, ended where its first program is; `further` turns follow the question.

    Without further turns it goes on behind `BEGUN`, which is part of the reply.
    """
    roles: dict[str, Any] = {"system": "system", "user": "user", "assistant": "assistant"}
    asked: list[Message] = [(roles[turn["role"]], turn["content"]) for turn in question(problem)]
    begun: list[Message] = [] if further else [("assistant", BEGUN)]
    reply = "" if further else BEGUN
    for piece in coder.stream([*asked, *further, *begun], MAX_TOKENS):
        reply += piece
        if is_closed(reply):
            break
    return reply


def kept(path: Path) -> list[dict[str, Any]]:
    """The rows of a file; none where there is no file."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def summed(rows: Sequence[dict[str, Any]], who: Coder) -> dict[str, Any]:
    """How many problems were solved, with 95 % bootstrap intervals over problems."""
    summary: dict[str, Any] = {
        "n": 0,
        "model": who.model,
        "adapter": who.adapter,
        "scale": who.scale,
    }
    for stage, name in _SCORES.items():
        shares = shares_of(rows, stage)
        summary["n"] = max(summary["n"], len(shares))
        summary[name] = interval(list(shares.values())) if shares else None
    return summary


def shares_of(rows: Sequence[dict[str, Any]], stage: str) -> dict[str, float]:
    """Of each problem the share of its replies that passed a stage's tests; those without such tests left out."""
    found: dict[str, list[bool]] = {}
    for row in rows:
        if row[stage] is not None:
            found.setdefault(row["task_id"], []).append(row[stage])
    return {problem: sum(passed) / len(passed) for problem, passed in found.items()}


def gain(
    base: Sequence[dict[str, Any]], tuned: Sequence[dict[str, Any]], stage: str
) -> dict[str, float]:
    """Tuned less base on the problems that both answered, resampled together."""
    before, after = shares_of(base, stage), shares_of(tuned, stage)
    return interval([after[problem] - before[problem] for problem in before if problem in after])


def table(paths: Sequence[Path]) -> str:
    """Markdown: each file's coders, adapters with their paired difference to the bare model."""
    lines = [
        "| problems | coder | n | pass@1 | with further tests | less the bare model: pass@1, further |"
    ]
    lines += ["|---|---|---|---|---|---|"]
    for path in paths:
        rows = [row for row in kept(path) if not row["sample"] and row.get("words") == WORDS]
        coders = {Coder(row["model"], row["adapter"], row["scale"]): None for row in rows}
        for who in sorted(
            coders, key=lambda one: (one.model, one.adapter != "none", one.adapter, one.scale)
        ):
            own = [row for row in rows if who.wrote(row)]
            bare = [row for row in rows if Coder(who.model, "none", 1.0).wrote(row)]
            lines.append(_table_row(path.stem.removeprefix("functions-"), who, own, bare))
    return "\n".join(lines)


def _table_row(name: str, who: Coder, own: list[dict[str, Any]], bare: list[dict[str, Any]]) -> str:
    summary = summed(own, who)
    tuned = who.adapter != "none" and bare
    gains = [_cell(gain(bare, own, stage)) for stage in _SCORES if tuned and shares_of(own, stage)]
    coder = who.model + (f" + {who.adapter} × {who.scale:g}" if who.adapter != "none" else "")
    scores = [_cell(summary[key]) for key in _SCORES.values()]
    return f"| {name} | {coder} | {summary['n']} | {' | '.join(scores)} | {'; '.join(gains)} |"


def _cell(score: dict[str, float] | None) -> str:
    return f"{score['mean']:.3f} [{score['low']:.3f}, {score['high']:.3f}]" if score else ""


def _line(summary: dict[str, Any]) -> str:
    scores = ", ".join(f"{key} {_cell(summary[key])}" for key in _SCORES.values() if summary[key])
    adapter = (
        "" if summary["adapter"] == "none" else f" + {summary['adapter']} × {summary['scale']:g}"
    )
    return f"{summary['model']}{adapter}, {summary['n']} problems: {scores}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.functions", description=__doc__)
    parser.add_argument("--data", type=Path, help="the problems, .jsonl or .jsonl.gz")
    parser.add_argument(
        "--model",
        default="",
        help="embedded weights by name or GGUF file; the coder in force if left out",
    )
    parser.add_argument(
        "--adapter", default="", help="GGUF adapter, or none; the one in force if left out"
    )
    parser.add_argument("--scale", type=float, help="weight of the adapter, 1 as trained")
    parser.add_argument("--limit", type=int, help="first N problems, for a quick look")
    parser.add_argument(
        "--samples",
        type=int,
        default=0,
        help="replies drawn at random a problem; 0: the surest one",
    )
    parser.add_argument(
        "--slots", type=int, default=4, help="problems at a time; 0: as the settings say"
    )
    parser.add_argument(
        "--rows",
        type=Path,
        nargs="*",
        help="file that keeps the rows, instead of one in bench/results",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--verdicts",
        action="store_true",
        help="put each problem's into the object, as `finetune promote` asks",
    )
    parser.add_argument("--table", action="store_true", help="print all that is kept as a table")
    options = parser.parse_args()
    if not (options.data or options.table):
        parser.error("--data or --table is needed")
    return options


if __name__ == "__main__":
    sys.exit(main())
