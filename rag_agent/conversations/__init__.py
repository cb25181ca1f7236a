"""What is remembered between questions, and how it leaves the program."""

from rag_agent.conversations.memory import Remembered
from rag_agent.conversations.store import Conversations
from rag_agent.conversations.turn import Turn

__all__ = ["Conversations", "Remembered", "Turn"]
