"""Every prompt, each of which settings can override by name."""

from rag_agent.prompts.coder import CoderPrompts
from rag_agent.prompts.reader import Form, Prompts

__all__ = ["CoderPrompts", "Form", "Prompts"]
