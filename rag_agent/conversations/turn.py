"""One question of a conversation with its answer."""

from dataclasses import dataclass
from typing import Any, Literal

from ingestion.errors import AgentError
from rag_agent.answer import Answer

Rating = Literal["up", "down", ""]
SCHEMA = 1
"""Of a stored turn. 0 are turns from before it had a number; fields that came later have defaults."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A question, its answer, when it was asked (ISO time), and what the user thought of it."""

    question: str
    answer: Answer
    at: str = ""
    rating: Rating = ""

    def as_json(self) -> dict[str, Any]:
        """The object that `session export --json` prints; `from_json` reads it."""
        return {
            "schema": SCHEMA,
            "question": self.question,
            "answer": self.answer.as_json(),
            "at": self.at,
            "rating": self.rating,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Turn":
        """The turn that `as_json` wrote, in this schema or an earlier one.

        Raises:
            AgentError: A later version of the program wrote it.
        """
        if stored.get("schema", 0) > SCHEMA:
            raise AgentError(
                "This conversation was kept by a later version of the program",
                kept="It is untouched",
                next_step="Update arxiv-agent to read it",
            )
        answer = Answer.from_json(stored["answer"])
        return cls(stored["question"], answer, stored["at"], stored["rating"])
