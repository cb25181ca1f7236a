"""The steps of a question: plain functions from the state and the services to what changes in the state.

The graph wires them. The answering call is also the judge: it says whether the sentences at hand answer,
which is one call instead of two. Only when it says no is more looked for, in this order: full texts of the
papers found, another query, arXiv.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict

from ingestion.errors import InvalidReply, ModelError, ModelUnavailable, PdfError
from ingestion.paper import Paper
from ingestion.sources.arxiv_api import ArxivApi
from ingestion.terms import terms
from rag_agent.answer import Claim, Hit, Language, Route
from rag_agent.asking.planning import (
    Plan,
    hypothetical_abstract,
    ids_in,
    language_of,
    make_plan,
    other_query,
    plain_plan,
)
from rag_agent.asking.services import Services
from rag_agent.asking.small_talk import kind_of, reply_to
from rag_agent.code.instruction import parse_instruction, write_instruction
from rag_agent.code.result import CodeResult
from rag_agent.code.writing import write_code
from rag_agent.events import ClaimWritten, Fetched, Planned, Searched, TextWritten
from rag_agent.grounding.drafting import quote_claims, write_claims
from rag_agent.grounding.evidence import Evidence, abstract_evidence

_DRIFT = 0.3  # a query this much less like the question than the first one asks for something else
_NEAREST = 3


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
        language: Of question and answer.
        plan: What the question was understood as.
        parts: Sub-questions still to be answered, the current one first.
        paper: The paper meant, on the paper route.
        tried: Queries of the current part, in order.
        hits: Found by the latest search.
        evidence: Sentences at hand for the current part.
        seen: Places of sentences that did not answer.
        claims: Of the answer so far.
        queries: All searches, in order.
        rounds: Searches made.
        fetched: Ids taken from arXiv.
        nearest: Offered when nothing passed the threshold.
        reply: Text that needs no source.
        code: The program, on the code route.
        quotes_only: Whether the answer only quotes, for want of a model.
        unanswered: Parts that found no answer.
        deepened: Whether the full texts of the papers found were read for the current part.
        off_topic: Whether the question is none for papers.
    """

    question: str
    conversation: str
    last_papers: list[str]
    paper_id: str
    route: Route | Literal[""]
    code_options: CodeOptions
    language: Language
    plan: Plan
    parts: list[str]
    paper: Paper | None
    tried: list[str]
    hits: tuple[Hit, ...]
    evidence: list[Evidence]
    seen: set[tuple[str, int | None, int]]
    claims: tuple[Claim, ...]
    queries: list[str]
    rounds: int
    fetched: list[str]
    nearest: tuple[Hit, ...]
    reply: str
    code: CodeResult | None
    quotes_only: bool
    unanswered: list[str]
    deepened: bool
    off_topic: bool


def plan(state: State, services: Services) -> State:
    """Understand the question, in one call; without a model it is searched for as it stands."""
    question = state["question"]
    language = language_of(question)
    with services.step("plan") as closing:
        made = _plan(state, services)
        if state.get("route"):
            made = made.model_copy(update={"route": state["route"]})
        if state.get("paper_id"):
            route = "code" if made.route == "code" else "paper"
            made = made.model_copy(update={"route": route, "paper": state["paper_id"]})
        closing.append(f"{made.route}: {made.query}" if made.query else made.route)
    services.say(
        Planned(made.route, language, made.query, tuple(made.keywords), tuple(made.sub_questions))
    )
    # An English question that stands alone is its own best query: a rewriting can only lose words.
    alone = language == "en" and not state.get("conversation")
    whole = question if alone else made.query
    return {
        "language": language,
        "plan": made,
        "parts": list(made.sub_questions) or [whole],
        "tried": [],
        "seen": set(),
    }


def retrieve(state: State, services: Services) -> State:
    """Search the library for the current part and gather the sentences that pass."""
    part, tried = state["parts"][0], state.get("tried", [])
    query = tried[-1] if tried else part
    with services.step("search", query) as closing:
        hits = services.retriever.search(query)
        passing = tuple(hit for hit in hits if hit.passes)
        threshold = services.settings.retrieval.threshold
        closing.append(f"“{query}”: {len(passing)} papers ≥ {threshold:g}")
        services.say(Searched(query, hits, len(passing), threshold))
        evidence = abstract_evidence(
            part, passing, services.embedder, services.settings.retrieval.sentences
        )
    return {
        "tried": tried or [query],
        "queries": [*state.get("queries", []), query],
        "rounds": state.get("rounds", 0) + 1,
        "hits": hits,
        "evidence": evidence,
        "nearest": state.get("nearest") or hits[:_NEAREST],
    }


def find_paper(state: State, services: Services) -> State:
    """Find the one paper meant: in the library, or on arXiv; None where it cannot be had."""
    named = state["plan"].paper
    with services.step("find the paper", named) as closing:
        paper = _paper_called(named, state, services)
        closing.append(
            f"{paper.title} ({paper.arxiv_id})" if paper else f"no paper “{named}” found"
        )
    return {"paper": paper}


def read(state: State, services: Services) -> State:
    """Read the meant paper, its abstract at least, and gather the sentences that say most."""
    paper, part = state.get("paper"), state["parts"][0]
    if paper is None:
        raise AssertionError("read comes after a paper was found")
    limit = services.settings.retrieval.sentences
    with services.step("read", paper.arxiv_id) as closing:
        evidence = _full_text(paper, part, limit, services)
        closing.append(f"{paper.arxiv_id}: {'full text' if evidence else 'abstract only'}")
        if not evidence:
            hit = Hit(paper, 1.0, 1.0, passes=True)
            evidence = abstract_evidence(part, (hit,), services.embedder, limit)
    return {"evidence": evidence, "rounds": state.get("rounds", 0) + 1}


def read_found(state: State, services: Services) -> State:
    """Read the full texts of the best papers found, where they are at hand or arXiv answers."""
    limit = services.settings.retrieval.sentences
    evidence: list[Evidence] = []
    for hit in [hit for hit in state["hits"] if hit.passes][: services.settings.agent.read_papers]:
        with services.step("read", hit.paper.arxiv_id):
            evidence += _full_text(hit.paper, state["parts"][0], limit, services)
    best = sorted(evidence, key=lambda e: -e.score)[:limit]
    return {"evidence": [e for e in evidence if e in best], "deepened": True}


def answer(state: State, services: Services) -> State:
    """Write claims from the sentences at hand, each checked before it is shown."""
    evidence, part = state.get("evidence", []), state["parts"][0]
    if not evidence:
        return {}
    places = {(e.paper.arxiv_id, e.page, e.start) for e in evidence}
    seen = state.get("seen", set())
    if len(places - seen) < len(places) / 3:
        return {"evidence": []}  # the same sentences would get the same verdict
    quotes_only = services.reader is None
    with services.step("answer", f"from {len(evidence)} sentences") as closing:
        claims = _claims(part, evidence, state["language"], services)
        closing.append(f"{len(claims)} claims checked" if claims else "the sentences do not answer")
    return {
        "claims": state.get("claims", ()) + claims,
        "evidence": evidence if claims else [],
        "seen": seen | places,
        "quotes_only": quotes_only,
    }


def look_again(state: State, services: Services) -> State:
    """Another query for the current part: a hypothetical abstract first, then other words.

    A query that strays from the question is dropped; without a new one `tried` stays as it is.
    """
    part, tried = state["parts"][0], state["tried"]
    if services.reader is None:
        return {"rounds": services.settings.agent.rounds}
    with services.step("rethink the query") as closing:
        query = _new_query(part, tried, state, services)
        if query is not None and _strays(query, part, tried[0], services):
            closing.append(f"dropped “{query}”, it strays from the question")
            query = None
    if query is None:
        return {"rounds": services.settings.agent.rounds}
    return {"tried": [*tried, query]}


def fetch(state: State, services: Services) -> State:
    """Take papers from arXiv into the library for a question that it cannot answer."""
    wanted = " ".join(state["plan"].keywords) or state["plan"].query
    with services.step("fetch from arXiv", wanted) as closing:
        ids = _fetch(wanted, state["question"], services)
        closing.append(f"{len(ids)} papers for “{wanted}”" if ids else "nothing from arXiv")
    return {
        "fetched": [*state.get("fetched", []), *ids],
        "tried": [] if ids else state.get("tried", []),
        "rounds": min(state.get("rounds", 0), services.settings.agent.rounds - 1),
    }


def next_part(state: State, services: Services) -> State:
    """Put the current part away, answered or not."""
    done, *rest = state["parts"]
    answered = bool(state.get("evidence")) and bool(state.get("claims"))
    return {
        "parts": rest,
        "tried": [],
        "evidence": [],
        "deepened": False,
        "rounds": 0 if rest else state.get("rounds", 0),
        "unanswered": state.get("unanswered", []) + ([] if answered else [done]),
    }


def report_fetch(state: State, services: Services) -> State:
    """Answer a request for papers: take them from arXiv and list them."""
    made = state["plan"]
    wanted = " ".join(made.keywords) or made.query
    newest = bool({"new", "newest", "latest", "recent"} & set(state["question"].lower().split()))
    newest = newest or any(word in state["question"] for word in ("最新", "新的", "最近"))
    with services.step("fetch from arXiv", wanted) as closing:
        ids = _fetch(wanted, state["question"], services, newest=newest)
        closing.append(f"{len(ids)} papers")
    papers = services.store.get(ids)
    lines = [
        f"- {papers[id_].title} ({papers[id_].year}), arXiv:{id_}" for id_ in ids if id_ in papers
    ]
    chinese = state["language"] == "zh"
    if lines:
        head = (
            f"从 arXiv 取得 {len(lines)} 篇论文："
            if chinese
            else f"{len(lines)} papers from arXiv:"
        )
    else:
        head = "没有从 arXiv 取得论文。" if chinese else "No papers came from arXiv."
    reply = "\n".join([head, *lines])
    services.say(TextWritten(reply))
    return {"reply": reply, "fetched": ids}


def chat(state: State, services: Services) -> State:
    """Reply to what asks for no papers; nothing about the world is said."""
    with services.step("reply"):
        try:
            kind = kind_of(state["question"], services.reader, services.prompts)
        except ModelError as error:
            services.notice(error)
            kind = "about"
    reply = reply_to(kind, state["language"])
    services.say(TextWritten(reply))
    return {"reply": reply, "off_topic": kind == "other"}


def write_program(state: State, services: Services) -> State:
    """Write, run and check a program for the question, from the paper meant or the papers found."""
    options = state.get("code_options") or CodeOptions()
    best = sorted(state.get("evidence", []), key=lambda e: -e.score)[:3]
    passages = [services.keys.cite(e, e.cosine) for e in best]
    if services.reader is None:
        services.notice("Writing code needs a language model; none is set")
        return {}
    keywords = state["plan"].keywords
    instruction = parse_instruction(options.instruction) if options.instruction else None
    if options.edit is not None:
        with services.step("instruct"):
            drafted, notice = write_instruction(
                state["question"],
                passages,
                services.reader,
                services.prompts.coder,
                keywords=keywords,
            )
        if notice:
            services.notice(notice)
        instruction = parse_instruction(options.edit(drafted.as_text()))
    program = write_code(
        state["question"],
        passages,
        coder=services.coder(),
        reader=services.reader,
        sandbox=services.sandbox,
        prompts=services.prompts.coder,
        progress=services,
        adapter=Path(services.settings.coder.adapter).stem,
        keywords=keywords,
        instruction=instruction,
        run=options.run,
    )
    return {"code": program}


def _plan(state: State, services: Services) -> Plan:
    settled = bool(state.get("route")) and language_of(state["question"]) == "en"
    if services.reader is None or (settled and not state.get("conversation")):
        return plain_plan(state["question"])
    try:
        return make_plan(
            state["question"], state.get("conversation", ""), services.reader, services.prompts
        )
    except InvalidReply as error:
        services.notice(f"{error} The question is searched for as it stands.")
    except ModelUnavailable as error:
        services.notice(f"{error} The answer only quotes.")
        services.reader = None
    return plain_plan(state["question"])


def _claims(
    part: str, evidence: list[Evidence], language: Language, services: Services
) -> tuple[Claim, ...]:
    shown: list[Claim] = []

    def show(claim: Claim) -> None:
        services.say(ClaimWritten(claim))
        shown.append(claim)

    if services.reader is None:
        return quote_claims(evidence, services.keys, show)
    try:
        return write_claims(
            part,
            evidence,
            language,
            services.reader,
            services.embedder,
            services.prompts,
            services.keys,
            show,
        )
    except (InvalidReply, ModelUnavailable) as error:
        instead = "What it had written stands" if shown else "The best sentences are quoted instead"
        services.notice(f"{error} {instead}.")
        if isinstance(error, ModelUnavailable):
            services.reader = None
    return tuple(shown) or quote_claims(evidence, services.keys, show)


def _paper_called(named: str, state: State, services: Services) -> Paper | None:
    ids, library = ids_in(named), services.library
    if named.startswith("local/"):
        return library.get([named]).get(named)
    if ids:
        return services.ask_arxiv(lambda arxiv: library.by_id(ids[0], arxiv))
    if named:
        found = services.ask_arxiv(lambda arxiv: library.by_title(named, arxiv))
        if found is not None:
            return found
    cited = library.get(state.get("last_papers", [])[:1])
    return next(iter(cited.values()), None) if not named or state.get("conversation") else None


def _full_text(paper: Paper, part: str, limit: int, services: Services) -> list[Evidence]:
    """The best sentences of the paper's PDF; none, with a notice, where it cannot be had."""
    try:
        at_hand = services.ask_arxiv(lambda arxiv: services.library.pdf(paper, arxiv))
        if at_hand is None:
            return []
        opened = services.full_text.open(at_hand.paper, at_hand.file, services.say)
        return opened.best_sentences(part, limit)
    except PdfError as error:
        services.notice(error)
        return []


def _new_query(part: str, tried: list[str], state: State, services: Services) -> str | None:
    if services.reader is None:
        raise AssertionError("asked only with a reader")
    planned = state["plan"].query
    if (
        len(tried) == 1
        and len(state["plan"].sub_questions) < 2
        and set(terms(planned)) != set(terms(tried[0]))
    ):
        return planned
    try:
        if not any(hit.passes for hit in state["hits"]) and len(tried) < 3:
            imagined = hypothetical_abstract(part, services.reader, services.prompts)
            if imagined and imagined not in tried:
                return imagined
        return other_query(part, tried, services.reader, services.prompts)
    except ModelUnavailable as error:
        services.notice(error)
        return None


def _strays(query: str, part: str, first: str, services: Services) -> bool:
    asked, before, now = services.embedder.encode([part, first, query])
    return float(asked @ now) < float(asked @ before) - _DRIFT and float(asked @ now) < 0.4


def _fetch(wanted: str, question: str, services: Services, *, newest: bool = False) -> list[str]:
    most = services.settings.agent.fetch_papers

    def ask(arxiv: ArxivApi | None) -> tuple[list[Paper], int]:
        if arxiv is None:
            return [], 0
        papers, report = services.library.fetch(
            wanted or question, arxiv, max_papers=most, newest=newest
        )
        return papers, report.new

    papers, new = services.ask_arxiv(ask)
    ids = [paper.arxiv_id for paper in papers]
    if ids:
        services.say(Fetched(wanted, tuple(ids), new))
    return ids
