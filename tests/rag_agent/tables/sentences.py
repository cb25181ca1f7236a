"""Sentences of a paper, and what a reader of a column makes of them."""

from collections.abc import Sequence

from ingestion.fulltext import Sentence
from rag_agent.tables.fixed_forms import Reader


def text(*texts: str) -> list[Sentence]:
    return [Sentence(one, 1, 0, len(one), one, "", "text", 0) for one in texts]


def value(reader: Reader, sentences: Sequence[Sentence], title: str = "A study") -> str:
    found = reader(sentences, title)
    return found.value if found else ""


def full_text(*texts: str) -> list[Sentence]:
    """The sentences among as many others as a whole paper has."""
    return [*text(*texts), *text(*["Nothing is said here."] * 40)]
