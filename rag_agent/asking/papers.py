"""Steps on the one paper that is meant: find it, read it."""

from ingestion.document import Form
from ingestion.errors import DocumentError
from ingestion.fulltext.forms import NAMES
from ingestion.paper import Paper
from rag_agent.asking.planning import ids_in, sought_for
from rag_agent.asking.services import Services
from rag_agent.asking.state import State
from rag_agent.citation import Hit
from rag_agent.grounding.evidence import Evidence, abstract_evidence
from rag_agent.grounding.excerpt import (
    Excerpt,
    excerpt_evidence,
    passage_at,
    record_evidence,
)
from rag_agent.grounding.open_paper import OpenPaper


def find_paper(state: State, services: Services) -> State:
    """Find the one paper meant: in the library, or on arXiv; None where it cannot be had."""
    named = state["plan"].paper
    with services.step("find the paper", named) as closing:
        paper = _paper_called(named, state, services)
        closing.append(
            f"{paper.title} ({paper.arxiv_id}){stood_in(paper)}"
            if paper
            else f"no paper “{named}” found"
        )
    return {"paper": paper}


def read(state: State, services: Services) -> State:
    """Read the meant paper, its abstract at least, and gather the sentences that say most."""
    paper, part = state.get("paper"), state["parts"][0]
    if paper is None:
        raise AssertionError("read comes after a paper was found")
    limit, excerpt = services.settings.retrieval.sentences, state.get("excerpt")
    if excerpt is not None:
        found = _passage(paper, excerpt, part, limit, services)
        if found is not None:
            return {**found, "rounds": state.get("rounds", 0) + 1}
    with services.step("read", paper.arxiv_id) as closing:
        sought = sought_for(part, state["plan"].query)
        evidence = full_text(paper, sought, limit, services)
        form: Form = next((e.form for e in evidence if e.form), "pdf")
        read_as = f"full text ({NAMES[form]})" if evidence else f"abstract only{stood_in(paper)}"
        closing.append(f"{paper.arxiv_id}: {read_as}")
        if not evidence:
            hit = Hit(paper, 1.0, 1.0, passes=True)
            evidence = abstract_evidence(sought, (hit,), services.embedder, limit)
    return {"evidence": evidence, "rounds": state.get("rounds", 0) + 1}


def _passage(
    paper: Paper, excerpt: Excerpt, part: str, limit: int, services: Services
) -> State | None:
    """The passage asked about and the evidence it leads; None, with a notice, where it is not at hand."""
    with services.step("read", paper.arxiv_id) as closing:
        try:
            form = excerpt.form
            if form is None:
                about = passage_at(excerpt, paper, None)
                evidence = record_evidence(excerpt, paper, part, limit, services.embedder)
            else:
                kept = services.library.version_at_hand(paper.arxiv_id, excerpt.version, form)
                opened = services.full_text_of(kept.paper, kept.file)
                about = passage_at(excerpt, kept.paper, opened.text)
                evidence = excerpt_evidence(excerpt, opened, part, limit, services.embedder)
        except DocumentError as error:
            services.notice(error)
            return None
        place = f", p. {about.page}" if about.page else ""
        closing.append(f"{paper.arxiv_id}: the passage chosen{place}")
    return {"evidence": evidence, "about": about}


def stood_in(paper: Paper) -> str:
    """Told of a paper whose record another place than arXiv gave in its stead; empty for any other."""
    told = ", as Semantic Scholar has it: arXiv did not answer"
    return told if paper.origin == "semantic_scholar" and ids_in(paper.arxiv_id) else ""


def paper_of(id_: str, services: Services) -> Paper | None:
    """The paper of an id: from the library, or from arXiv; None, with a notice, where it cannot be had."""
    known, ids = services.library.get([id_]).get(id_), ids_in(id_)
    if known is None and ids:
        known = services.ask_arxiv(lambda arxiv: services.library.by_id(ids[0], arxiv))
    if known is None:
        services.notice(f"{id_} is neither in the library nor to be had from arXiv.")
    return known


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


def full_text(paper: Paper, part: str, limit: int, services: Services) -> list[Evidence]:
    """The best sentences of the paper's PDF; none, with a notice, where it cannot be had."""
    opened = open_text(paper, services)
    return opened.best_sentences(part, limit) if opened is not None else []


def open_text(paper: Paper, services: Services) -> OpenPaper | None:
    """The paper's full text, ready to be searched; None, with a notice, where it cannot be had."""
    try:
        at_hand = services.ask_arxiv(lambda arxiv: services.library.full_text(paper, arxiv))
        if at_hand is None:
            return None
        return services.full_text_of(at_hand.paper, at_hand.file)
    except DocumentError as error:
        services.notice(error)
        return None
