"""Two `serve` processes behind one address, on one PostgreSQL: whichever answers, and where one is killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import openai
import pytest

from ingestion.store.owner import stop_owner
from rag_agent.database import Databases
from rag_agent.jobs.postgres import SCHEMA as JOBS
from rag_agent.serving.access.keys import SCHEMA, Keys
from tests.papers import PONDS, SOURDOUGH
from tests.postgres import Postgres, free_port
from tests.rag_agent.serving.balancer import Balancer, balancing
from tests.ui.scripted import NAMES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
_SECONDS_A_PIECE = 0.15  # a sentence takes some 2 s: time to be killed in


class Readers:
    """The servers, what is before them, and their users' keys.

    Args:
        folder: For a data folder each; they share nothing but the database.
        url: Its address.
    """

    def __init__(self, folder: Path, url: str, balancer: Balancer, ports: list[int]) -> None:
        self.folder, self.url, self.balancer, self.ports = folder, url, balancer, ports
        self.processes: dict[int, subprocess.Popen[str]] = {}
        self.keys = Keys(Databases(folder, url).of(SCHEMA))

    def start(self, port: int) -> None:
        """Start the server of a port, and wait until it answers."""
        command = [
            sys.executable,
            "-m",
            "tests.rag_agent.serving.reader",
            str(self.home(port)),
            str(port),
            str(_SECONDS_A_PIECE),
        ]
        self.processes[port] = subprocess.Popen(
            command, env={**os.environ, "ARXIV_AGENT_DATABASE__URL": self.url}, text=True
        )
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            try:
                httpx.get(f"http://127.0.0.1:{port}/health", timeout=2)
            except httpx.HTTPError:
                time.sleep(0.2)
            else:
                return
        raise AssertionError("the server does not start")

    def home(self, port: int) -> Path:
        return self.folder / f"home-{self.ports.index(port)}"

    def kill(self, port: int) -> None:
        self.processes[port].send_signal(signal.SIGKILL)
        self.processes[port].wait(10)

    def http(self, key: str, address: str = "") -> httpx.Client:
        """A client whose every request is a connection of its own, and so goes to the next server."""
        return httpx.Client(
            base_url=address or self.balancer.address,
            headers={"Authorization": f"Bearer {key}"},
            timeout=60,
            limits=httpx.Limits(max_keepalive_connections=0),
        )


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory, postgres_server: Any) -> Iterator[Readers]:
    ports = [free_port(), free_port()]
    with ExitStack() as stack:
        balancer = stack.enter_context(balancing(ports))
        made = Readers(
            tmp_path_factory.mktemp("readers"), postgres_server.make("readers"), balancer, ports
        )
        try:
            for port in ports:
                made.start(port)
            yield made
        finally:
            for port, process in made.processes.items():
                process.kill()
                process.wait(10)
                stop_owner(made.home(port) / "library")


@pytest.fixture
def anna(readers: Readers) -> str:
    """A key of a user who has asked nothing yet."""
    return readers.keys.add(f"anna-{uuid4().hex}")[1]


@pytest.fixture
def ben(readers: Readers) -> str:
    """A key of another one."""
    return readers.keys.add(f"ben-{uuid4().hex}")[1]


def ask(http: httpx.Client, name: str, session: str) -> str:
    """The answer to a question about the basin of a name."""
    question = f"What is the tide of the {name} basin?"
    body = {"messages": [{"role": "user", "content": question}], "session": session}
    answer = http.post("/v1/chat/completions", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["choices"][0]["message"]["content"])


def ended(http: httpx.Client, id_: str, within_s: float = 60) -> dict[str, Any]:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        job: dict[str, Any] = http.get(f"/v1/jobs/{id_}").json()
        if job["status"] in ("done", "failed", "stopped"):
            return job
        time.sleep(0.3)
    raise AssertionError(job)


def test_a_conversation_goes_on_whichever_answers(readers: Readers, anna: str) -> None:
    before = readers.balancer.taken.copy()
    with readers.http(anna) as http:
        for number, name in enumerate(NAMES[:4], start=1):
            assert f"{number} nanometres" in ask(http, name, "tides/of 2026")
        (session,) = http.get("/v1/sessions").json()
        assert (session["name"], session["turns"]) == ("tides/of 2026", 4)
        for _ in readers.ports:  # both tell the same
            turns = http.get("/v1/sessions/tides/of 2026").json()
            assert [NAMES[i] in turn["question"] for i, turn in enumerate(turns)] == [True] * 4
            assert turns[2]["answer"]["quotes"]
    assert all(readers.balancer.taken[port] - before[port] >= 3 for port in readers.ports)


def test_a_jobs_state_and_result_are_told_by_both(readers: Readers, anna: str) -> None:
    with readers.http(anna) as http:
        asked = {"question": "tide", "papers": [PONDS.arxiv_id, SOURDOUGH.arxiv_id]}
        begun = http.post("/v1/jobs/table", json=asked).json()
        assert begun["status"] in ("waiting", "running")
        assert ended(http, begun["id"])["status"] == "done"
        assert http.post("/v1/jobs/table", json=asked).json()["status"] == "done"
    results = []
    for port in readers.ports:
        with readers.http(anna, f"http://127.0.0.1:{port}") as http:
            assert [job["id"] for job in http.get("/v1/jobs").json()] == [begun["id"]]
            results.append(http.get(f"/v1/jobs/{begun['id']}/result").json())
    assert results[0] == results[1]
    assert results[0]["columns"] == ["tide"]


def test_a_key_sees_its_own_alone(readers: Readers, anna: str, ben: str) -> None:
    with readers.http(anna) as http:
        ask(http, "hazel", "secret")
        id_ = http.post(
            "/v1/jobs/table", json={"question": "x", "papers": [PONDS.arxiv_id]}
        ).json()["id"]
    with readers.http(ben) as http:
        for _ in readers.ports:
            assert http.get("/v1/sessions").json() == []
            assert http.get("/v1/jobs").json() == []
            for path in ("sessions/secret", f"jobs/{id_}", f"jobs/{id_}/result"):
                assert http.get(f"/v1/{path}").status_code == 400
            assert http.delete(f"/v1/jobs/{id_}").status_code == 400
            http.delete("/v1/sessions/secret")  # which is ben's, and there is none
        assert "3 nanometres" in ask(http, "cedar", "secret")  # the same name, another conversation
    with readers.http(anna) as http:
        (turn,) = http.get("/v1/sessions/secret").json()
        assert "hazel" in turn["question"]


def test_a_revoked_key_is_refused_by_both_at_once(readers: Readers) -> None:
    key, text = readers.keys.add("carl")
    with readers.http(text) as http:
        assert [http.get("/v1/models").status_code for _ in readers.ports] == [200, 200]
        readers.keys.revoke(key.id)
        assert [http.get("/v1/models").status_code for _ in readers.ports] == [401, 401]


def test_one_killed_in_a_stream_is_an_error_to_retry_and_nothing_is_lost(
    readers: Readers, anna: str
) -> None:
    with readers.http(anna) as http:
        assert "5 nanometres" in ask(http, "elder", "killed")
        client = openai.OpenAI(
            base_url=f"{readers.balancer.address}/v1", api_key=anna, max_retries=0
        )

        def stream() -> openai.Stream[Any]:
            return client.chat.completions.create(
                model="arxiv-agent",
                messages=[{"role": "user", "content": "What is the tide of the fern basin?"}],
                stream=True,
                extra_body={"session": "killed"},
            )

        chunks = iter(stream())
        next(chunks)  # it has begun
        killed = readers.balancer.last
        readers.kill(killed)
        with pytest.raises((openai.APIConnectionError, httpx.TransportError)):
            list(chunks)
        client = openai.OpenAI(
            base_url=f"{readers.balancer.address}/v1", api_key=anna, max_retries=2
        )
        text = "".join(c.choices[0].delta.content or "" for c in stream() if c.choices)
        assert "6 nanometres" in text
        turns = http.get("/v1/sessions/killed").json()
        assert [turn["question"].split()[6] for turn in turns] == ["elder", "fern"]
        readers.start(killed)
        assert len(http.get("/v1/sessions/killed").json()) == 2


def test_a_job_of_a_killed_server_is_finished_by_the_other(readers: Readers, ben: str) -> None:
    with readers.http(ben) as http:
        asked = {"question": "tide; bread", "papers": [PONDS.arxiv_id, SOURDOUGH.arxiv_id]}
        id_ = http.post("/v1/jobs/table", json=asked).json()["id"]
        deadline = time.monotonic() + 60
        while http.get(f"/v1/jobs/{id_}").json()["done"] < 1 and time.monotonic() < deadline:
            time.sleep(0.1)
        runs = Databases(readers.folder, readers.url).on_postgres(JOBS)
        ((text,),) = runs.rows(
            "SELECT job FROM jobs WHERE owner = ? AND id = ?", readers.keys.user_of(ben), id_
        )
        pid = json.loads(text)["pid"]
        port = next(port for port, process in readers.processes.items() if process.pid == pid)
        readers.kill(port)
        assert http.get(f"/v1/jobs/{id_}").json()["status"] == "interrupted"
        assert ended(http, id_, 120)["status"] == "done"
        result = http.get(f"/v1/jobs/{id_}/result").json()
        assert result["columns"] == ["tide", "bread"]
        readers.start(port)


def test_postgresql_gone_and_back(readers: Readers, postgres_server: Postgres, anna: str) -> None:
    with readers.http(anna) as http:
        assert "9 nanometres" in ask(http, "iris", "kept")
        postgres_server.stop()
        try:
            refused = http.get("/v1/sessions")
            assert refused.status_code == 503
            assert refused.json()["error"]["code"] == "DatabaseUnavailable"
            assert refused.headers["retry-after"]
            assert "a-password" not in refused.text
        finally:
            postgres_server.start()
        for _ in readers.ports:
            assert [
                turn["question"].split()[6] for turn in http.get("/v1/sessions/kept").json()
            ] == ["iris"]
        assert "10 nanometres" in ask(http, "jasmine", "kept")
        asked = {"question": "tide", "papers": [PONDS.arxiv_id]}
        job = http.post("/v1/jobs/table", json=asked).json()
        assert ended(http, job["id"])["status"] == "done"
