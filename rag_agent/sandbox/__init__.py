"""Isolated runs of programs that nobody trusts: in namespaces of their own, with hard limits, or not at all."""

from rag_agent.sandbox.launcher import Sandbox
from rag_agent.sandbox.run import Outcome, Run

__all__ = ["Outcome", "Run", "Sandbox"]
