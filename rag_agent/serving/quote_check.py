"""Whether a sentence somebody else wrote is carried by a paper, and where."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ingestion.embedding import Embedder
from rag_agent.citation import Citation, Hit
from rag_agent.grounding.attribution import attributed
from rag_agent.grounding.evidence import Evidence, abstract_evidence
from rag_agent.grounding.keys import Keys
from rag_agent.grounding.open_paper import OpenPaper

_SHOWN = 12  # sentences looked at, as many as a model is shown of one paper
_NEAREST = 3

Carried = Literal["verbatim", "carried", "not found"]


@dataclass(frozen=True, slots=True)
class QuoteCheck:
    """What a paper says to a sentence.

    Args:
        sentence: As given.
        carried: `verbatim`: it stands there; `carried`: numbers, names, negation, direction and most words of
            it are those of the quotes; `not found`: no sentence of the paper carries it.
        quotes: What carries it.
        nearest: Where nothing does: the sentences that come nearest.
        looked_in: What of the paper was at hand.
    """

    sentence: str
    carried: Carried
    quotes: tuple[Citation, ...]
    nearest: tuple[Citation, ...]
    looked_in: Literal["full text", "abstract"]


def quote_check(
    sentence: str, abstract: Hit, opened: OpenPaper | None, embedder: Embedder
) -> QuoteCheck:
    """Hold one English sentence against a paper.

    Args:
        sentence: Without citation marks.
        abstract: The paper's record.
        opened: Its full text; None where it is not at hand.
        embedder: Finds the sentences to look at.
    """
    shown = abstract_evidence(sentence, [abstract], embedder, _SHOWN)
    shown += opened.best_sentences(sentence, _SHOWN) if opened else []
    keys = Keys()
    if stands := [evidence for evidence in shown if _folded(sentence) in _folded(evidence.text)]:
        return _checked(sentence, "verbatim", (keys.cite(stands[0], 1.0),), (), opened)
    claim = attributed(sentence, "", shown, embedder, keys)
    if claim is not None:
        return _checked(sentence, "carried", claim.citations, (), opened)
    nearest = sorted(shown, key=lambda evidence: -evidence.cosine)[:_NEAREST]
    return _checked(sentence, "not found", (), _cited(nearest), opened)


def _checked(
    sentence: str,
    carried: Carried,
    quotes: tuple[Citation, ...],
    nearest: tuple[Citation, ...],
    opened: OpenPaper | None,
) -> QuoteCheck:
    return QuoteCheck(sentence, carried, quotes, nearest, "full text" if opened else "abstract")


def _cited(shown: Sequence[Evidence]) -> tuple[Citation, ...]:
    keys = Keys()
    return tuple(keys.cite(evidence, evidence.cosine) for evidence in shown)


def _folded(text: str) -> str:
    """Without case, blanks and end mark, in which a copied quote may differ."""
    return "".join(text.casefold().split()).strip("\"'“”‘’.")
