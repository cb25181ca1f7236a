"""How fast each engine of the embedded model is here, side by side: `make bench-engine`.

Engines take turns at the same prompts, so that what else the machine does meets all of them; the table holds
medians, and beside them the share of the processor that other programs took meanwhile.

    python -m bench.engine                        # all engines, 5 rounds
    python -m bench.engine --rounds 9 --json engine.json
"""

import argparse
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ingestion.machine import weights
from ingestion.machine.loopback_service import Service
from rag_agent.model import llama_server
from rag_agent.model.llama_server import LlamaConfig
from rag_agent.model.openvino import process as openvino_server
from rag_agent.model.openvino.process import OpenVinoConfig

_PROMPT_WORDS = 640  # about 900 tokens of English: what a question's reading prompt has
_REPLY_TOKENS = 60
_CONTEXT_TOKENS = 4096
_SLOTS = 2
_KEEP_S = 900.0
_WORDS = (
    "the of model attention we propose a method that learns sparse representations from data and "
    "shows improved accuracy on benchmarks with fewer parameters while training remains stable "
    "across seeds although inference cost grows linearly in sequence length"
).split()


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine under test: its server is ended by `stop` and brought up by `start`."""

    name: str
    start: Callable[[], Service]
    stop: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Turn:
    """One prompt: tokens a second of prompt and reply, and the share of the processor that others took."""

    prompt_per_s: float
    reply_per_s: float
    others: float


@dataclass(frozen=True, slots=True)
class Row:
    """One engine's line of the table; speeds are medians, memory in MB, times in seconds."""

    engine: str
    start_cold_s: float
    start_warm_s: float
    prompt_per_s: float
    reply_per_s: float
    resident_mb: float
    anonymous_mb: float
    others: float


def main() -> None:
    """Measure, print the table, and write it as JSON if asked to."""
    options = _options()
    home = Path(options.home or tempfile.mkdtemp(prefix="bench-engine-"))
    engines = _engines(str(weights.resolve(options.model, home)), home)
    starts = {engine.name: _two_starts(engine) for engine in engines}
    services = {engine.name: engine.start() for engine in engines}
    try:
        turns = _in_turns(services, options.rounds)
        memory = {name: _memory_mb(service.pid) for name, service in services.items()}
    finally:
        for engine in engines:
            engine.stop()
    rows = [_row(name, starts[name], turns[name], *memory[name]) for name in services]
    print(_table(rows))
    if options.json:
        Path(options.json).write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", default="qwen2.5-coder-1.5b-instruct", help="name or GGUF path")
    parser.add_argument("--rounds", type=int, default=5, help="prompts for each engine")
    parser.add_argument("--home", default="", help="data folder; a new one measures the cold start")
    parser.add_argument("--json", default="", help="write the table to this file too")
    return parser.parse_args()


def _engines(model: str, home: Path) -> list[Engine]:
    llama = LlamaConfig(model, (), _CONTEXT_TOKENS, _SLOTS, 0, _KEEP_S)
    openvino = OpenVinoConfig(model, _CONTEXT_TOKENS, _SLOTS, 0, _KEEP_S)
    return [
        Engine(
            "llama.cpp",
            lambda: llama_server.ensure(llama, home),
            lambda: llama_server.stop_all(home),
        ),
        Engine(
            "openvino",
            lambda: openvino_server.ensure(openvino, home),
            lambda: openvino_server.stop_all(home),
        ),
    ]


def _two_starts(engine: Engine) -> tuple[float, float]:
    """Seconds of the first start, which may convert the weights, and of the second."""
    seconds = []
    for _ in range(2):
        began = time.perf_counter()
        engine.start()
        seconds.append(time.perf_counter() - began)
        engine.stop()
    return seconds[0], seconds[1]


def _in_turns(services: dict[str, Service], rounds: int) -> dict[str, list[Turn]]:
    turns: dict[str, list[Turn]] = {name: [] for name in services}
    for number in range(rounds):
        for name, service in services.items():
            turns[name].append(_turn(service, _prompt(number)))
    return turns


def _turn(service: Service, prompt: str) -> Turn:
    """One prompt that the engine has not seen, timed to its first token and to its last."""
    load = _Load(service.pid)
    began = time.perf_counter()
    times: list[float] = []
    usage: dict[str, Any] = {}
    with _stream(service, prompt) as events:
        for event in events:
            usage = event.get("usage") or usage
            if event["choices"] and event["choices"][0]["delta"].get("content"):
                times.append(time.perf_counter())
    computed = usage["prompt_tokens"] - usage["prompt_tokens_details"]["cached_tokens"]
    return Turn(
        prompt_per_s=computed / (times[0] - began),
        reply_per_s=(usage["completion_tokens"] - 1) / (times[-1] - times[0]),
        others=load.others(),
    )


@contextmanager
def _stream(service: Service, prompt: str) -> Iterator[Iterator[dict[str, Any]]]:
    import httpx

    body = {
        "messages": [{"role": "user", "content": prompt}],
        "max_tokens": _REPLY_TOKENS,
        "temperature": 0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    headers = {"Authorization": f"Bearer {service.token}"}
    address = f"{service.uri}/v1/chat/completions"
    with httpx.stream("POST", address, json=body, headers=headers, timeout=300.0) as answer:
        answer.raise_for_status()
        lines = (line.removeprefix("data: ") for line in answer.iter_lines())
        yield (json.loads(line) for line in lines if line.startswith("{"))


class _Load:
    """Which share of the processor other programs take, from now on."""

    def __init__(self, pid: int) -> None:
        import psutil

        self._process = psutil.Process(pid)
        self._began, self._own, self._all = time.time(), self._own_s(), _busy_s()

    def others(self) -> float:
        """0 to 1, of all cores."""
        busy = (_busy_s() - self._all) - (self._own_s() - self._own)
        return max(0.0, busy / ((time.time() - self._began) * (os.cpu_count() or 1)))

    def _own_s(self) -> float:
        used = self._process.cpu_times()
        return float(used.user + used.system)


def _busy_s() -> float:
    import psutil

    used = psutil.cpu_times()
    return float(used.user + used.nice + used.system)


def _memory_mb(pid: int) -> tuple[float, float]:
    """Resident memory, and the part of it that is not mapped from a file."""
    import psutil

    memory = psutil.Process(pid).memory_info()
    return memory.rss / 1e6, (memory.rss - memory.shared) / 1e6


def _prompt(number: int) -> str:
    """A prompt of its own; it begins with its number, so no cache holds a part of it."""
    words = random.Random(number)
    text = " ".join(words.choice(_WORDS) for _ in range(_PROMPT_WORDS))
    return f"{number}: {text}\n\nRetell this as a story of at least two hundred words."


def _row(
    name: str, starts: tuple[float, float], turns: list[Turn], resident: float, anonymous: float
) -> Row:
    return Row(
        engine=name,
        start_cold_s=round(starts[0], 1),
        start_warm_s=round(starts[1], 1),
        prompt_per_s=round(statistics.median(turn.prompt_per_s for turn in turns), 1),
        reply_per_s=round(statistics.median(turn.reply_per_s for turn in turns), 1),
        resident_mb=round(resident),
        anonymous_mb=round(anonymous),
        others=round(statistics.mean(turn.others for turn in turns), 2),
    )


def _table(rows: list[Row]) -> str:
    lines = [
        "| engine | start cold, warm (s) | prompt tokens/s | reply tokens/s "
        "| resident (anonymous) MB | others' share |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.engine} | {row.start_cold_s}, {row.start_warm_s} | {row.prompt_per_s} "
        f"| {row.reply_per_s} | {row.resident_mb:.0f} ({row.anonymous_mb:.0f}) | {row.others:.0%} |"
        for row in rows
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
