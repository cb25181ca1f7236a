"""The chat server with a backend that needs no weights: the protocol, two clients, and clients that leave."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

import httpx
import openai
import pytest

from rag_agent.model.openvino.engine import ChatEngine, Generated
from rag_agent.model.openvino.http_server import ChatServer
from rag_agent.model.openvino.protocol import ChatRequest, Finish, RefusedRequest

pytestmark = pytest.mark.long

TOKEN = "t0ken"
CONTEXT = 200


class FakeRunning:
    def __init__(self, reply: bytes, most: int) -> None:
        self.rest = list(reply)[:most]
        self.cut = len(reply) > most
        self.ready: list[int] = []
        self.cancelled = False

    def take(self) -> Generated:
        ids, self.ready = tuple(self.ready), []
        end: Finish = "length" if self.cut else "stop"
        over = self.cancelled or not self.rest
        return Generated(ids, (-0.5,) * len(ids), end if over and not self.cancelled else None)

    def cancel(self) -> None:
        self.cancelled = True


class FakeBackend:
    """A byte is a token. It repeats the last message, or writes what the schema asks for."""

    name = "fake"
    cache_blocks = 16

    def __init__(self) -> None:
        self.all: list[FakeRunning] = []
        self.steps = 0
        self.most_at_once = 0
        self.pause_s = 0.001
        self.fails = False

    def encode(self, turns: Sequence[dict[str, str]]) -> list[int]:
        return list("".join(turn["content"] for turn in turns).encode())

    def raw(self, token: int) -> bytes:
        return bytes([token])

    def start(self, prompt: list[int], max_tokens: int, request: ChatRequest) -> FakeRunning:
        reply = request.turns[-1]["content"].encode()
        if request.json_schema:
            schema = json.loads(request.json_schema)
            if "properties" not in schema:
                raise RefusedRequest("no grammar", "invalid_request_error")
            reply = json.dumps(dict.fromkeys(schema["properties"], 1)).encode()
        self.all.append(FakeRunning(reply, max_tokens))
        return self.all[-1]

    def step(self) -> None:
        time.sleep(self.pause_s)
        self.steps += 1
        if self.fails:
            raise RuntimeError("out of order")
        active = [one for one in self.all if one.rest and not one.cancelled]
        self.most_at_once = max(self.most_at_once, len(active))
        for one in active:
            one.ready.append(one.rest.pop(0))


@pytest.fixture
def backend() -> FakeBackend:
    return FakeBackend()


@pytest.fixture
def server(backend: FakeBackend) -> Iterator[ChatServer]:
    server = ChatServer(ChatEngine(backend, CONTEXT), TOKEN)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def url(server: ChatServer) -> str:
    return f"http://127.0.0.1:{server.port}"


@pytest.fixture
def client(url: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{url}/v1", api_key=TOKEN, max_retries=0)


def say(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def ask(client: openai.OpenAI, text: str, **fields: object) -> openai.types.chat.ChatCompletion:
    return client.chat.completions.create(model="fake", messages=say(text), **fields)  # type: ignore[call-overload]


def until(condition: Callable[[], bool], within_s: float = 1.0) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return False


def test_a_reply_with_its_cost(client: openai.OpenAI) -> None:
    reply = ask(client, "hello")
    assert reply.choices[0].message.content == "hello"
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage is not None
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (5, 5)


def test_a_stream_gives_whole_characters_and_the_cost_last(client: openai.OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(  # type: ignore[call-overload]
            model="fake",
            messages=say("né 你好"),
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    texts = [chunk.choices[0].delta.content or "" for chunk in chunks[:-1]]
    assert "".join(texts) == "né 你好"
    assert not any("\ufffd" in text for text in texts)
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None


@pytest.mark.parametrize("stop", ["wor", ["xx", "wor"]])
def test_a_stop_text_ends_the_reply_and_is_not_in_it(client: openai.OpenAI, stop: object) -> None:
    reply = ask(client, "hello world", stop=stop)
    assert reply.choices[0].message.content == "hello "
    assert reply.choices[0].finish_reason == "stop"


def test_the_beginning_of_a_stop_text_is_shown_once_it_is_none(client: openai.OpenAI) -> None:
    assert ask(client, "a wo", stop=["world"]).choices[0].message.content == "a wo"


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_the_limit_of_a_reply(client: openai.OpenAI, name: str) -> None:
    reply = ask(client, "hello", **{name: 2})
    assert reply.choices[0].message.content == "he"
    assert reply.choices[0].finish_reason == "length"


def test_a_reply_that_fits_a_schema(client: openai.OpenAI) -> None:
    schema = {"type": "object", "properties": {"kind": {"type": "integer"}}}
    form = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}
    reply = ask(client, "hello", response_format=form)
    assert json.loads(reply.choices[0].message.content or "") == {"kind": 1}


def test_log_probabilities(client: openai.OpenAI) -> None:
    reply = ask(client, "hi", logprobs=True)
    given = reply.choices[0].logprobs
    assert given is not None
    assert given.content is not None
    assert [(one.token, one.logprob) for one in given.content] == [("h", -0.5), ("i", -0.5)]


def test_the_second_time_the_prompt_is_cached(client: openai.OpenAI) -> None:
    ask(client, "x" * 80)
    again = ask(client, "x" * 80)
    assert again.usage is not None
    assert again.usage.prompt_tokens_details is not None
    assert again.usage.prompt_tokens_details.cached_tokens == 64  # two whole blocks of 32


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/models"])
def test_the_token_is_required(
    url: str, backend: FakeBackend, headers: dict[str, str], path: str
) -> None:
    method = "GET" if path.endswith("models") else "POST"
    answer = httpx.request(method, url + path, headers=headers, content=b"{}")
    assert answer.status_code == 401
    assert backend.all == []


def test_health_needs_no_token(url: str) -> None:
    assert httpx.get(f"{url}/health").json() == {"status": "ok"}


def test_the_model_is_listed(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["fake"]


def test_a_prompt_that_is_too_long_is_refused_with_both_lengths(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match=r"201 tokens.*200") as refusal:
        ask(client, "x" * 201)
    assert refusal.value.code == "exceed_context_size_error"


def test_a_reply_ends_where_the_context_does(client: openai.OpenAI) -> None:
    assert ask(client, "x" * 198).choices[0].message.content == "xx"


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"messages": []}', b'{"messages": [{"role": "user"}]}']
)
def test_what_is_no_request_is_refused(url: str, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = httpx.post(f"{url}/v1/chat/completions", content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid_request_error"


def test_a_schema_without_a_grammar_is_refused(client: openai.OpenAI) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "integer"}}}
    with pytest.raises(openai.BadRequestError, match="no grammar"):
        ask(client, "hello", response_format=form)


@pytest.mark.parametrize("stream", [True, False])
def test_an_abandoned_request_stops_within_a_second(
    url: str, backend: FakeBackend, stream: bool
) -> None:
    backend.pause_s = 0.02
    body = {"messages": say("x" * 100), "stream": stream}
    headers = {"Authorization": f"Bearer {TOKEN}"}
    address, patience = f"{url}/v1/chat/completions", httpx.Timeout(5, read=0.2)
    with (
        suppress(httpx.ReadTimeout),
        httpx.stream("POST", address, json=body, headers=headers, timeout=patience) as got,
    ):
        next(got.iter_lines())
    assert until(lambda: backend.all[0].cancelled)
    assert backend.all[0].rest  # it had not come to its end


def test_two_clients_are_answered_at_once(client: openai.OpenAI, backend: FakeBackend) -> None:
    backend.pause_s = 0.01
    texts = ["a" * 40, "b" * 40]
    replies: dict[str, str | None] = {}

    def one(text: str) -> None:
        replies[text] = ask(client, text).choices[0].message.content

    threads = [threading.Thread(target=one, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert replies == {text: text for text in texts}
    assert backend.most_at_once == 2


def test_a_failed_step_is_said_and_the_next_request_answered(
    client: openai.OpenAI, backend: FakeBackend
) -> None:
    backend.fails = True
    with pytest.raises(openai.InternalServerError, match="out of order"):
        ask(client, "hello")
    backend.fails = False
    assert ask(client, "hello").choices[0].message.content == "hello"


def test_without_requests_nothing_is_computed(client: openai.OpenAI, backend: FakeBackend) -> None:
    ask(client, "hello")
    steps = backend.steps
    time.sleep(0.1)
    assert backend.steps <= steps + 1
