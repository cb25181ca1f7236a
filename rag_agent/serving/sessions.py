"""Routes of conversations: a user's own, listed, read, forgotten."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from ingestion.errors import AgentError
from rag_agent.assistant import Assistant
from rag_agent.conversations import Conversations
from rag_agent.serving.access.user import User
from rag_agent.serving.results import AskResult


class SessionState(BaseModel):
    """A conversation without its turns."""

    name: str
    title: str
    turns: int
    updated: str = Field(description="ISO time of the last turn")


class TurnState(BaseModel):
    """A question of a conversation with its answer."""

    question: str
    at: str
    rating: str
    answer: AskResult


def add_to(routes: APIRouter, assistant: Assistant) -> None:
    """Add the routes. A name may hold any printable character, a slash too."""

    def of(user: str) -> Conversations:
        return assistant.of(user).conversations

    @routes.get("/sessions", tags=["chat"])
    def all_sessions(user: User) -> list[SessionState]:
        """Your conversations, the latest first."""
        return [
            SessionState(name=one.name, title=one.title, turns=one.turns, updated=one.updated)
            for one in of(user).sessions()
        ]

    @routes.get("/sessions/{name:path}", tags=["chat"])
    def one_session(name: str, user: User) -> list[TurnState]:
        """The turns of a conversation, oldest first."""
        turns = of(user).turns(name)
        if not turns:
            raise AgentError(
                f"There is no conversation {name[:80]!r}", next_step="GET /v1/sessions lists yours"
            )
        return [
            TurnState(
                question=turn.question,
                at=turn.at,
                rating=turn.rating,
                answer=AskResult.of(turn.answer),
            )
            for turn in turns
        ]

    @routes.delete("/sessions/{name:path}", tags=["chat"], status_code=204)
    def forget(name: str, user: User) -> None:
        """Forget a conversation for good."""
        of(user).delete(name)
