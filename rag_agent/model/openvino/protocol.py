"""What a chat server reads and writes: OpenAI's chat completions, the part of it that this program uses.

ChatRequest      one request, checked
completion       a whole reply as one JSON value
chunk            one piece of a streamed reply
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from ingestion.errors import AgentError

_MOST_TOKENS = 4096  # of a reply that names no limit: a model that never ends is stopped here

Finish = Literal["stop", "length"]


class RefusedRequest(AgentError):
    """A request that is not answered. `code` is OpenAI's short name of the reason."""

    def __init__(self, message: str, code: str, next_step: str = "") -> None:
        super().__init__(message, next_step=next_step)
        self.code = code


@dataclass(frozen=True, slots=True)
class Token:
    """One generated token: its bytes, and the logarithm of the probability the model gave it."""

    raw: bytes
    logprob: float


@dataclass(frozen=True, slots=True)
class Piece:
    """What came since the last piece. `finish` stands in the last one."""

    text: str
    tokens: tuple[Token, ...] = ()
    finish: Finish | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """Tokens of a prompt, how many of them were not computed again, and of the reply."""

    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int


class _Part(BaseModel):
    type: Literal["text"]
    text: str


class _Message(BaseModel):
    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[_Part]


class _SchemaFormat(BaseModel):
    """The field is called `schema` in the protocol, a name that pydantic keeps for itself."""

    schema_: dict[str, Any] = Field(alias="schema")


class _Format(BaseModel):
    type: Literal["text", "json_object", "json_schema"] = "text"
    json_schema: _SchemaFormat | None = None


class _StreamOptions(BaseModel):
    include_usage: bool = False


class ChatRequest(BaseModel):
    """One request of the protocol; fields that are not listed are ignored, as other servers do."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    messages: list[_Message] = Field(min_length=1)
    max_tokens: int = Field(
        _MOST_TOKENS,
        ge=1,
        validation_alias=AliasChoices("max_completion_tokens", "max_tokens"),
    )
    temperature: float = Field(1.0, ge=0, le=2)
    top_p: float = Field(1.0, gt=0, le=1)
    seed: int | None = None
    stop: str | list[str] | None = None
    response_format: _Format = _Format()
    stream: bool = False
    stream_options: _StreamOptions = _StreamOptions()
    logprobs: bool = False

    @property
    def turns(self) -> list[dict[str, str]]:
        """The messages as the chat template takes them."""
        return [
            {"role": _template_role(m.role), "content": _text(m.content)} for m in self.messages
        ]

    @property
    def stops(self) -> tuple[str, ...]:
        """The texts at which the reply ends; they do not stand in it."""
        given = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return tuple(text for text in given if text)

    @property
    def json_schema(self) -> str:
        """The JSON schema that the reply must fit, as text; empty: any text."""
        if self.response_format.type == "text":
            return ""
        named = self.response_format.json_schema
        return json.dumps(named.schema_ if named else {"type": "object"})


def parse(body: bytes) -> ChatRequest:
    """The request in a body.

    Raises:
        RefusedRequest: It is not JSON, or a field is missing or out of range.
    """
    try:
        fields = {key: value for key, value in json.loads(body).items() if value is not None}
        return ChatRequest.model_validate(fields)
    except (ValueError, AttributeError) as error:
        raise RefusedRequest(_what_is_wrong(error), "invalid_request_error") from error


def completion(name: str, identity: str, pieces: Sequence[Piece], cost: Cost) -> dict[str, Any]:
    """A whole reply."""
    tokens = [token for piece in pieces for token in piece.tokens]
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": "".join(piece.text for piece in pieces)},
        "finish_reason": pieces[-1].finish,
        "logprobs": _logprobs(tokens),
    }
    head = _head(name, identity, "chat.completion")
    return {**head, "choices": [choice], "usage": usage(cost)}


def chunk(name: str, identity: str, piece: Piece) -> dict[str, Any]:
    """One piece of a streamed reply."""
    choice = {
        "index": 0,
        "delta": {"role": "assistant", "content": piece.text},
        "finish_reason": piece.finish,
        "logprobs": _logprobs(piece.tokens),
    }
    return {**_head(name, identity, "chat.completion.chunk"), "choices": [choice]}


def last_chunk(name: str, identity: str, cost: Cost) -> dict[str, Any]:
    """What ends a stream whose client asked for the cost."""
    head = _head(name, identity, "chat.completion.chunk")
    return {**head, "choices": [], "usage": usage(cost)}


def usage(cost: Cost) -> dict[str, Any]:
    """The cost in the protocol's words."""
    return {
        "prompt_tokens": cost.prompt_tokens,
        "completion_tokens": cost.completion_tokens,
        "total_tokens": cost.prompt_tokens + cost.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": cost.cached_tokens},
    }


def refusal(message: str, code: str) -> dict[str, Any]:
    """An error in the protocol's words."""
    return {"error": {"message": message, "type": code, "code": code}}


def _head(name: str, identity: str, kind: str) -> dict[str, Any]:
    return {"id": identity, "object": kind, "created": 0, "model": name}


def _logprobs(tokens: Sequence[Token]) -> dict[str, Any] | None:
    if not tokens:
        return None
    return {"content": [_logprob(token) for token in tokens]}


def _logprob(token: Token) -> dict[str, Any]:
    text = token.raw.decode(errors="replace")
    return {
        "token": text,
        "logprob": token.logprob,
        "bytes": list(token.raw),
        "top_logprobs": [],
    }


def _template_role(role: str) -> str:
    return "system" if role == "developer" else role  # OpenAI's newer name for it


def _text(content: str | list[_Part]) -> str:
    return content if isinstance(content, str) else "".join(part.text for part in content)


def _what_is_wrong(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return "The body is not a JSON object"
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}"
