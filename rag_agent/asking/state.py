"""What the steps of one question hand on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypedDict

from ingestion.paper import Paper
from rag_agent.answer import Language, Route
from rag_agent.asking.planning import Plan
from rag_agent.citation import Citation, Claim, Hit
from rag_agent.code.result import CodeResult
from rag_agent.grounding.evidence import Evidence
from rag_agent.grounding.excerpt import Excerpt


@dataclass(frozen=True, slots=True)
class CodeOptions:
    """How a program is asked for.

    Args:
        instruction: Edited instruction text, taken instead of writing one; empty: one is written.
        edit: Shown the instruction written, gives back the one to use; None: it is used as it is.
        run: False only writes the program.
    """

    instruction: str = ""
    edit: Callable[[str], str] | None = None
    run: bool = True


class State(TypedDict, total=False):
    """What the steps of one question hand on.

    Args:
        question: As asked.
        conversation: Earlier turns as text, short enough for a prompt.
        last_papers: Ids that the latest answers cited, the most cited first.
        paper_id: The paper the user chose beforehand, or empty.
        route: The route the user chose beforehand, or empty.
        code_options: How a program is asked for.
        excerpt: Where the passage stands that the question is about, in the paper chosen beforehand.
        about: That passage.
        language: Of question and answer.
        plan: What the question was understood as.
        parts: Sub-questions still to be answered, the current one first.
        paper: The paper meant, on the paper route.
        tried: Queries of the current part, in order.
        imagined: Those of them that are hypothetical abstracts: searched with, never shown.
        hits: Found by the latest search.
        evidence: Sentences at hand for the current part.
        seen: Places of sentences that did not answer.
        claims: Of the answer so far.
        queries: All searches, in order.
        rounds: Searches made for the current part.
        given_up: Whether no further query was found for the current part.
        answered: Whether the current part has its answer.
        fetched: Ids taken from arXiv.
        nearest: Offered when nothing passed the threshold.
        reply: Text that needs no source.
        code: The program, on the code route.
        quotes_only: Whether the answer only quotes, for want of a model.
        unanswered: Parts that found no answer.
        nearest_sentences: What stands nearest to a question without an answer.
        deepened: Whether the full texts of the papers found were read for the current part.
        followed: Whether works that the papers found cite were looked up for the current part.
        off_topic: Whether the question is none for papers.
    """

    question: str
    conversation: str
    last_papers: list[str]
    paper_id: str
    route: Route | Literal[""]
    code_options: CodeOptions
    excerpt: Excerpt | None
    about: Citation
    language: Language
    plan: Plan
    parts: list[str]
    paper: Paper | None
    tried: list[str]
    imagined: list[str]
    hits: tuple[Hit, ...]
    evidence: list[Evidence]
    seen: set[tuple[str, int | None, int]]
    claims: tuple[Claim, ...]
    queries: list[str]
    rounds: int
    given_up: bool
    answered: bool
    fetched: list[str]
    nearest: tuple[Hit, ...]
    reply: str
    code: CodeResult | None
    quotes_only: bool
    unanswered: list[str]
    nearest_sentences: tuple[Citation, ...]
    deepened: bool
    followed: bool
    off_topic: bool
