"""Whether a query names a paper: then it is found, however far apart their embeddings are.

An embedding model does not know a name that is newer than itself: the query "RWKV" and the paper that
introduces it have a cosine of 0.467. A name is told by its rarity in the library: by how many papers have
the term (document frequency).
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Literal

from ingestion.paper import Paper
from ingestion.terms import terms

PassesBy = Literal["cosine", "title", "term", ""]
"""Why a hit passes: its cosine, a query that is its title, or that names it by rare terms; `""`: it does not."""

_LEAST_SHARED = 0.5  # of the query's terms: without it a rare word of a sentence lets a pun pass


def most_papers_with_rare_term(papers: int) -> int:
    """In how many papers of a library of this size a rare term stands, at most.

    5 and one in a thousand more; in a small library one in twenty, as there most words are in few papers.
    """
    return min(5 + papers // 1000, papers // 20)


def named_by(words: list[str], paper: Paper, is_rare: Callable[[str], bool]) -> PassesBy:
    """How a query names a paper, if it does.

    It is the paper's title; or it is one rare term, which stands in title or abstract; or all its rare terms
    stand in the title, and half of all its terms in title or abstract. A term that no paper has is rare, and
    stands nowhere, so a query with one names nothing. Numbers and single letters are no names.

    Args:
        words: Terms of the query (`ingestion.terms`), in order.
        paper: A paper that the query may name.
        is_rare: Whether few papers of the library have a term.
    """
    title, text = _terms_of(paper.title, paper.abstract)
    if words and tuple(words) == title:
        return "title"
    asked = set(words)
    names = {word for word in asked if len(word) > 1 and not word.isdecimal()}
    if not names & text or len(asked & text) < _LEAST_SHARED * len(asked):
        return ""
    rare = {word for word in names if is_rare(word)}
    named = rare <= (text if len(asked) == 1 else set(title))
    return "term" if rare and named else ""


@lru_cache(maxsize=8192)  # the next search finds many of the same papers; 0.3 ms a paper, 2 kB
def _terms_of(title: str, abstract: str) -> tuple[tuple[str, ...], frozenset[str]]:
    """The terms of the title, in order, and those of title and abstract."""
    named = tuple(terms(title))
    return named, frozenset((*named, *terms(abstract)))
