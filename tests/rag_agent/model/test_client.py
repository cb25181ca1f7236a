"""The client against a server that plays an OpenAI-compatible one, and (slow) the embedded model."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from ingestion.errors import InvalidReply, ModelUnavailable, OutOfTime
from rag_agent.model import llama_server
from rag_agent.model.client import LanguageModel, Message
from rag_agent.model.opening import open_model
from rag_agent.model.scripted import ScriptedModel
from rag_agent.settings import load_settings

PROMPT: list[Message] = [("system", "Name a colour."), ("user", "The sky?")]


class Colour(BaseModel):
    colour: Literal["blue", "red"]
    share: int = Field(ge=0, le=100)


class Server:
    """Replies in turn, as server-sent events; remembers what was asked."""

    def __init__(self, http: HTTPServer) -> None:
        self.replies: list[Any] = []
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str] = []
        http.expect_request("/v1/chat/completions", method="POST").respond_with_handler(self.reply)
        self.url = http.url_for("/v1")

    def reply(self, request: Request) -> Response:
        self.asked.append(request.get_json())
        self.keys.append(request.headers.get("Authorization", ""))
        reply = self.replies.pop(0)
        if isinstance(reply, Response):
            return reply
        if isinstance(reply, float):
            time.sleep(reply)
            reply = "late"
        return Response(_events(reply), content_type="text/event-stream")


def _events(text: str) -> Iterator[str]:
    yield _event(choices=[{"index": 0, "delta": {"role": "assistant", "content": ""}}])
    for start in range(0, len(text), 7):
        yield _event(choices=[{"index": 0, "delta": {"content": text[start : start + 7]}}])
    yield _event(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])
    usage = {
        "prompt_tokens": 40,
        "completion_tokens": 9,
        "total_tokens": 49,
        "prompt_tokens_details": {"cached_tokens": 30},
    }
    yield _event(choices=[], usage=usage)
    yield "data: [DONE]\n\n"


def _event(**fields: Any) -> str:
    common = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m"}
    return f"data: {json.dumps({**common, **fields})}\n\n"


@pytest.fixture
def server(httpserver: HTTPServer) -> Server:
    return Server(httpserver)


@pytest.fixture
def model(server: Server) -> LanguageModel:
    return LanguageModel(name="m", base_url=server.url, api_key="key", timeout_s=20.0)


def test_a_valid_reply_is_parsed_and_counted(server: Server, model: LanguageModel) -> None:
    server.replies = ['{"colour": "blue", "share": 90}']
    partials: list[dict[str, Any]] = []
    assert model.structured(PROMPT, Colour, 50, partials.append) == Colour(colour="blue", share=90)
    (asked,) = server.asked
    assert asked["response_format"]["type"] == "json_schema"
    assert (
        asked["response_format"]["json_schema"]["schema"]["properties"]["share"]["maximum"] == 100
    )
    assert asked["temperature"] == 0
    assert 50 in (asked.get("max_tokens"), asked.get("max_completion_tokens"))
    assert [message["content"] for message in asked["messages"]] == ["Name a colour.", "The sky?"]
    assert server.keys == ["Bearer key"]
    usage = model.usage
    assert (usage.calls, usage.prompt_tokens, usage.completion_tokens) == (1, 40, 9)
    assert usage.cached_tokens == 30
    assert usage.seconds > 0
    assert partials[-1] == {"colour": "blue", "share": 90}
    assert len(partials) > 1


def test_an_invalid_reply_goes_back_once_with_its_error(
    server: Server, model: LanguageModel
) -> None:
    server.replies = [
        '{"colour": "blue", "share": 900}',
        '```json\n{"colour": "red", "share": 1}\n```',
    ]
    assert model.structured(PROMPT, Colour, 50).colour == "red"
    repair = server.asked[1]["messages"]
    assert [message["role"] for message in repair] == ["system", "user", "assistant", "user"]
    assert repair[2]["content"] == '{"colour": "blue", "share": 900}'
    assert "share" in repair[3]["content"]
    assert model.usage.calls == 2


def test_two_invalid_replies_are_an_error_that_shows_the_reply(
    server: Server, model: LanguageModel
) -> None:
    server.replies = ["green", '{"colour": "green"}']
    with pytest.raises(InvalidReply, match="green"):
        model.structured(PROMPT, Colour, 50)
    assert len(server.asked) == 2


@pytest.mark.parametrize("status", [400, 401, 429, 500, 503])
def test_a_refusal_is_told_and_not_repeated(
    server: Server, model: LanguageModel, status: int
) -> None:
    server.replies = [Response('{"error": {"message": "out of memory"}}', status)]
    with pytest.raises(ModelUnavailable, match=r"127\.0\.0\.1|localhost") as caught:
        model.structured(PROMPT, Colour, 50)
    assert "ARXIV_AGENT_READER__BASE_URL" in str(caught.value)
    assert "key" not in caught.value.what.lower().replace("api_key", "")
    assert len(server.asked) == 1


def test_nobody_listening(model: LanguageModel) -> None:
    model.base_url = "http://127.0.0.1:9/v1"
    started = time.monotonic()
    with pytest.raises(ModelUnavailable, match=r"127\.0\.0\.1:9"):
        "".join(model.stream(PROMPT, 10))
    assert time.monotonic() - started < 10


def test_a_server_that_hangs_is_given_up(server: Server, model: LanguageModel) -> None:
    model.timeout_s = 0.3
    server.replies = [2.0]
    started = time.monotonic()
    with pytest.raises(ModelUnavailable):
        model.structured(PROMPT, Colour, 50)
    assert time.monotonic() - started < 10


def test_a_server_that_hangs_is_left_at_the_deadline() -> None:
    with socket.create_server(("localhost", 0)) as silent:
        model = LanguageModel("mute", f"http://localhost:{silent.getsockname()[1]}/v1")
        started = time.perf_counter()
        with pytest.raises(OutOfTime):
            list(model.until(started + 0.3).stream(PROMPT, 50))
    assert time.perf_counter() - started < model.timeout_s / 2


def test_a_reply_cut_off_is_no_silent_success(server: Server, model: LanguageModel) -> None:
    server.replies = ['{"colour": "blu', '{"colour": "blu']
    with pytest.raises(InvalidReply):
        model.structured(PROMPT, Colour, 50)


def test_a_server_that_answers_with_a_web_page(server: Server, model: LanguageModel) -> None:
    server.replies = [Response("<html>Welcome</html>", content_type="text/html")] * 2
    with pytest.raises((InvalidReply, ModelUnavailable)):
        model.structured(PROMPT, Colour, 50)


@pytest.mark.parametrize("framing", [b"Transfer-Encoding: chunked", b"Connection: close"])
def test_a_server_that_dies_while_it_replies(model: LanguageModel, framing: bytes) -> None:
    """Also where its end of the connection is all that would tell."""
    (first, second, *_) = _events("The sky is blue.")
    body = f"{first}{second}".encode()
    if b"chunked" in framing:
        body = b"%x\r\n%s\r\n" % (len(body), body)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" + framing + b"\r\n\r\n"
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def reply_and_die() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(head + body)

        threading.Thread(target=reply_and_die, daemon=True).start()
        model.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        pieces = model.stream(PROMPT, 20)
        assert next(pieces) == "The sky"
        with pytest.raises(ModelUnavailable):
            list(pieces)


def test_a_server_that_dies_before_its_first_word(server: Server, model: LanguageModel) -> None:
    """The client library has an error of its own for that, which is none of OpenAI's."""
    server.replies = [Response("", content_type="text/event-stream")]
    with pytest.raises(ModelUnavailable, match="failed"):
        list(model.stream(PROMPT, 20))


def test_text_comes_piece_by_piece_with_its_stop_words(
    server: Server, model: LanguageModel
) -> None:
    server.replies = ["The sky is blue."]
    pieces = list(model.stream(PROMPT, 20, stop=("###",)))
    assert "".join(pieces) == "The sky is blue."
    assert len(pieces) > 1
    assert server.asked[0]["stop"] == ["###"]


def test_further_fields_reach_the_server(server: Server, model: LanguageModel) -> None:
    model.extra_body = {"lora": [{"id": 0, "scale": 0.5}]}
    server.replies = ["ok"]
    assert list(model.stream(PROMPT, 5)) == ["ok"]
    assert server.asked[0]["lora"] == [{"id": 0, "scale": 0.5}]


def test_roles_name_their_models(home: Path) -> None:
    settings = load_settings(
        reader={"base_url": "http://127.0.0.1:1/v1", "model": "big"},
        coder={"adapter": "tuned", "api_key": "secret", "base_url": "http://127.0.0.1:2/v1"},
    )
    reader, coder = open_model("reader", settings), open_model("coder", settings)
    assert (reader.name, reader.base_url) == ("big", "http://127.0.0.1:1/v1")
    assert (coder.name, coder.base_url, coder.api_key) == (
        "tuned",
        "http://127.0.0.1:2/v1",
        "secret",
    )
    assert "secret" not in repr(settings)


def test_no_model_says_how_to_set_one(home: Path) -> None:
    with pytest.raises(ModelUnavailable, match="ARXIV_AGENT_READER__MODEL"):
        open_model("reader", load_settings(reader={"model": "none"}))


def test_the_double_plays_its_queue() -> None:
    model = ScriptedModel(
        ['{"colour": "blue", "share": 1}', Colour(colour="red", share=2), "a b  c"]
    )
    assert model.structured(PROMPT, Colour, 9).colour == "blue"
    assert model.structured(PROMPT, Colour, 9).share == 2
    assert list(model.stream(PROMPT, 9)) == ["a", " b", "  c"]
    assert len(model.prompts) == model.usage.calls == 3
    with pytest.raises(ModelUnavailable):
        list(model.stream(PROMPT, 9))


def test_tokens_are_told_with_their_log_probabilities(server: Server) -> None:
    def pieces() -> Iterator[str]:
        told = {"content": [{"token": "blue", "logprob": -0.25, "bytes": None, "top_logprobs": []}]}
        yield _event(choices=[{"index": 0, "delta": {"content": "blue"}, "logprobs": told}])
        yield _event(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])
        yield "data: [DONE]\n\n"

    server.replies = [Response(pieces(), content_type="text/event-stream"), "blue"]
    heard: list[tuple[str, float]] = []
    model = LanguageModel("m", server.url)
    assert list(model.stream(PROMPT, 5, on_token=lambda *token: heard.append(token))) == ["blue"]
    assert heard == [("blue", -0.25)]
    assert server.asked[-1]["logprobs"] is True
    list(model.stream(PROMPT, 5))
    assert "logprobs" not in server.asked[-1]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ["qwen2.5-coder-0.5b-instruct", "qwen2.5-coder-1.5b-instruct"])
def test_the_embedded_model_answers_within_its_schema(
    real_home: Path, tmp_path: Path, name: str
) -> None:
    weights = sorted((real_home / "weights" / name).glob("*.gguf"))
    if not weights:
        pytest.skip(f"needs {name} in the data folder that ARXIV_AGENT_TEST_HOME names")
    settings = load_settings(home=tmp_path / "home", reader={"model": str(weights[0])})
    try:
        model = open_model("reader", settings)
        reply = model.structured(
            [("user", "Which colour is the clear sky? Reply in JSON.")], Colour, 40
        )
        assert reply.colour == "blue"
        assert model.usage.prompt_tokens > 0
        told: list[tuple[str, float]] = []
        hello = model.stream([("user", "Say hello.")], 12, on_token=lambda *t: told.append(t))
        assert "".join(hello).strip()
        assert told, "the embedded engines tell how sure they are"
        assert all(logprob <= 0 for _, logprob in told)
        again = open_model("reader", settings)
        assert again.base_url == model.base_url
        again.api_key = "wrong"
        with pytest.raises(ModelUnavailable):
            list(again.stream([("user", "Say hello.")], 5))
    finally:
        llama_server.stop_all(settings.home)
