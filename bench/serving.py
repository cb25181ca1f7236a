"""`python -m bench.serving`: eight clients at once on the HTTP API for five minutes, with a scripted model.

Of two questions asked in turn one has an answer with a source, the other has none. What is measured is the
server, not a model: errors, requests a second, waits, and whether its memory stays.
"""

import argparse
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import openai

from bench import record
from ingestion.store.owner import stop_owner
from rag_agent.serving.access.token import token_of

_ASKED = {
    "How many times fewer trainable parameters does LoRA need for GPT-3?": "LoRA needs 10,000 times fewer "
    "trainable parameters and 3 times less GPU memory than full fine-tuning with Adam.",
    "Which zebra won the marathon on the moon in a submarine?": "NOT STATED",
}
_SAMPLE_S = 5.0
_LIMITS = {"requests_per_minute": 1_000_000, "parallel": 4, "waiting": 32}


@dataclass
class Tally:
    """What the clients saw: seconds of each request by kind, errors, answers with a source."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    errors: Counter[str] = field(default_factory=Counter)
    answered: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, kind: str, seconds: float) -> None:
        with self.lock:
            self.seconds.setdefault(kind, []).append(seconds)


def client(address: str, token: str, until: float, number: int, tally: Tally) -> None:
    """One client: streamed answers, with a search and a check of a sentence now and then."""
    chat = openai.OpenAI(base_url=f"{address}/v1", api_key=token, max_retries=0, timeout=120)
    plain = httpx.Client(
        base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=120
    )
    turn = number
    while time.monotonic() < until:
        turn += 1
        started = time.monotonic()
        kind = ("chat", "chat", "search", "chat", "quote_check")[turn % 5]
        try:
            if kind == "chat":
                has_source = _streamed(chat, list(_ASKED)[turn % 2])
                tally.answered += has_source
            else:
                body = {"query": "low-rank adaptation"}
                if kind == "quote_check":
                    body = {"sentence": next(iter(_ASKED.values())), "paper": "2106.09685"}
                plain.post(f"/v1/{kind}", json=body).raise_for_status()
            tally.add(kind, time.monotonic() - started)
        except (openai.OpenAIError, httpx.HTTPError) as error:
            with tally.lock:
                tally.errors[f"{kind}: {type(error).__name__}: {str(error)[:120]}"] += 1


def _streamed(chat: openai.OpenAI, question: str) -> bool:
    """Ask; whether a source came with the answer."""
    stream = chat.chat.completions.create(
        model="arxiv-agent", messages=[{"role": "user", "content": question}], stream=True
    )
    found = False
    for chunk in stream:
        delta = chunk.choices[0].delta.model_dump() if chunk.choices else {}
        found = found or bool(delta.get("annotations"))
    return found


def memory_mb(pid: int) -> float:
    """Memory of a process that lies in RAM."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1000
    raise RuntimeError("the server has ended")


def measure(clients: int, minutes: float) -> dict[str, Any]:
    """Run the server and its clients."""
    with TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        server = subprocess.Popen(
            [sys.executable, "-m", "bench.serving", "--server", str(home)],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert server.stdout
            address = server.stdout.readline().strip()
            return _measured(address, token_of(home), server.pid, clients, minutes)
        finally:
            server.terminate()
            server.wait(30)
            stop_owner(home / "library")


def _measured(address: str, token: str, pid: int, clients: int, minutes: float) -> dict[str, Any]:
    tally, memory = Tally(), []
    client(address, token, time.monotonic() + 5, 0, Tally())  # what the first requests import
    began = time.monotonic()
    until = began + 60 * minutes
    threads = [
        threading.Thread(target=client, args=(address, token, until, number, tally), daemon=True)
        for number in range(clients)
    ]
    for thread in threads:
        thread.start()
    while time.monotonic() < until:
        memory.append(round(memory_mb(pid), 1))
        time.sleep(_SAMPLE_S)
    for thread in threads:
        thread.join(120)
    refused = httpx.post(f"{address}/v1/search", json={"query": "x"}).status_code
    third = max(1, len(memory) // 3)
    return {
        "clients": clients,
        "minutes": minutes,
        "requests": sum(map(len, tally.seconds.values())),
        "requests_a_second": round(
            sum(map(len, tally.seconds.values())) / (time.monotonic() - began), 1
        ),
        "errors": dict(tally.errors),
        "answers_with_source": tally.answered,
        "without_token": refused,
        "seconds": {kind: spread(each) for kind, each in sorted(tally.seconds.items())},
        "memory_mb": {
            "first_third": statistics.median(memory[:third]),
            "last_third": statistics.median(memory[-third:]),
            "samples": memory,
        },
    }


def spread(seconds: list[float]) -> dict[str, float]:
    """How many waits, their median and 95th percentile, in seconds."""
    ordered = sorted(seconds)
    return {
        "n": len(ordered),
        "p50": round(statistics.median(ordered), 3),
        "p95": round(ordered[int(0.95 * (len(ordered) - 1))], 3),
    }


def serve(home: Path) -> None:
    """The API on a free port, which is printed, over the starter library and a model that follows a script."""
    import uvicorn

    from ingestion.embedding import HashingEmbedder
    from rag_agent.assistant import Assistant
    from rag_agent.model.scripted import ScriptedModel
    from rag_agent.serving.access.guard import guarded
    from rag_agent.serving.access.hosts import names
    from rag_agent.serving.api import api_app
    from rag_agent.settings import load_settings

    def reply(messages: Any) -> str:
        said = " ".join(text for _, text in messages)
        return next((answer for asked, answer in _ASKED.items() if asked in said), "NOT STATED")

    settings = load_settings(
        home=home,
        serve=_LIMITS,
        retrieval={"threshold": 0.2},
        agent={"fetch": False, "rounds": 1, "read_papers": 0},
        arxiv={
            "api_url": "http://127.0.0.1:9/api",
            "pdf_url": "http://127.0.0.1:9",
            "max_tries": 1,
        },
    )
    assistant = Assistant(
        settings,
        models=lambda role: ScriptedModel([reply] * 20),
        embedder=HashingEmbedder(512),
    )
    assistant.library.store.count()  # opened and filled before the clients come
    app = guarded(api_app(assistant), token_of(home), settings.serve, names("127.0.0.1", ()))
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", access_log=False)
    )
    threading.Thread(target=_announce, args=(server,), daemon=True).start()
    server.run()


def _announce(server: Any) -> None:
    while not server.started:
        time.sleep(0.05)
    print(f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", flush=True)


def main() -> None:
    """Measure, print, and write bench/results/serving.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--server", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.server:
        serve(arguments.server)
        return
    figures = measure(arguments.clients, arguments.minutes)
    print({name: value for name, value in figures.items() if name != "memory_mb"})
    print({name: value for name, value in figures["memory_mb"].items() if name != "samples"})
    print(record.write("serving", figures))


if __name__ == "__main__":
    main()
