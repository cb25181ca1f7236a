"""Figures of the program at work for those who run it: spans and metrics, off unless a setting asks for them.

No text of a question, an answer, a paper or a key is ever part of them: names are of closed sets, all else is numbers.
"""

from rag_agent.telemetry.spans import Figures, span, watching

__all__ = ["Figures", "span", "watching"]
