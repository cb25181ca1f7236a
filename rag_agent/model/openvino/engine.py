"""Generates replies for several requests at once, on one thread that owns the model.

Backend      what holds the weights: takes token ids, is stepped, gives token ids back
ChatEngine   feeds a backend, turns its tokens into text, ends what nobody waits for any more
Reply        one request's side of it
"""

import logging
import queue
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rag_agent.model.openvino.prefix_ledger import PrefixLedger
from rag_agent.model.openvino.protocol import (
    ChatRequest,
    Cost,
    Finish,
    Piece,
    RefusedRequest,
    Token,
)
from rag_agent.model.openvino.reply_text import ReplyText

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Generated:
    """Token ids since the last look with their log probabilities; `finish` once it has ended."""

    ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    finish: Finish | None


class Running(Protocol):
    """A request inside a backend."""

    def take(self) -> Generated:
        """What came since the last call."""

    def cancel(self) -> None:
        """End it at the next step."""


class Backend(Protocol):
    """Weights and tokenizer. All but `encode` and `raw` is called from one thread only."""

    name: str
    cache_blocks: int

    def encode(self, turns: Sequence[dict[str, str]]) -> list[int]:
        """The token ids of a conversation in the model's chat template."""

    def raw(self, token: int) -> bytes:
        """The bytes of a token; empty for those that only steer, such as the end of a turn."""

    def start(self, prompt: list[int], max_tokens: int, request: ChatRequest) -> Running:
        """Take a request in; raises RefusedRequest where it cannot be met."""

    def step(self) -> None:
        """Compute one batch."""


@dataclass(slots=True)
class Reply:
    """One request's reply while it is generated."""

    request: ChatRequest
    prompt: list[int]
    most: int
    text: ReplyText
    cached_tokens: int = 0
    ids: list[int] = field(default_factory=list)
    cancelled: threading.Event = field(default_factory=threading.Event)
    pieces: "queue.SimpleQueue[Piece | RefusedRequest]" = field(default_factory=queue.SimpleQueue)

    @property
    def cost(self) -> Cost:
        """Tokens so far."""
        return Cost(len(self.prompt), self.cached_tokens, len(self.ids))

    def next(self, timeout_s: float) -> Piece | None:
        """The next piece, or nothing within the time.

        Raises:
            RefusedRequest: The engine cannot go on with it.
        """
        try:
            piece = self.pieces.get(timeout=timeout_s)
        except queue.Empty:
            return None
        if isinstance(piece, RefusedRequest):
            raise piece
        return piece


class ChatEngine:
    """Replies to chat requests with one backend; its thread ends with the process.

    Args:
        backend: Weights and tokenizer.
        context_tokens: Most tokens of a prompt with its reply.
    """

    def __init__(self, backend: Backend, context_tokens: int) -> None:
        self.name = backend.name
        self.context_tokens = context_tokens
        self._backend = backend
        self._ledger = PrefixLedger(backend.cache_blocks)
        self._new: queue.SimpleQueue[Reply] = queue.SimpleQueue()
        self._running: list[tuple[Reply, Running]] = []
        threading.Thread(target=self._work, name="chat-engine", daemon=True).start()

    def submit(self, request: ChatRequest) -> Reply:
        """Queue a request; its reply comes in pieces.

        Raises:
            RefusedRequest: The prompt does not fit the context.
        """
        prompt = self._backend.encode(request.turns)
        room = self.context_tokens - len(prompt)
        if room < 1:
            raise RefusedRequest(
                f"The prompt has {len(prompt)} tokens, the model's context holds "
                f"{self.context_tokens} with the reply",
                "exceed_context_size_error",
                "Shorten the prompt, or set ARXIV_AGENT_READER__CONTEXT_TOKENS higher",
            )
        reply = Reply(request, prompt, min(request.max_tokens, room), ReplyText(request.stops))
        self._new.put(reply)
        return reply

    def _work(self) -> None:
        while True:
            self._take_in()
            try:
                self._step()
            except Exception as error:  # the process serves on: others wait for their replies
                log.exception("a step failed")
                self._give_up(error)

    def _take_in(self) -> None:
        """Start what is new; without work, wait for some."""
        while not self._running or not self._new.empty():
            reply = self._new.get()
            if reply.cancelled.is_set():
                continue
            reply.cached_tokens = self._ledger.cached_tokens(reply.prompt)
            try:
                running = self._backend.start(reply.prompt, reply.most, reply.request)
            except RefusedRequest as refusal:
                reply.pieces.put(refusal)
            else:
                self._running.append((reply, running))

    def _step(self) -> None:
        self._backend.step()
        self._running = [pair for pair in self._running if not self._has_ended(*pair)]

    def _has_ended(self, reply: Reply, running: Running) -> bool:
        """Hand on what came; whether that was the last."""
        got = running.take()
        piece = self._piece(reply, got)
        if piece.text or piece.tokens or piece.finish:
            reply.pieces.put(piece)
        abandoned = reply.cancelled.is_set()
        ended = piece.finish is not None or abandoned
        if ended and got.finish is None:
            running.cancel()  # dropped without this, the backend would compute it to its end
        if ended:
            self._ledger.note([*reply.prompt, *reply.ids])
        return ended

    def _piece(self, reply: Reply, got: Generated) -> Piece:
        text, tokens = "", []
        for token, logprob in zip(got.ids, got.logprobs, strict=True):
            if reply.text.stopped:
                break
            reply.ids.append(token)
            raw = self._backend.raw(token)
            text += reply.text.add(raw)
            if reply.request.logprobs and raw:
                tokens.append(Token(raw, logprob))
        finish: Finish | None = "stop" if reply.text.stopped else got.finish
        if finish is not None:
            text += reply.text.end()
        return Piece(text, tuple(tokens), finish)

    def _give_up(self, error: Exception) -> None:
        for reply, running in self._running:
            running.cancel()
            what = f"The model failed while it wrote: {str(error)[:200]}"
            reply.pieces.put(RefusedRequest(what, "server_error", "Ask again"))
        self._running = []
