"""Answers that stand on quotes: the sentences to read, what is written from them, what its check leaves."""

from rag_agent.grounding.drafting import quote_claims, write_claims
from rag_agent.grounding.evidence import Evidence
from rag_agent.grounding.full_text import FullText
from rag_agent.grounding.keys import Keys

__all__ = ["Evidence", "FullText", "Keys", "quote_claims", "write_claims"]
