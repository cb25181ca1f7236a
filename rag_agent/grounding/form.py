"""The form in which a question wants its answer, decided in code: no call of a model is spent on it."""

import re

from ingestion.terms import terms
from rag_agent.prompts.reader import Form

_YES_NO = re.compile(
    r"(?:is|are|was|were|do|does|did|can|could|has|have|had|will|would|should|may|might)\b", re.I
)
# "How many" and its like ask for a number, every other "how" for an explanation.
_MEASURE = """accurate accurately big close deep expensive far fast frequently good great high large long low many
much often old quickly slow small strong tall well wide"""
_WHY = re.compile(r"\bwhy\b|\bexplain\b|\breasons?\b", re.I)
_EXPLAIN = re.compile(
    rf"^(?:compare|contrast)\b|\b(?:why|explain|describe|elaborate|in what way)\b"
    rf"|\bhow\b(?! (?:{'|'.join(_MEASURE.split())})\b)",
    re.I,
)
# What is asked for stands within a few words behind its question word.
_NAMED = re.compile(r"\b(?:what|which|name|list|give)((?: [\w-]+){1,6})", re.I)
_PLURAL = re.compile(r"(?!does|was|has|this)[a-z][\w-]+[^su']s")
_LEAD = re.compile(r"^[^,:?]{0,80}[,:] (?:and )?", re.I)
_ASKS = re.compile(
    r"\b(?:who|whom|whose|what|which|when|where|why|how|explain|describe|name|list|give|tell|compare)\b",
    re.I,
)


def form_of(question: str) -> Form:
    """`yes_no`, `explain` or `fact`.

    A question without a question word, such as a title that ends in a question mark, is to be decided.

    Args:
        question: English.
    """
    asked = _LEAD.sub("", question.strip(), count=1)
    bare = question.strip().endswith("?") and not _ASKS.search(question)
    if bare or _YES_NO.match(asked) or _YES_NO.match(question.strip()):
        return "yes_no"
    return "explain" if _EXPLAIN.search(question) else "fact"


def things_asked(question: str) -> frozenset[str]:
    """Stems of the things that a question asks for in the plural: `baselin` of `Which baselines are compared?`."""
    near = (word.lower() for match in _NAMED.finditer(question) for word in match[1].split())
    return frozenset(stem for word in near if _PLURAL.fullmatch(word) for stem in terms(word))


def asks_why(question: str) -> bool:
    """Whether a question asks for reasons."""
    return bool(_WHY.search(question))
