"""OpenAI's chat completions, answered from papers: sentences are streamed as they are checked, sources are annotations.

The fields are those of https://platform.openai.com/docs/api-reference/chat; `arxiv_agent` is our own, and holds
the answer with its quotes. What a client asks of sampling is ignored: the checks are the same for all.
"""

import itertools
import json
import secrets
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ingestion.errors import AgentError
from rag_agent.answer import Answer
from rag_agent.assistant import Assistant
from rag_agent.citation import Claim
from rag_agent.conversations.memory import Remembered
from rag_agent.conversations.turn import Turn
from rag_agent.events import Answered, ClaimWritten, Event, Failed, TextWritten
from rag_agent.serving.access.guard import error_body
from rag_agent.serving.operations import MOST_CHARACTERS
from rag_agent.serving.results import AskResult

MODEL = "arxiv-agent"
_MOST_MESSAGES = 200
_NOT_STATED = "The texts at hand do not say it."


class _Part(BaseModel):
    type: Literal["text"]
    text: str


class ChatMessage(BaseModel):
    """One message; those of the system are not followed, since answers come from papers alone."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[_Part] | None = None

    @property
    def text(self) -> str:
        """Its text."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content)
        return self.content or ""


class _StreamOptions(BaseModel):
    include_usage: bool = False


class ChatRequest(BaseModel):
    """A request; the last message is the question, those before it are its conversation."""

    model_config = ConfigDict(extra="ignore")

    messages: list[ChatMessage] = Field(min_length=1, max_length=_MOST_MESSAGES)
    model: str = MODEL
    stream: bool = False
    stream_options: _StreamOptions = _StreamOptions()
    paper: str = Field(
        "", max_length=100, description="Our own: id of the one paper to answer from"
    )
    session: str = Field(
        "",
        max_length=80,
        description="Our own: the conversation that the question belongs to and is kept in; "
        "the messages before the last are not read then",
    )

    @property
    def question(self) -> str:
        """What is asked.

        Raises:
            AgentError: The last message is not a user's, is empty, or too long.
        """
        last = self.messages[-1]
        if last.role != "user" or not last.text.strip():
            raise AgentError("The last message is no question", next_step="Send one of the user")
        if len(last.text) > MOST_CHARACTERS:
            raise AgentError(f"A question has at most {MOST_CHARACTERS} characters")
        return last.text.strip()

    @property
    def before(self) -> Remembered:
        """The conversation before the question, as far as it is questions with answers."""
        said = [message for message in self.messages[:-1] if message.role in ("user", "assistant")]
        turns = [
            _turn(asked.text, answered.text)
            for asked, answered in itertools.pairwise(said)
            if (asked.role, answered.role) == ("user", "assistant")
        ]
        return Remembered(tuple(turns))


def _turn(question: str, reply: str) -> Turn:
    return Turn(question, Answer(question, "en", True, reply=reply))


def asked(assistant: Assistant, request: ChatRequest, stopped: threading.Event) -> Iterator[Event]:
    """The events of a request's question."""
    return assistant.ask(
        request.question,
        session=request.session,
        paper=request.paper,
        before=request.before,
        stopped=stopped,
    )


async def whole(events: AsyncIterator[Event], request: ChatRequest) -> dict[str, Any]:
    """A reply as one JSON value.

    Raises:
        AgentError: The question could not be answered at all.
    """
    async for event in events:
        if isinstance(event, Failed):
            raise event.as_error()
        if isinstance(event, Answered):
            text, annotations = _text(event.answer), _annotations(event.answer)
            message = {"role": "assistant", "content": text, "annotations": annotations}
            choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
            return {
                **_head("chat.completion", _identity(), request.model),
                "choices": [choice],
                "usage": _usage(event.answer),
                "arxiv_agent": AskResult.of(event.answer).model_dump(),
            }
    raise AgentError("The question ended without an answer", next_step="Ask again")


async def pieces(events: AsyncIterator[Event], request: ChatRequest) -> AsyncIterator[str]:
    """A reply as server-sent events: each sentence once it is checked, then sources, then the end."""
    head = _head("chat.completion.chunk", _identity(), request.model)
    sent = ""
    yield _event({**head, "choices": [_delta({"role": "assistant", "content": ""})]})
    async for event in events:
        match event:
            case ClaimWritten() | TextWritten(channel="reply"):
                said = _sentence(event.claim) if isinstance(event, ClaimWritten) else event.text
                sent += (said := f" {said}" if sent and isinstance(event, ClaimWritten) else said)
                yield _event({**head, "choices": [_delta({"content": said})]})
            case Answered(answer=answer):
                for chunk in _last(head, answer, sent, request):
                    yield _event(chunk)
            case Failed():
                yield _event(error_body(str(event.as_error()), event.error, 500))
            case _:
                yield ": working\n\n"  # a comment, by which the connection stays open
    yield "data: [DONE]\n\n"


def _last(
    head: dict[str, Any], answer: Answer, sent: str, request: ChatRequest
) -> list[dict[str, Any]]:
    """What is left of the text, its sources, the end, and the cost where it is asked for."""
    text = _text(answer)
    rest = text[len(sent) :] if text.startswith(sent) else f"\n\n{text}"
    ours = {"arxiv_agent": AskResult.of(answer).model_dump()}
    chunks = [{**head, "choices": [_delta({"content": rest})]}] if rest else []
    sources = {"content": "", "annotations": _annotations(answer)}
    chunks.append({**head, "choices": [_delta(sources, "stop")], **ours})
    if request.stream_options.include_usage:
        chunks.append({**head, "choices": [], "usage": _usage(answer)})
    return chunks


def models() -> dict[str, Any]:
    """The list of models: the one way in which questions are answered."""
    model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "arxiv-rag-agent"}
    return {"object": "list", "data": [model]}


def _text(answer: Answer) -> str:
    return answer.text or _NOT_STATED


def _sentence(claim: Claim) -> str:
    return claim.text + "".join(f" [{citation.key}]" for citation in claim.citations)


def _annotations(answer: Answer) -> list[dict[str, Any]]:
    """A citation of a web page for each mark in the text, with the quote beside OpenAI's own fields."""
    text, at, found = _text(answer), 0, []
    marks = [citation for claim in answer.claims for citation in claim.citations]
    for citation in marks:
        mark = f"[{citation.key}]"
        at = text.find(mark, at)
        if at < 0:
            break
        found.append(
            {
                "type": "url_citation",
                "url_citation": {
                    "start_index": at,
                    "end_index": at + len(mark),
                    "title": citation.paper.title,
                    "url": citation.paper.url,
                    "quote": citation.quote,
                    "page": citation.page,
                },
            }
        )
        at += len(mark)
    return found


def _usage(answer: Answer) -> dict[str, int]:
    read, written = answer.tokens.prompt, answer.tokens.completion
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def _head(kind: str, identity: str, model: str) -> dict[str, Any]:
    return {"id": identity, "object": kind, "created": int(time.time()), "model": model}


def _delta(fields: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": fields, "finish_reason": finish, "logprobs": None}


def _event(value: dict[str, Any]) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"


def _identity() -> str:
    return f"chatcmpl-{secrets.token_hex(12)}"
