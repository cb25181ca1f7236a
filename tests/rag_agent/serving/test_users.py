"""Users of one server: their keys, conversations, jobs and rates; files that a job may ingest."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ingestion.store.owner import stop_owner
from rag_agent.assistant import Assistant
from rag_agent.serving.access.guard import guarded
from rag_agent.serving.access.hosts import names
from rag_agent.serving.access.keys import SCHEMA, Keys
from rag_agent.serving.api import api_app
from rag_agent.settings import ServeSettings
from tests.papers import PONDS
from tests.rag_agent.serving.conftest import TOKEN, listening
from tests.rag_agent.serving.test_api import QUESTION, ended
from tests.ui.scripted import scripted_assistant

pytestmark = pytest.mark.long

RECORD: dict[str, Any] = {
    "id": "2701.00042",
    "title": "Moss on roof tiles",
    "abstract": "We count the moss cushions on roof tiles over ten years and find that they double.",
    "categories": "q-bio.PE",
    "authors": "A. Roofer",
    "versions": [{"version": "v1", "created": "Mon, 4 Jan 2027 10:00:00 GMT"}],
}


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """One whose server takes files out of a folder."""
    folder = tmp_path_factory.mktemp("users")
    opened = scripted_assistant(folder / "home")
    serve = ServeSettings(incoming=folder / "incoming")
    opened.settings = opened.settings.model_copy(update={"serve": serve})
    (folder / "incoming").mkdir()
    yield opened
    stop_owner(folder / "home" / "library")


@pytest.fixture(scope="module")
def keys(assistant: Assistant) -> Keys:
    return Keys(assistant.databases.of(SCHEMA))


@pytest.fixture(scope="module")
def address(assistant: Assistant, keys: Keys) -> Iterator[str]:
    settings = assistant.settings.serve.model_copy(update={"requests_per_minute": 300})
    app = guarded(api_app(assistant), TOKEN, settings, names("127.0.0.1", ()), keys)
    with listening(app) as address:
        yield address


def client(address: str, key: str) -> httpx.Client:
    return httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=60)


def asked(http: httpx.Client, **more: Any) -> Any:
    body = {"messages": [{"role": "user", "content": QUESTION}], **more}
    answer = http.post("/v1/chat/completions", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_users_and_the_token_see_their_own_alone(address: str, keys: Keys) -> None:
    people = {TOKEN: "tokens", keys.add("anna")[1]: "annas", keys.add("ben")[1]: "bens"}
    for key, question in people.items():
        with client(address, key) as http:
            asked(http, session="ponds")
            body = {"question": question, "papers": [PONDS.arxiv_id]}
            ended(http, http.post("/v1/jobs/table", json=body).json())
    for key in people:
        with client(address, key) as http:
            (session,) = http.get("/v1/sessions").json()
            assert (session["title"], session["turns"]) == (QUESTION, 1)
            (job,) = http.get("/v1/jobs").json()
            result = http.get(f"/v1/jobs/{job['id']}/result").json()
            assert result["columns"] == [people[key]]
    with client(address, TOKEN) as http:
        assert http.delete("/v1/sessions/ponds").status_code == 204
        assert http.get("/v1/sessions/ponds").status_code == 400


def test_the_same_work_of_two_users_is_two_jobs(address: str, keys: Keys) -> None:
    body = {"question": "depth", "papers": [PONDS.arxiv_id]}
    first, second = (client(address, keys.add(user)[1]) for user in ("dora", "emil"))
    with first, second:
        begun = ended(first, first.post("/v1/jobs/table", json=body).json())
        assert second.get("/v1/jobs").json() == []
        assert second.post("/v1/jobs/table", json=body).json()["id"] == begun["id"]
        again = ended(second, second.get(f"/v1/jobs/{begun['id']}").json())
        assert again["status"] == begun["status"]
        assert second.post("/v1/table", json=body).status_code == 200


def test_a_session_remembers_what_a_question_means(address: str, keys: Keys) -> None:
    with client(address, keys.add("fay")[1]) as http:
        asked(http, session="tides")
        asked(http, session="tides")
        turns = http.get("/v1/sessions/tides").json()
        assert [turn["question"] for turn in turns] == [QUESTION, QUESTION]
        assert turns[0]["answer"]["quotes"][0]["quote"] in PONDS.abstract
        refused = http.post(
            "/v1/chat/completions",
            json={"messages": [{"role": "user", "content": "x"}], "session": "two\nlines"},
        )
        assert (refused.status_code, "printable" in refused.text) == (400, True)


def test_each_key_has_a_rate_of_its_own(assistant: Assistant, keys: Keys) -> None:
    limits = ServeSettings(requests_per_minute=2)
    app = guarded(api_app(assistant), TOKEN, limits, names("127.0.0.1", ()), keys)
    gus, hal = (keys.add(user)[1] for user in ("gus", "hal"))
    with listening(app) as address, client(address, gus) as http, client(address, hal) as other:
        assert [http.get("/v1/models").status_code for _ in range(3)] == [200, 200, 429]
        assert other.get("/v1/models").status_code == 200
        for wrong in ("ak-wrong", "Bearer", "x" * 5000):
            assert client(address, wrong).get("/v1/models").status_code == 401


def test_a_file_in_the_folder_is_ingested_as_a_job(address: str, assistant: Assistant) -> None:
    folder = assistant.settings.serve.incoming
    assert folder
    (folder / "new.jsonl").write_text(json.dumps(RECORD) + "\nno record\n")
    with client(address, TOKEN) as http:
        job = http.post("/v1/jobs/ingest", json={"files": ["new.jsonl"]}).json()
        assert ended(http, job)["status"] == "done"
        report = http.get(f"/v1/jobs/{job['id']}/result").json()["files"]["new.jsonl"]
        assert (report["read"], report["new"], report["rejected"]) == (2, 1, 1)
        assert assistant.library.get([RECORD["id"]])
        again = http.post("/v1/jobs/ingest", json={"files": ["new.jsonl"]}).json()
        assert (again["id"], again["status"]) == (job["id"], "done")
        (folder / "new.jsonl").write_text(json.dumps(RECORD) + "\n")
        changed = http.post("/v1/jobs/ingest", json={"files": ["new.jsonl"]}).json()
        assert changed["id"] != job["id"]
        refused = http.get(f"/v1/jobs/{job['id']}/file", params={"format": "csv"})
        assert (refused.status_code, "result" in refused.text) == (400, True)


@pytest.mark.parametrize(
    "name", ["none.jsonl", "../home/serve_token", "/etc/passwd", "a\0b", "link"]
)
def test_no_other_file_is_ingested(address: str, assistant: Assistant, name: str) -> None:
    folder = assistant.settings.serve.incoming
    assert folder
    if name == "link":
        (folder / name).symlink_to(Path("/etc/passwd"))
    with client(address, TOKEN) as http:
        refused = http.post("/v1/jobs/ingest", json={"files": [name]})
        assert (refused.status_code, "no file" in refused.text) == (400, True)


def test_without_a_folder_nothing_is_ingested(assistant: Assistant) -> None:
    plain = assistant.of("")
    plain.settings = assistant.settings.model_copy(update={"serve": ServeSettings()})
    app = guarded(api_app(plain), TOKEN, ServeSettings(), names("127.0.0.1", ()))
    with listening(app) as address, client(address, TOKEN) as http:
        refused = http.post("/v1/jobs/ingest", json={"files": ["x.jsonl"]})
        assert (refused.status_code, "INCOMING" in refused.text) == (400, True)
