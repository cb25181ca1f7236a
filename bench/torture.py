"""`python -m bench.torture` (`make torture`): eight clients on `serve` while what it stands on fails.

The library's process and the model's server are killed and come back, the disk is full, the clock jumps. Every answer
is known beforehand, so each wrong one is seen; every question whose answer was given as kept must stand in its
conversation at the end; memory is sampled all the while.
"""

import argparse
import json
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from bench import record
from bench.serving import memory_mb, spread
from bench.torture_faults import Disk, Faults, Model
from ingestion.paper import Paper
from ingestion.store.owner import stop_owner
from rag_agent.serving.access.token import token_of

LAKES = [f"{first}{last}" for first in ("Al", "Bor", "Cas", "Den", "Er") for last in
         ("ada", "ebin", "imo", "oru", "ulan", "yra", "ani", "esto")]  # fmt: skip
_ABSENT = ("Zorro", "Quill")
_QUIET_S, _FAULT_S, _SETTLE_S = 12.0, 10.0, 8.0
_SAMPLE_S = 5.0
_TURNS_A_SESSION = 25
_PAUSE_S = 0.05
_WITH_JOBS = 2  # clients
_JOB_S = 120.0


def papers() -> list[Paper]:
    """Invented lakes, each with a tide of its own."""
    return [
        Paper(
            arxiv_id=f"2799.{number:05}",
            title=f"Tides of lake {name}",
            abstract=f"Lake {name} has tides. The tide of lake {name} is {number} nanometres.",
            authors=("A. Nobody",),
            categories=("physics.ao-ph",),
            year=2027,
        )
        for number, name in enumerate(LAKES, start=101)
    ]


@dataclass
class Tally:
    """What the clients saw, by what was done to the server then.

    Args:
        seen: Counts of outcomes by phase.
        wrong: Answers that are not so, whole.
        errors: Errors by what they say.
        kept: Questions whose answers were given as kept, by conversation.
        jobs: Jobs that were seen done.
        seconds: Waits for right answers, by phase.
        right_at: When right answers came.
    """

    seen: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    wrong: list[str] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    kept: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    jobs: list[str] = field(default_factory=list)
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    right_at: list[float] = field(default_factory=list)
    phase: str = "quiet"
    phase_began: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)


def client(address: str, token: str, ended: threading.Event, number: int, tally: Tally) -> None:
    """One client: questions in a conversation, streamed; now and then a search, and of two clients a table as a job."""
    http = httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=240)
    turn = 0
    while not ended.is_set():
        turn += 1
        session = f"client {number}, {turn // _TURNS_A_SESSION}"
        name = (*LAKES, *_ABSENT)[(turn * 7 + number * 5) % (len(LAKES) + len(_ABSENT))]
        phase, began = tally.phase, time.monotonic()
        try:
            if turn % 5 == 0:
                outcome, told = _search(http, name)
            elif turn % 5 == 3 and number < _WITH_JOBS:
                outcome, told = _work(http, f"tide {number}.{turn}", tally)
            else:
                outcome, told = _ask(http, name, session, tally)
        except (httpx.HTTPError, ValueError) as error:
            outcome, told = "unclear error", f"{type(error).__name__}: {str(error)[:120]}"
        with tally.lock:
            tally.seen[phase][outcome] += 1
            if outcome == "right":
                tally.seconds[phase].append(time.monotonic() - began)
                tally.right_at.append(time.monotonic())
            elif outcome == "wrong":
                at = f"{phase}, {began - tally.phase_began:.1f} s after it began"
                tally.wrong.append(f"{at}: {name}: {told}"[:1500])
            else:
                tally.errors[f"{outcome}: {told}"] += 1
        ended.wait(_PAUSE_S)


def _ask(http: httpx.Client, name: str, session: str, tally: Tally) -> tuple[str, str]:
    """Ask for a lake's tide; what came of it, and what was told."""
    question = f"What is the tide of lake {name}?"
    body = {"messages": [{"role": "user", "content": question}], "stream": True, "session": session}
    text, answer, error, whole = "", None, None, False
    with http.stream("POST", "/v1/chat/completions", json=body) as response:
        if response.status_code != 200:
            response.read()
            return _refused(response)
        for line in response.iter_lines():
            if line == "data: [DONE]":
                whole = True
            elif line.startswith("data: "):
                chunk = json.loads(line[6:])
                error = chunk.get("error", error)
                answer = chunk.get("arxiv_agent", answer)
                for choice in chunk.get("choices", ()):
                    text += choice["delta"].get("content") or ""
    if error:
        return _error(error["message"])
    if not whole or answer is None:
        return "unclear error", "the stream ended without a word"
    if not any("cannot be used" in notice for notice in answer["notices"]):
        with tally.lock:
            tally.kept[session].append(question)
    return _judged(name, text, answer)


def _judged(name: str, text: str, answer: dict[str, Any]) -> tuple[str, str]:
    """Whether an answer is right; one that says less, and says why, is told apart."""
    notices = "; ".join(answer["notices"])
    if name not in LAKES:
        return ("wrong", text) if answer["answered"] and not notices else ("right", "")
    if answer["answered"] and f"{LAKES.index(name) + 101} nanometres" not in text:
        return "wrong", text
    if not notices:
        return ("right", "") if answer["answered"] else ("wrong", f"{text} {answer}")
    return ("right" if answer["answered"] else "less") + ", with a notice", notices[:160]


def _search(http: httpx.Client, name: str) -> tuple[str, str]:
    """Search for a lake; the first paper must be its own."""
    response = http.post("/v1/search", json={"query": f"tides of lake {name}", "k": 3})
    if response.status_code != 200:
        return _refused(response)
    found = response.json()["papers"]
    titles = [paper["title"] for paper in found]
    if name in LAKES and titles[:1] != [f"Tides of lake {name}"]:
        return "wrong", f"search found {titles}"
    return "right", ""


def _work(http: httpx.Client, question: str, tally: Tally) -> tuple[str, str]:
    """A table of one cell, begun and waited for."""
    begun = http.post(
        "/v1/jobs/table", json={"question": question, "papers": [papers()[0].arxiv_id]}
    )
    if begun.status_code != 202:
        return _refused(begun)
    job, until = begun.json(), time.monotonic() + _JOB_S
    while job["status"] in ("waiting", "running") and time.monotonic() < until:
        time.sleep(0.3)
        job = http.get(f"/v1/jobs/{job['id']}").json()
    if job["status"] == "done":
        with tally.lock:
            tally.jobs.append(job["id"])
        return "right", ""
    if job["status"] == "interrupted":
        return "clear error", "the job is interrupted"
    return _error(job["error"])


def _refused(response: httpx.Response) -> tuple[str, str]:
    error = response.json().get("error", {})
    if response.status_code not in (429, 503):
        return "unclear error", f"{response.status_code} {str(error)[:160]}"
    return _error(str(error.get("message", "")))


def _error(message: str) -> tuple[str, str]:
    unclear = not message or "An error of the program" in message
    return ("unclear error" if unclear else "clear error"), " ".join(message.split())[:160]


def measure(clients: int, minutes: float, only: str) -> dict[str, Any]:
    """Run the server, its clients and the faults, or one of them."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="torture-")))
        disk = Disk(folder, stack)
        home = folder / "home"
        model = Model(_free_port())
        model.start()
        stack.callback(model.kill)
        server = subprocess.Popen(
            [sys.executable, "-m", "bench.torture", "--server", str(home), str(model.port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        stack.callback(stop_owner, home / "library")
        stack.callback(server.wait, 30)
        stack.callback(server.kill)
        assert server.stdin
        assert server.stdout
        address = server.stdout.readline().strip()
        if not address:
            raise RuntimeError("the server did not start")
        commands = server.stdin

        def set_clock(shift_s: float) -> None:
            commands.write(f"{shift_s}\n")
            commands.flush()

        faults = Faults(home, server.pid, disk, model, set_clock).all
        chosen = {name: fault for name, fault in faults.items() if name.startswith(only)}
        figures = _measured(address, token_of(home), server, home, chosen, clients, minutes)
        return {"disk": disk.kind, **figures}


def _measured(
    address: str,
    token: str,
    server: "subprocess.Popen[str]",
    home: Path,
    faults: Mapping[str, Callable[[float], None]],
    clients: int,
    minutes: float,
) -> dict[str, Any]:
    tally, ended = Tally(), threading.Event()
    memory: dict[str, list[float]] = defaultdict(list)
    threads = [
        threading.Thread(target=client, args=(address, token, ended, number, tally), daemon=True)
        for number in range(clients)
    ]
    sampler = threading.Thread(target=_sample, args=(server.pid, home, ended, memory), daemon=True)
    began = time.monotonic()
    for thread in (*threads, sampler):
        thread.start()
    over: dict[str, list[float]] = defaultdict(list)
    rounds = 0
    while time.monotonic() < began + 60 * minutes and server.poll() is None:
        rounds += 1
        for name, fault in faults.items():
            time.sleep(_QUIET_S)
            tally.phase, tally.phase_began = name, time.monotonic()
            fault(_FAULT_S)
            over[name].append(time.monotonic())
            time.sleep(_SETTLE_S)  # what was begun under the fault ends under its name
            tally.phase, tally.phase_began = "quiet", time.monotonic()
    time.sleep(_QUIET_S)
    survived = server.poll() is None
    ended.set()
    for thread in threads:
        thread.join(300)
    lost = _lost_turns(address, token, tally)
    lost_jobs = _lost_jobs(address, token, tally)
    return {
        "clients": clients,
        "minutes": round((time.monotonic() - began) / 60, 1),
        "rounds": rounds,
        "server_survived": survived,
        "requests": sum(sum(seen.values()) for seen in tally.seen.values()),
        "wrong_answers": len(tally.wrong),
        "wrong": tally.wrong[:20],
        "lost_turns": len(lost),
        "lost": lost[:20],
        "kept_turns": sum(map(len, tally.kept.values())),
        "lost_jobs": len(lost_jobs),
        "done_jobs": len(tally.jobs),
        "by_phase": {name: dict(seen) for name, seen in sorted(tally.seen.items())},
        "seconds_to_a_right_answer_after": _recovered(over, tally.right_at),
        "seconds": {name: spread(each) for name, each in sorted(tally.seconds.items())},
        "told": {
            said.replace(str(home), "HOME"): times for said, times in tally.errors.most_common(30)
        },
        "memory_mb": {name: _thirds(each) for name, each in memory.items()},
    }


def _recovered(over: Mapping[str, list[float]], right_at: list[float]) -> dict[str, Any]:
    """How long after each fault the next right answer came; None where none came any more."""
    waits = {
        name: [min((at - end for at in right_at if at > end), default=None) for end in ends]
        for name, ends in over.items()
    }
    return {
        name: {
            "median": round(statistics.median(came), 2)
            if (came := [w for w in each if w])
            else None,
            "most": round(max(came), 2) if len(came) == len(each) else None,
        }
        for name, each in waits.items()
    }


def _lost_turns(address: str, token: str, tally: Tally) -> list[str]:
    """Questions whose answers were given as kept and that do not stand in their conversations, in their order."""
    lost = []
    with httpx.Client(
        base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=60
    ) as http:
        for session, asked in tally.kept.items():
            turns = http.get(f"/v1/sessions/{session}").json()
            stand = iter([turn["question"] for turn in turns])
            lost += [f"{session}: {question}" for question in asked if question not in stand]
    return lost


def _lost_jobs(address: str, token: str, tally: Tally) -> list[str]:
    """Jobs that were seen done and whose results are not to be had."""
    with httpx.Client(
        base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=60
    ) as http:
        return [id_ for id_ in tally.jobs if not http.get(f"/v1/jobs/{id_}/result").json()]


def _sample(pid: int, home: Path, ended: threading.Event, memory: dict[str, list[float]]) -> None:
    while not ended.wait(_SAMPLE_S):
        try:
            memory["serve"].append(memory_mb(pid))
            owner = json.loads((home / "library" / "owner.json").read_text())
            memory["library"].append(memory_mb(owner["pid"]))
        except (OSError, ValueError, RuntimeError):
            continue  # just being killed, or begun anew


def _thirds(samples: list[float]) -> dict[str, Any]:
    third = max(1, len(samples) // 3)
    return {
        "first_third": round(statistics.median(samples[:third]), 1),
        "last_third": round(statistics.median(samples[-third:]), 1),
        "most": round(max(samples), 1),
        "samples": [round(each) for each in samples],
    }


def serve(home: Path, model_port: int) -> None:
    """`serve` over invented papers, with a clock that is set by lines on standard input."""
    from ingestion.embedding import HashingEmbedder
    from ingestion.pipeline import ingest
    from rag_agent.assistant import Assistant
    from rag_agent.serving.run import run_api
    from rag_agent.settings import load_settings

    settings = load_settings(
        home=home,
        serve={"requests_per_minute": 1_000_000, "parallel": 4, "waiting": 32},
        retrieval={"threshold": 0.2},
        reader={"base_url": f"http://127.0.0.1:{model_port}/v1", "model": "scripted"},
        agent={"fetch": False, "rounds": 1, "read_papers": 0},
        arxiv={
            "api_url": "http://127.0.0.1:9/api",
            "pdf_url": "http://127.0.0.1:9",
            "max_tries": 1,
        },
    )
    assistant = Assistant(settings, embedder=HashingEmbedder(512))
    ingest(papers(), assistant.library.store, assistant.embedder, home, source="invented")
    threading.Thread(target=_listen_for_clock, daemon=True).start()
    port = _free_port()
    threading.Thread(target=_announce, args=(port,), daemon=True).start()
    run_api(assistant, "127.0.0.1", port, lambda said: None)


def _listen_for_clock() -> None:
    """Set this process's time of day as told; what measures spans of time is another clock."""
    import datetime as true

    import rag_agent.conversations.store as conversations
    import rag_agent.jobs.jobs as jobs

    true_time = time.time
    for line in sys.stdin:
        shift_s = float(line)

        class Shifted(true.datetime):
            @classmethod
            def now(cls, tz: Any = None) -> Any:
                return true.datetime.now(tz) + true.timedelta(seconds=shift_s)  # noqa: B023

        time.time = lambda: true_time() + shift_s  # noqa: B023
        conversations.datetime = jobs.datetime = Shifted  # type: ignore[attr-defined]


def _announce(port: int) -> None:
    address = f"http://127.0.0.1:{port}"
    while True:
        try:
            httpx.get(f"{address}/health", timeout=2)
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            print(address, flush=True)
            return


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def main() -> None:
    """Measure, print, and write bench/results/torture.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--only", default="", help="the fault whose name begins so: store")
    parser.add_argument("--server", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.server:
        serve(Path(arguments.server[0]), int(arguments.server[1]))
        return
    figures = measure(arguments.clients, arguments.minutes, arguments.only)
    shown = {**figures, "memory_mb": {
        name: {key: each[key] for key in ("first_third", "last_third", "most")}
        for name, each in figures["memory_mb"].items()
    }}  # fmt: skip
    print(json.dumps(shown, indent=1, ensure_ascii=False))
    if not arguments.only:
        print(record.write("torture", figures))


if __name__ == "__main__":
    main()
