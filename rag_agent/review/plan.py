"""A review's plan, made in code: sections of papers that are alike, in them groups of quotes that say alike."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ingestion.keywords import extract_keywords
from ingestion.paper import Paper
from ingestion.terms import terms
from rag_agent.grounding.evidence import Evidence

_PAPERS_A_SECTION = 5
_MOST_SECTIONS = 6
_ALIKE = 0.62  # two sentences this near say the same kind of thing (read off 40 pairs of abstracts)
_OF_A_GROUP = 3
_PHRASES = 10  # of a paper that may name its section
_WORDS = (0.5, 1.0, 1.1)  # weight of a phrase by its words: `relation` names no section
_OF_A_TITLE = 0.2  # added to the share of a phrase that authors thought worth a title


def sections_of(vectors: NDArray[np.float32]) -> list[list[int]]:
    """Papers by sections, the largest first, each in the order given (best first).

    Average linkage (Sokal and Michener 1958) down to a section for every five papers, six at most.

    Args:
        vectors: float32 (papers, dim), rows of norm 1.
    """
    wanted = min(_MOST_SECTIONS, max(1, round(len(vectors) / _PAPERS_A_SECTION)))
    alike = vectors @ vectors.T
    clusters = [[i] for i in range(len(vectors))]
    while len(clusters) > wanted:
        pairs = [
            (_linkage(alike, a, b), -len(a) - len(b), i, j)
            for i, a in enumerate(clusters)
            for j, b in enumerate(clusters[:i])
        ]
        _, _, i, j = max(pairs)
        clusters[j] = sorted(clusters[j] + clusters[i])
        del clusters[i]
    return sorted(clusters, key=lambda members: (-len(members), members[0]))


def _linkage(alike: NDArray[np.float32], a: Sequence[int], b: Sequence[int]) -> float:
    """Mean likeness, a little less for large clusters, so that none swallows the rest."""
    return float(alike[np.ix_(a, b)].mean()) - 0.01 * (len(a) + len(b))


def title_of(
    papers: Sequence[Paper], others: Sequence[Paper], topic: str, taken: Sequence[str]
) -> str:
    """A section's title: the phrase that sets its papers apart and that the topic does not already say.

    Args:
        papers: Of the section.
        others: The review's other papers.
        topic: Of the review.
        taken: Titles that are no longer free.
    """
    shown: dict[str, str] = {}
    known = set(terms(topic.split("\n")[0]))
    for paper in papers:
        for phrase in extract_keywords(paper.title, paper.abstract, _PHRASES):
            stems = " ".join(terms(phrase))
            if stems and not set(stems.split()) <= known:
                shown.setdefault(stems, phrase)
    here, elsewhere = (
        [f" {' '.join(terms(one.text))} " for one in some] for some in (papers, others)
    )
    titles = " | ".join(" ".join(terms(paper.title)) for paper in papers)

    def apart(stems: str) -> float:
        share = _share(stems, here) - _share(stems, elsewhere)
        length = min(len(stems.split()), len(_WORDS)) - 1
        return (share + _OF_A_TITLE * (stems in titles)) * _WORDS[length]

    for stems in sorted(shown, key=apart, reverse=True):
        phrase = shown[stems][:1].upper() + shown[stems][1:]
        if phrase not in taken:
            return phrase
    return papers[0].title[:80]


def _share(stems: str, texts: Sequence[str]) -> float:
    return sum(f" {stems} " in text for text in texts) / max(1, len(texts))


def groups_of(quotes: Sequence[Evidence]) -> list[list[Evidence]]:
    """Quotes of one section by what they say: each in one group, at most one of a paper in each.

    The first quote of every paper, its most telling one, opens a group or joins one that is near to it.
    """
    groups: list[list[Evidence]] = []
    for quote in quotes:
        near = [
            (float(quote.vector @ group[0].vector), place)
            for place, group in enumerate(groups)
            if len(group) < _OF_A_GROUP
            and all(quote.paper.arxiv_id != other.paper.arxiv_id for other in group)
        ]
        best, place = max(near, default=(0.0, -1))
        if best >= _ALIKE:
            groups[place].append(quote)
        else:
            groups.append([quote])
    return groups
