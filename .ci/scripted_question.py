"""One question to the installed package: no network, no weights, the model a script.

Run by `.ci/wheel` from an empty folder; fails if the answer does not rest on a verbatim quote.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import rag_agent
from ingestion.embedding.model import HashingEmbedder
from rag_agent.assistant import Assistant
from rag_agent.events import Answered
from rag_agent.model.client import Message, ScriptedModel
from rag_agent.settings import load_settings

QUESTION = "Which attention computes exact softmax attention with less memory traffic?"
PLAN = {
    "route": "research",
    "query": "exact softmax attention memory traffic",
    "keywords": ["attention", "memory traffic"],
    "paper": "",
    "sub_questions": [],
}


def first_sentence(messages: Sequence[Message]) -> dict[str, Any]:
    """A reply that answers with the first sentence it was shown."""
    shown = next(found for _, text in reversed(messages) if (found := re.search(r"^1\. (.+)$", text, re.M)))
    return {"answerable": True, "sentences": [1], "answer": shown[1]}


def main() -> None:
    """Ask, and check the answer."""
    assert "site-packages" in str(Path(rag_agent.__file__)), "the checkout was imported, not the wheel"
    model = ScriptedModel([PLAN, *[first_sentence] * 9])
    with TemporaryDirectory() as home:
        settings = load_settings(
            home=home,
            retrieval={"threshold": 0.1},
            agent={"rounds": 1, "read_papers": 0, "fetch": False},
        )
        assistant = Assistant(settings, models=lambda role: model, embedder=HashingEmbedder())
        *_, last = assistant.ask(QUESTION)
    assert isinstance(last, Answered), last
    citation = last.answer.claims[0].citations[0]
    assert citation.quote in citation.paper.text
    print(f"answered from {citation.paper.arxiv_id}: {citation.quote}")


if __name__ == "__main__":
    main()
