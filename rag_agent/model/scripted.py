"""A test double of the language model: no weights, no server."""

import json
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Self

from pydantic import BaseModel

from ingestion.errors import ModelUnavailable
from rag_agent.model.client import LanguageModel, Message, OnToken


class ScriptedModel(LanguageModel):
    """Plays replies from a queue, in order, a word a piece. No weights, no server.

    Args:
        replies: Each a text, or a value whose JSON is the reply.
        seconds_a_piece: Pause before each piece, to test streaming and stopping.
    """

    __slots__ = ("prompts", "replies", "seconds_a_piece")

    def __init__(self, replies: Iterable[Any] = (), seconds_a_piece: float = 0.0) -> None:
        super().__init__(name="scripted")
        self.replies = list(replies)
        self.seconds_a_piece = seconds_a_piece
        self.prompts: list[list[Message]] = []

    def sampled(self, sample: int) -> Self:
        """Itself: its replies are set."""
        return self

    def until(self, deadline: float) -> Self:
        """Itself, with that deadline."""
        self.deadline = deadline
        return self

    def _pieces(
        self,
        messages: Sequence[Message],
        max_tokens: int,
        on_token: OnToken | None = None,
        **options: Any,
    ) -> Iterator[str]:
        self.prompts.append(list(messages))
        if not self.replies:
            raise ModelUnavailable("The scripted model has no reply left")
        reply = self.replies.pop(0)
        if callable(reply):
            reply = reply(messages)
        if isinstance(reply, Exception):
            raise reply
        text = reply if isinstance(reply, str) else json.dumps(_plain(reply), ensure_ascii=False)
        self.usage.prompt_tokens += sum(len(text.split()) for _, text in messages)
        for piece in re.findall(r"\s*\S+\s*?", text):
            time.sleep(self.seconds_a_piece)
            self.usage.completion_tokens += 1
            if on_token:
                on_token(piece, 0.0)
            yield piece


def _plain(value: Any) -> Any:
    return value.model_dump() if isinstance(value, BaseModel) else value
