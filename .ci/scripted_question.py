"""One question to the installed package: no network, no weights, the model a script.

Run by `.ci/wheel` from an empty folder; fails if the answer does not rest on a verbatim quote.
"""

from tempfile import TemporaryDirectory

import rag_agent
from ingestion.embedding.hashing import HashingEmbedder
from rag_agent.assistant import Assistant
from rag_agent.events import Answered
from rag_agent.model.scripted import ScriptedModel
from rag_agent.settings import load_settings

QUESTION = "Which attention computes exact softmax attention with less memory traffic?"
SENTENCE = (
    "FlashAttention computes exact softmax attention while cutting the traffic between "
    "a GPU's large, slow memory and its small, fast on-chip memory."
)


def main() -> None:
    """Ask, and check the answer."""
    assert "site-packages" in rag_agent.__file__, "the checkout was imported, not the wheel"
    model = ScriptedModel([SENTENCE])
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
    assert citation.quote == SENTENCE
    print(f"answered from {citation.paper.arxiv_id}: {citation.quote}")


if __name__ == "__main__":
    main()
