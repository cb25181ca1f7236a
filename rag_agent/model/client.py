"""One client for any OpenAI-compatible chat server, the embedded llama.cpp included.

LanguageModel                   structured replies by JSON schema, streamed text, counted calls and tokens
└── scripted.ScriptedModel      a test double that plays queued replies
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, ValidationError

from ingestion.errors import InvalidReply, ModelUnavailable, OutOfTime
from rag_agent.telemetry import span

Message = tuple[Literal["system", "user", "assistant"], str]
Role = Literal["reader", "coder"]
Schema = TypeVar("Schema", bound=BaseModel)
OnToken = Callable[[str, float], None]
_CONNECT_TIMEOUT_S = 5.0
_LEAST_WAIT_S = 0.1


@dataclass(slots=True)
class Usage:
    """What one question has cost so far; `seconds` is wall time spent waiting for the model."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    seconds: float = 0.0


# Between the best for one program, 0.2, and for a hundred, 0.8 (Chen et al. 2021, arXiv:2107.03374, figure 5).
_TEMPERATURE = 0.4


@dataclass(slots=True)
class LanguageModel:
    """A model in one role, for one question: cheap to make, its usage is that question's.

    Args:
        name: Model name, shown with answers.
        base_url: Of the server, with `/v1`.
        api_key: Of the server.
        timeout_s: Longest wait for one piece of a reply.
        extra_body: Further fields of each request, such as llama.cpp's `lora`.
        on_use: Called at each request and each piece of a reply.
        on_piece: Called at each piece of a reply; what it raises ends the reply.
        usage: Counts of this object's calls.
        sample: 0 for the surest reply; any other number is the seed of replies drawn at random.
        deadline: `time.perf_counter()` seconds at which a reply ends, done or not.
    """

    name: str
    base_url: str = ""
    api_key: str = ""
    timeout_s: float = 180.0
    extra_body: dict[str, Any] = field(default_factory=dict)
    on_use: Callable[[], None] = lambda: None
    on_piece: Callable[[], None] = lambda: None
    usage: Usage = field(default_factory=Usage)
    sample: int = 0
    deadline: float = math.inf

    def structured(
        self,
        messages: Sequence[Message],
        schema: type[Schema],
        max_tokens: int,
        on_partial: Callable[[dict[str, Any]], None] = lambda partial: None,
    ) -> Schema:
        """A reply that fits `schema`; one that does not goes back once with its error.

        Args:
            messages: The prompt. What stays the same between calls stands first: servers cache prefixes.
            schema: Every string and list in it needs a maximum, or a small model runs to the limit.
            max_tokens: Limit of the reply.
            on_partial: Shown the JSON object so far while the reply streams. What it raises ends the call.

        Raises:
            InvalidReply: Also the second reply does not fit.
            ModelUnavailable: No server answers, or it refuses.
            OutOfTime: The deadline passed.
        """
        reply = ""
        prompt = list(messages)
        for _ in range(2):
            reply = self._complete(prompt, schema, max_tokens, on_partial)
            try:
                return schema.model_validate_json(_json_of(reply))
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(str(part) for part in first["loc"])
                prompt = [
                    *messages,
                    ("assistant", reply[:500]),
                    ("user", f"Invalid: {where} {first['msg']}. Reply again, JSON only."),
                ]
        raise InvalidReply(
            f"The model {self.name} replied twice with something else than was asked for: {reply[:80]!r}",
            next_step="Try again, or choose a larger model (ARXIV_AGENT_READER__MODEL)",
        )

    def stream(
        self,
        messages: Sequence[Message],
        max_tokens: int,
        stop: Sequence[str] = (),
        on_token: OnToken | None = None,
    ) -> Iterator[str]:
        """The reply as text, piece by piece.

        Args:
            messages: The prompt.
            max_tokens: Limit of the reply.
            stop: Texts that end it.
            on_token: Told of each token and its natural log-probability, where the server gives them.

        Raises:
            ModelUnavailable: No server answers, or it refuses.
            OutOfTime: The deadline passed; the pieces until then were given.
        """
        options = {"stop": list(stop) or None, "logprobs": True if on_token else None}
        yield from self._counted(self._pieces(messages, max_tokens, on_token, **options))

    def sampled(self, sample: int) -> Self:
        """The same model on the same account, whose replies are those of another `sample`."""
        return replace(self, sample=sample)

    def until(self, deadline: float) -> Self:
        """The same model on the same account, whose replies end at a deadline, `time.perf_counter()` seconds."""
        return replace(self, deadline=deadline)

    def _complete(
        self,
        messages: Sequence[Message],
        schema: type[BaseModel],
        max_tokens: int,
        on_partial: Callable[[dict[str, Any]], None],
    ) -> str:
        from langchain_core.utils.json import parse_partial_json

        response_format = {
            "type": "json_schema",
            "json_schema": {"name": schema.__name__, "schema": schema.model_json_schema()},
        }
        reply = ""
        for piece in self._counted(
            self._pieces(messages, max_tokens, response_format=response_format)
        ):
            reply += piece
            try:
                partial = parse_partial_json(reply)
            except ValueError:
                continue  # not yet an object
            if isinstance(partial, dict):
                on_partial(partial)
        return reply

    def _counted(self, pieces: Iterator[str]) -> Iterator[str]:
        """The pieces, with the time waited for them on the account; closed when the caller stops."""
        self._keep_time()
        self.usage.calls += 1
        self.on_use()
        read, written = self.usage.prompt_tokens, self.usage.completion_tokens
        with span("model", holds=False) as figures:
            started = time.perf_counter()
            try:
                for piece in pieces:
                    self.usage.seconds += time.perf_counter() - started
                    self._keep_time()
                    self.on_use()  # a server that is answering is in use, however long it takes
                    self.on_piece()
                    yield piece
                    started = time.perf_counter()
                self.usage.seconds += time.perf_counter() - started
            finally:
                close = getattr(pieces, "close", None)
                if close is not None:
                    close()
                figures["prompt_tokens"] = self.usage.prompt_tokens - read
                figures["completion_tokens"] = self.usage.completion_tokens - written

    def _keep_time(self) -> None:
        if time.perf_counter() >= self.deadline:
            raise OutOfTime("The time for this question is spent")

    def _pieces(
        self,
        messages: Sequence[Message],
        max_tokens: int,
        on_token: OnToken | None = None,
        **options: Any,
    ) -> Iterator[str]:
        import openai

        client, is_whole = self.chat_model(max_tokens), False
        options = {key: value for key, value in options.items() if value is not None}
        try:
            for chunk in client.stream(list(messages), **options):
                self.count(chunk, calls=0)
                is_whole = is_whole or bool(chunk.response_metadata.get("finish_reason"))
                if on_token:
                    for token in _tokens(chunk):
                        on_token(token["token"], float(token["logprob"]))
                if chunk.text:
                    yield str(chunk.text)
        # The last two: what is not the protocol's fails inside the client, a web page or a stream without a word.
        except (openai.OpenAIError, ValueError, AssertionError) as error:
            self._keep_time()
            raise ModelUnavailable(
                f"The model server at {self.base_url} failed: {str(error)[:200]}",
                next_step="Check that it runs, or clear ARXIV_AGENT_READER__BASE_URL for the embedded model",
            ) from error
        if not is_whole:  # where a reply ends with its connection, this is all that tells
            raise ModelUnavailable(
                f"The model server at {self.base_url} left off in the middle of a reply",
                next_step="Check that it runs, then ask again",
            )

    def chat_model(self, max_tokens: int) -> Any:
        """The LangChain chat model behind this one, for what needs its whole interface."""
        from langchain_openai import ChatOpenAI

        return ChatOpenAI(
            model=self.name,
            base_url=self.base_url,
            api_key=self.api_key or "none",
            temperature=_TEMPERATURE if self.sample else 0,
            seed=self.sample or None,
            max_completion_tokens=max_tokens,
            timeout=(_CONNECT_TIMEOUT_S, self._patience_s()),
            max_retries=0,
            stream_usage=True,
            extra_body=self.extra_body or None,
        )

    def _patience_s(self) -> float:
        """How long one piece of a reply is waited for."""
        return min(self.timeout_s, max(_LEAST_WAIT_S, self.deadline - time.perf_counter()))

    def count(self, message: Any, calls: int = 1) -> None:
        """Put a message's tokens, if it says any, on the account."""
        usage = getattr(message, "usage_metadata", None)
        if not usage:
            return
        self.usage.calls += calls
        self.usage.prompt_tokens += usage["input_tokens"]
        self.usage.completion_tokens += usage["output_tokens"]
        self.usage.cached_tokens += (usage.get("input_token_details") or {}).get("cache_read") or 0


def load_client() -> None:
    """Import the client library now, about a second, for instance while a server starts."""
    import langchain_openai  # noqa: F401


def _tokens(chunk: Any) -> list[dict[str, Any]]:
    """The tokens of a piece with their log-probabilities; none where the server does not give them."""
    return list((chunk.response_metadata.get("logprobs") or {}).get("content") or [])


def _json_of(reply: str) -> str:
    """The JSON object in a reply; servers that ignore the schema may put it into a code fence."""
    start, end = reply.find("{"), reply.rfind("}")
    return reply[start : end + 1] if 0 <= start < end else reply
