"""Turns for tests of conversations."""

from dataclasses import replace

from rag_agent.answer import Answer
from rag_agent.citation import Citation, Claim
from rag_agent.conversations.turn import Turn
from tests.papers import SOURDOUGH

PEAK = "The rate of bubble bursts peaks 5.2 hours after feeding at 24 degrees."
CITATION = Citation(1, SOURDOUGH, 3, PEAK, 10, f"Before. {PEAK} After.", 0.9, "pdf")


def turn(question: str, said: str = "", *cited: str) -> Turn:
    """A turn whose answer says this and cites these papers."""
    citations = tuple(
        replace(CITATION, key=key, paper=replace(SOURDOUGH, arxiv_id=id_, title=f"Title of {id_}"))
        for key, id_ in enumerate(cited, 1)
    )
    claims = (Claim(said, True, citations),) if cited else ()
    return Turn(question, Answer(question, "en", bool(said), claims, reply=said))


def long_turn(number: int) -> Turn:
    """A turn of about 7 kB."""
    claims = tuple(
        Claim(
            f"Sentence {n} of answer {number}.", True, (replace(CITATION, passage="word " * 150),)
        )
        for n in range(5)
    )
    return Turn(f"Question {number}?", Answer(f"Question {number}?", "en", True, claims))
