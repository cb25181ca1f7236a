"""Steps that look for papers on a question: search, full texts of those found, another query, arXiv."""

from ingestion.errors import DocumentError, ModelUnavailable
from ingestion.paper import Paper
from ingestion.sources.arxiv_api import ArxivApi
from ingestion.terms import terms
from rag_agent.asking.papers import full_text
from rag_agent.asking.planning import hypothetical_abstract, other_query, sought_for
from rag_agent.asking.services import Services
from rag_agent.asking.state import State
from rag_agent.events import Fetched, Searched
from rag_agent.grounding.evidence import Evidence, abstract_evidence, best_of

_DRIFT = 0.3  # a query this much less like the question than the first one asks for something else
_NEAREST = 3
_TEXTS_SEARCHED = 50  # opening one that was read before takes some 20 ms


def retrieve(state: State, services: Services) -> State:
    """Search the library for the current part and gather the sentences that pass."""
    part, tried = state["parts"][0], state.get("tried", [])
    sought = sought_for(part, state["plan"].query)
    query = tried[-1] if tried else sought
    with services.step("search", part) as closing:
        hits = services.retriever.search(query)
        passing = tuple(hit for hit in hits if hit.passes)
        threshold = services.settings.retrieval.threshold
        # An imagined abstract is searched with, and never shown as if it were a query or a fact.
        imagined = query in state.get("imagined", [])
        shown = query if tried and not imagined else part
        papers = "1 paper" if len(passing) == 1 else f"{len(passing)} papers"
        closing.append(f"“{shown}”: {papers} ≥ {threshold:g}")
        services.say(Searched(shown, hits, len(passing), threshold))
        limit = services.settings.retrieval.sentences
        evidence = abstract_evidence(sought, passing, services.embedder, limit)
    read = _texts_at_hand(sought, threshold, services) if not tried else []
    if read:
        evidence = best_of(sought, [*evidence, *read], services.embedder, limit)
    return {
        "tried": tried or [query],
        "queries": [*state.get("queries", []), *([] if imagined else [query])],
        "rounds": state.get("rounds", 0) + 1,
        "hits": hits,
        "evidence": evidence,
        "nearest": state.get("nearest") or hits[:_NEAREST],
    }


def _texts_at_hand(part: str, threshold: float, services: Services) -> list[Evidence]:
    """The best sentences of the full texts at hand that have a passage near the question.

    Texts that were never read are read now, but only so many a question may read.
    """
    found: list[Evidence] = []
    unread = services.settings.agent.read_papers
    texts = services.library.at_hand()
    chosen = [each for each in texts if not services.only or each.paper.arxiv_id in services.only]
    at_hand = chosen[:_TEXTS_SEARCHED]
    if not at_hand:
        return []
    with services.step("search the full texts", f"{len(at_hand)} PDFs") as closing:
        for paper, file in at_hand:
            known = services.full_text.knows(paper, file)
            if not known and not unread:
                continue
            unread -= not known
            try:
                opened = services.full_text_of(paper, file)
            except DocumentError as error:
                services.notice(error)
                continue
            if opened.nearness(part) >= threshold:
                found += opened.best_sentences(part, services.settings.retrieval.sentences)
        near = len({e.paper.arxiv_id for e in found})
        closing.append(f"{near} of {len(at_hand)} PDFs have a passage ≥ {threshold:g}")
    return found


def read_found(state: State, services: Services) -> State:
    """Read the full texts of the best papers found, where they are at hand or arXiv answers."""
    limit = services.settings.retrieval.sentences
    evidence: list[Evidence] = []
    for hit in [hit for hit in state["hits"] if hit.passes][: services.settings.agent.read_papers]:
        with services.step("read", hit.paper.arxiv_id):
            evidence += full_text(hit.paper, state["parts"][0], limit, services)
    best = sorted(evidence, key=lambda e: -e.score)[:limit]
    return {"evidence": [e for e in evidence if e in best], "deepened": True}


def look_again(state: State, services: Services) -> State:
    """Another query for the current part: a hypothetical abstract first, then other words.

    A query that strays from the question is dropped; without a new one `tried` stays as it is.
    """
    part, tried = state["parts"][0], state["tried"]
    if services.reader is None:
        return {"given_up": True}
    with services.step("rethink the query") as closing:
        query, imagined = _new_query(part, tried, state, services)
        if query is not None and _strays(query, part, tried[0], services):
            dropped = "an imagined abstract" if imagined else f"“{query}”"
            closing.append(f"dropped {dropped}, it strays from the question")
            query = None
    if query is None:
        return {"given_up": True}
    earlier = state.get("imagined", [])
    return {"tried": [*tried, query], "imagined": [*earlier, query] if imagined else earlier}


def fetch(state: State, services: Services) -> State:
    """Take papers from arXiv into the library for a question that it cannot answer."""
    wanted = " ".join(state["plan"].keywords) or state["plan"].query
    with services.step("fetch from arXiv", wanted) as closing:
        ids = fetched(wanted, state["question"], services)
        closing.append(f"{len(ids)} papers for “{wanted}”" if ids else "nothing from arXiv")
    return {
        "fetched": [*state.get("fetched", []), *ids],
        "tried": [] if ids else state.get("tried", []),
        "given_up": False,
    }


def _new_query(
    part: str, tried: list[str], state: State, services: Services
) -> tuple[str | None, bool]:
    """The next query, if there is one, and whether it is an imagined abstract."""
    if services.reader is None:
        raise AssertionError("asked only with a reader")
    planned = state["plan"].query
    if (
        len(tried) == 1
        and len(state["plan"].sub_questions) < 2
        and set(terms(planned)) != set(terms(tried[0]))
    ):
        return planned, False
    try:
        if not any(hit.passes for hit in state["hits"]) and len(tried) < 3:
            imagined = hypothetical_abstract(part, services.reader, services.prompts)
            if imagined and imagined not in tried:
                return imagined, True
        return other_query(part, tried, services.reader, services.prompts), False
    except ModelUnavailable as error:
        services.notice(error)
        return None, False


def _strays(query: str, part: str, first: str, services: Services) -> bool:
    asked, before, now = services.embedder.encode([part, first, query])
    return float(asked @ now) < float(asked @ before) - _DRIFT and float(asked @ now) < 0.4


def fetched(wanted: str, question: str, services: Services, *, newest: bool = False) -> list[str]:
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
