"""What a question asks for: language, route, a standalone English query, keywords, sub-questions."""

import re
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from ingestion.errors import InvalidArxivId, InvalidReply
from ingestion.paper import ArxivId, parse_arxiv_id
from ingestion.terms import terms
from rag_agent.answer import Language, Route
from rag_agent.grounding.checks.names import ARXIV_ID
from rag_agent.model.client import LanguageModel
from rag_agent.prompts.reader import Prompts

_PLAN_TOKENS = 220
_HYDE_TOKENS = 90
_ALONE_TOKENS = 48  # a question of 35 words
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_PAPERS = re.compile(
    r"\b(?:papers?|preprints?|articles?|publications?|arxiv)\b|论文|文章|文献", re.I
)

_PARTS = re.compile(
    r",? and (?=(?:(?:up |down |out )?(?:in|on|with|for|by|to|at|from|of|over|under|after|before|until|into|within"
    r"|through|during|against|between) )?(?:a \w+ of )?(?:what|which|how|why|who|when|where)\b)",
    re.I,
)
_LEANS = re.compile(
    r"\b(?:it|its|they|them|their|this|that|these|those|he|she|him|her|one|ones|same|other|there)\b",
    re.I,
)
_WORD = re.compile(r"[^\W_](?:[\w.+-]*[^\W_])?")
_REQUEST_WORDS = frozenset(
    """get give show fetch download find add grab pull search please new newest latest recent arxiv paper papers
    preprint preprints article articles""".split()
)
_FEW_TERMS = 3  # "how many does RAG-Sequence?" says nothing of what is counted
_FURTHER_TERMS = 1  # of a part said in full: its verb in another form
_PART_WORDS = 4  # "and why" asks for the reason of the same thing: one part

Keyword = Annotated[str, StringConstraints(max_length=40)]
SubQuestion = Annotated[str, StringConstraints(max_length=160)]


class Plan(BaseModel):
    """One plan. Field order is the order a model writes in: it decides before it phrases.

    Args:
        route: Which way to go.
        paper: Title or id of the one paper meant, empty where none is.
        query: Standalone English search query.
        keywords: English terms for arXiv's own search.
        sub_questions: Parts of a question that has several, answered in order; else empty.
    """

    route: Route
    paper: str = Field(max_length=120)
    query: str = Field(max_length=200)
    keywords: list[Keyword] = Field(max_length=4)
    sub_questions: list[SubQuestion] = Field(max_length=3)


class _Query(BaseModel):
    query: str = Field(max_length=160)


def language_of(text: str) -> Language:
    """`zh` where at least a tenth of the letters are Han characters, else `en`."""
    letters = [character for character in text if character.isalpha()]
    han = sum(1 for character in letters if _HAN.match(character))
    return "zh" if letters and han >= 0.1 * len(letters) else "en"


def parts_of(question: str) -> list[str]:
    """The parts of a question that asks for two things; none where it asks for one."""
    pieces = [piece.strip(" ,;?") for piece in _PARTS.split(question.strip())]
    if len(pieces) < 2 or any(len(piece.split()) < _PART_WORDS for piece in pieces):
        return []
    return [f"{piece[:1].upper()}{piece[1:]}?" for piece in pieces]


def sought_for(part: str, question: str) -> str:
    """What is searched for a part: with the whole question where it leans on that, as "how long for the big one?" does.

    It is not asked with the whole: a small model answers the first part again then.
    """
    return f"{part} {question}" if leans(part) and question not in part else part


def standing_alone(part: str, before: str, model: LanguageModel, prompts: Prompts) -> str:
    """A part that leans on the one before it, said in full: "How long did one training step take for the big one?".

    As it is where the model says something else, such as the part before again: it must keep every word of the
    part but those that lean, and take the others from the part before.

    Raises:
        ModelUnavailable: No model answers.
    """
    said = "".join(model.stream(prompts.alone(part, before), _ALONE_TOKENS, ["\n"])).strip()
    own, of_both = set(terms(_LEANS.sub(" ", part))), set(terms(f"{before} {part}"))
    stems = set(terms(said))
    stands = own <= stems and len(stems - of_both) <= _FURTHER_TERMS
    return said if said.endswith("?") and stands else part


def leans(part: str) -> bool:
    """Whether a part says too little by itself: it has an "it" or "one", or hardly a word of its own."""
    return bool(_LEANS.search(part)) or len(set(terms(part))) <= _FEW_TERMS


def ids_in(text: str) -> list[ArxivId]:
    """The arXiv ids that a text names, in order."""
    found = []
    for match in ARXIV_ID.finditer(text):
        try:
            found.append(parse_arxiv_id(match[0]))
        except InvalidArxivId:
            continue  # a number of that shape, such as 2021.1234 with month 21
    return found


def make_plan(question: str, conversation: str, model: LanguageModel, prompts: Prompts) -> Plan:
    """The plan for a question, in one call of the model.

    What a small model gets wrong and code can know is set right: an id in the question is the paper
    meant, papers are fetched only if papers are asked for, a query is English, sub-questions are two or more.

    Raises:
        InvalidReply: The model's reply is no plan; `plain_plan` is the way on.
        ModelUnavailable: No model answers.
    """
    plan = model.structured(prompts.plan(question, conversation), Plan, _PLAN_TOKENS)
    ids = ids_in(question)
    if len(ids) == 1 and plan.route in ("research", "paper"):
        plan = plan.model_copy(update={"route": "paper", "paper": str(ids[0])})
    elif plan.route == "fetch" and not _PAPERS.search(question):
        plan = plan.model_copy(update={"route": "research"})
    elif plan.route == "paper" and not conversation and not _names_paper(plan.paper, question):
        plan = plan.model_copy(update={"route": "research", "paper": ""})
    query = plan.query.strip()
    if not query or language_of(query) != "en":
        query = " ".join(k for k in plan.keywords if language_of(k) == "en") or question
    parts = [part for part in plan.sub_questions if language_of(part) == "en"]
    return plan.model_copy(
        update={"query": query, "sub_questions": parts if len(parts) > 1 else []}
    )


def _names_paper(named: str, question: str) -> bool:
    """Whether the question speaks of one paper: it says so, or holds a proper name of the one named."""
    if re.search(r"\bpaper\b|论文|文章|这篇", question, re.IGNORECASE):
        return True
    words = re.findall(r"[\w-]+", named)
    proper = [w for w in words if any(c.isupper() or c.isdigit() for c in w[1:])]
    return any(word in question for word in proper)


def plain_plan(question: str) -> Plan:
    """The plan without a model: search for the question as it stands."""
    ids = ids_in(question)
    return Plan(
        route="paper" if len(ids) == 1 else "research",
        paper=str(ids[0]) if len(ids) == 1 else "",
        query=question[:200],
        keywords=_keywords(question),
        sub_questions=[],
    )


def _keywords(question: str) -> list[str]:
    """The first words that say what a question is about, as they stand: arXiv's own search knows no stems."""
    found: dict[tuple[str, ...], str] = {}
    for word in _WORD.findall(question):
        if terms(word) and word.casefold() not in _REQUEST_WORDS:
            found.setdefault(tuple(terms(word)), word[:40])
    return list(found.values())[:4]


def other_query(
    question: str, tried: list[str], model: LanguageModel, prompts: Prompts
) -> str | None:
    """A search query unlike those tried; None when the model only repeats them."""
    try:
        query = model.structured(prompts.rewrite(question, tried), _Query, 60).query.strip()
    except InvalidReply:
        return None
    known = [set(terms(text)) for text in tried]
    return query if set(terms(query)) and set(terms(query)) not in known else None


def hypothetical_abstract(question: str, model: LanguageModel, prompts: Prompts) -> str:
    """Two sentences that an abstract with the answer might hold, to search with."""
    return "".join(model.stream(prompts.hyde(question), _HYDE_TOKENS)).strip()
