"""Evidence made from single sentences, which the tests of answers share."""

from collections.abc import Iterator, Sequence
from typing import Any

from ingestion.embedding import HashingEmbedder
from ingestion.paper import Paper
from rag_agent.grounding.evidence import Evidence
from rag_agent.model.client import Message, OnToken
from rag_agent.model.scripted import ScriptedModel
from tests.papers import SOURDOUGH

PEAK = "The rate of bubble bursts peaks 5.2 hours after feeding at 24 degrees."
VIT = "ViT-Base reaches 77.9% on ImageNet with 3 GB of memory and does not need convolutions."
_EMBEDDER = HashingEmbedder(512)


def evidence(
    text: str, start: int = 0, *, paper: Paper = SOURDOUGH, page: int | None = 3, **changes: Any
) -> Evidence:
    """One sentence as evidence, with the score 1 and the cosine 0.5."""
    values: dict[str, Any] = {
        "reading": text,
        "passage": text,
        "score": 1.0,
        "cosine": 0.5,
        "vector": _EMBEDDER.encode([text])[0],
        **changes,
    }
    return Evidence(paper=paper, page=page, start=start, text=text, **values)


class Sure(ScriptedModel):
    """Says how sure it is of each reply: the log-probability of its tokens."""

    def __init__(self, replies: Sequence[str], logprobs: Sequence[float]) -> None:
        super().__init__(replies)
        self.logprobs = list(logprobs)

    def _pieces(
        self,
        messages: Sequence[Message],
        max_tokens: int,
        on_token: OnToken | None = None,
        **options: Any,
    ) -> Iterator[str]:
        logprob = self.logprobs.pop(0)
        for piece in super()._pieces(messages, max_tokens):
            if on_token:
                on_token(piece, logprob)
            yield piece
