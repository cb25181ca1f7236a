"""The HTTP API as other programs see it: OpenAI's own client, plain requests, and requests that are refused."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

from rag_agent.assistant import Assistant
from rag_agent.serving.access.guard import guarded
from rag_agent.serving.access.hosts import names
from rag_agent.serving.api import api_app
from rag_agent.settings import ServeSettings
from tests.papers import PONDS, SOURDOUGH
from tests.rag_agent.serving.conftest import TOKEN, kettles, listening

pytestmark = pytest.mark.long

QUESTION = "What is the lunar tide of the garden pond?"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def guarded_api(assistant: Assistant, **limits: Any) -> Any:
    app = api_app(assistant)
    return guarded(app, TOKEN, ServeSettings(**limits), names("127.0.0.1", ()))


@pytest.fixture(scope="module")
def address(assistant: Assistant) -> Iterator[str]:
    with listening(guarded_api(assistant)) as address:
        yield address


@pytest.fixture
def http(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, headers=BEARER, timeout=60) as client:
        yield client


@pytest.fixture
def client(address: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{address}/v1", api_key=TOKEN, max_retries=0)


def test_openais_client_streams_an_answer_with_its_sources(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model="arxiv-agent",
        messages=[{"role": "user", "content": QUESTION}],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert "31 nanometres" in text
    last = next(chunk for chunk in chunks if chunk.choices and chunk.choices[0].finish_reason)
    (source,) = last.choices[0].delta.model_dump()["annotations"]
    cited = source["url_citation"]
    assert text[cited["start_index"] : cited["end_index"]] == "[1]"
    assert cited["url"] == PONDS.url
    assert cited["quote"] in PONDS.abstract
    assert chunks[-1].usage
    assert chunks[-1].usage.total_tokens > 0


def test_openais_client_gets_a_whole_answer(client: openai.OpenAI, assistant: Assistant) -> None:
    reply = client.chat.completions.create(
        model="any",
        messages=[
            {"role": "system", "content": "Be a pirate."},
            {"role": "user", "content": "What sings?"},
            {"role": "assistant", "content": "A kettle."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "At how many hertz does the kettle whistle sound?"}
                ],
            },
        ],
        extra_body={"paper": kettles(assistant)},
    )
    message = reply.choices[0].message
    assert "440 hertz" in str(message.content)
    assert message.annotations
    ours = reply.model_dump()["arxiv_agent"]
    assert ours["quotes"][0]["page"] == 1
    assert [model.id for model in client.models.list()] == ["arxiv-agent"]


def test_what_is_not_stated_is_said(client: openai.OpenAI) -> None:
    asked = "Which zebra won the marathon of the moon in a submarine?"
    reply = client.chat.completions.create(
        model="any", messages=[{"role": "user", "content": asked}]
    )
    assert reply.choices[0].message.content == "The texts at hand do not say it."
    assert reply.model_dump()["arxiv_agent"]["answered"] is False


@pytest.mark.parametrize("given", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}])
def test_without_the_token_it_is_refused(address: str, given: dict[str, str]) -> None:
    for method, path in (("POST", "/v1/ask"), ("GET", "/v1/jobs"), ("GET", "/nowhere")):
        refused = httpx.request(method, address + path, headers=given)
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "unauthorized")
    with pytest.raises(openai.AuthenticationError):
        openai.OpenAI(base_url=f"{address}/v1", api_key="wrong").models.list()


def test_under_another_name_it_is_refused(address: str) -> None:
    assert httpx.get(f"{address}/health", headers={"Host": "evil.example"}).status_code == 400


def test_every_operation_is_plain_json(http: httpx.Client, assistant: Assistant) -> None:
    def post(name: str, **body: Any) -> Any:
        answer = http.post(f"/v1/{name}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    assert post("search", query="garden pond")["papers"][0]["arxiv_id"] == PONDS.arxiv_id
    assert post("ask", question=QUESTION)["answered"]
    assert post("read", paper=kettles(assistant), page=1)["text"]
    checked = post("quote_check", sentence="A garden pond has tides.", paper=PONDS.arxiv_id)
    assert checked["carried"] != "not found"
    assert "@misc" in post("export", papers=[PONDS.arxiv_id])["text"]
    assert http.post("/v1/fetch", json={"keywords": "ponds"}).status_code == 502


@pytest.mark.parametrize(
    ("path", "body", "status", "told"),
    [
        ("ask", {}, 422, "question: Field required"),
        ("ask", {"question": "x" * 5000}, 422, "question: String should have at most 4000"),
        ("search", {"query": "x", "k": 1000}, 422, "k: Input should be less than or equal to 100"),
        ("export", {"papers": ["9901.00001"]}, 404, "has no paper 9901.00001"),
        ("read", {"paper": "9901.00001"}, 502, "cannot be reached"),
        ("chat/completions", {"messages": []}, 422, "messages: List should have at least 1"),
        ("chat/completions", {"messages": [{"role": "assistant", "content": "x"}]}, 400, "no question"),
    ],
)  # fmt: skip
def test_a_wrong_request_is_told_what_is_wrong(
    http: httpx.Client, path: str, body: Any, status: int, told: str
) -> None:
    answer = http.post(f"/v1/{path}", json=body)
    assert (answer.status_code, told in answer.json()["error"]["message"]) == (status, True), (
        answer.text
    )


def test_an_unforeseen_fault_is_told_in_the_form_of_the_other_errors(
    http: httpx.Client, assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise FileNotFoundError("/secret/folder")

    monkeypatch.setattr(assistant, "search", fails)
    answer = http.post("/v1/search", json={"query": "ponds"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_error")
    assert "FileNotFoundError" in answer.text
    assert "secret" not in answer.text


def test_the_page_that_describes_it_loads_nothing_from_elsewhere(address: str) -> None:
    page = httpx.get(f"{address}/docs").text
    assert "https://" not in page
    assert "http://" not in page
    for name in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png"):
        assert f"/docs/static/{name}" in page
        assert httpx.get(f"{address}/docs/static/{name}").status_code == 200
    described = httpx.get(f"{address}/openapi.json").json()
    assert "/v1/quote_check" in described["paths"]
    quote = described["components"]["schemas"]["Quote"]
    assert {"quote", "page", "arxiv_id"} <= quote["properties"].keys()


def test_size_rate_and_parallel_work_are_bounded(assistant: Assistant) -> None:
    app = guarded_api(assistant, max_body_kb=2, requests_per_minute=3)
    with listening(app) as address:
        large = httpx.post(f"{address}/v1/ask", headers=BEARER, content=iter([b"x" * 1500] * 3))
        assert (large.status_code, large.json()["error"]["code"]) == (413, "too_large")
        codes = [httpx.get(f"{address}/v1/models", headers=BEARER).status_code for _ in range(3)]
        assert codes == [200, 200, 429]
    app = guarded_api(assistant, parallel=1, waiting=0)
    with listening(app) as address:
        statuses: list[int] = []

        def ask() -> None:
            body = {"question": QUESTION}
            answer = httpx.post(f"{address}/v1/ask", headers=BEARER, json=body, timeout=60)
            statuses.append(answer.status_code)

        askers = [threading.Thread(target=ask) for _ in range(4)]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()
        assert set(statuses) == {200, 503}


def test_a_long_job_has_a_state_and_can_be_cancelled(http: httpx.Client) -> None:
    begun = http.post("/v1/jobs/table", json={"question": "tide", "papers": [PONDS.arxiv_id]})
    assert begun.status_code == 202
    job = begun.json()
    job = ended(http, job)
    assert job["status"] in ("done", "failed"), job
    assert job["id"] in [each["id"] for each in http.get("/v1/jobs").json()]
    assert http.delete(f"/v1/jobs/{job['id']}").status_code == 200
    assert http.get("/v1/jobs/none-0").status_code == 400
    result = http.get(f"/v1/jobs/{job['id']}/result").json()
    assert job["status"] == "failed" or result["columns"] == ["tide"]


def test_a_finished_review_is_given_as_a_document(http: httpx.Client) -> None:
    asked = {"topic": "Tides and bread", "papers": [PONDS.arxiv_id, SOURDOUGH.arxiv_id]}
    job = ended(http, http.post("/v1/jobs/review", json=asked).json())
    assert job["status"] == "done", job
    file = f"/v1/jobs/{job['id']}/file"
    written = http.get(file, params={"format": "markdown"})
    assert written.text.startswith("# Tides and bread")
    assert "garden pond" in written.text
    assert written.headers["content-disposition"] == 'attachment; filename="review.md"'
    assert r"\cite{" in http.get(file, params={"format": "latex"}).text
    assert "@misc{" in http.get(file, params={"format": "bibtex"}).text
    refused = http.get(file, params={"format": "xlsx"})
    assert (refused.status_code, "markdown" in refused.text) == (400, True)


def ended(http: httpx.Client, job: dict[str, Any]) -> dict[str, Any]:
    """A job once it has ended."""
    deadline = time.monotonic() + 60
    while job["status"] in ("waiting", "running") and time.monotonic() < deadline:
        time.sleep(0.05)
        job = http.get(f"/v1/jobs/{job['id']}").json()
    return job
