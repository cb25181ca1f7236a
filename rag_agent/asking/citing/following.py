"""Where the papers found do not answer but cite one that should: that one is looked up and read."""

from collections.abc import Sequence
from dataclasses import dataclass

from ingestion.errors import AgentError
from ingestion.paper import Paper, parse_arxiv_id
from ingestion.references.entries import Entry
from ingestion.references.looking import Citations
from ingestion.references.marks import named_in
from ingestion.sources.arxiv_api import ArxivApi
from rag_agent.asking.papers import full_text
from rag_agent.asking.services import Services
from rag_agent.asking.state import State
from rag_agent.citation import Hit
from rag_agent.events import Fetched
from rag_agent.grounding.evidence import Evidence, abstract_evidence, best_of


@dataclass(frozen=True, slots=True)
class Lead:
    """A cited work that may answer.

    Args:
        entry: As its citing paper prints it.
        citing: That paper.
        score: How near its title, or the sentence that cites it, is to the question: a cosine, -1 to 1.
    """

    entry: Entry
    citing: Paper
    score: float

    @property
    def named(self) -> str:
        """How it is cited, and by whom."""
        label = self.entry.reference.label or self.entry.reference.key
        return f"cited {f'as [{label}] ' if label else ''}by {self.citing.arxiv_id}"


def follow_references(state: State, services: Services) -> State:
    """Read the works that the papers found cite for what is asked: from the library, else from arXiv."""
    part, limit = state["parts"][0], services.settings.retrieval.sentences
    found: list[Evidence] = []
    with services.step("follow references", part) as closing:
        for lead in _leads(part, state, services):
            paper = looked_up(lead, services)
            if paper is None:
                closing.append(f"{lead.named} cannot be had.")
                continue
            closing.append(f"“{paper.title}” ({paper.arxiv_id}), {lead.named}.")
            found += full_text(paper, part, limit, services) or abstract_evidence(
                part, (Hit(paper, 1.0, 1.0, passes=True),), services.embedder, limit
            )
        if not closing:
            closing.append("nothing cited is near the question")
    if not found:
        return {"followed": True}
    return {"followed": True, "evidence": best_of(part, found, services.embedder, limit)}


def _leads(part: str, state: State, services: Services) -> list[Lead]:
    """The cited works that are near the question, the nearest first, as many as a question may read."""
    most = services.settings.agent.read_papers
    evidence = state.get("evidence", [])
    papers = {e.paper.arxiv_id: e.paper for e in sorted(evidence, key=lambda e: -e.score)}
    return leads_near(part, list(papers.values())[:most], services, evidence)[:most]


def leads_near(
    part: str, citing: Sequence[Paper], services: Services, evidence: Sequence[Evidence] = ()
) -> list[Lead]:
    """The works cited by some papers that are near to what is asked, the nearest first, each once.

    Args:
        part: What is asked, English.
        citing: Papers whose lists of references are read, where their full texts are at hand.
        services: Whose threshold says what is near.
        evidence: Sentences of theirs: a work is as near as a sentence that cites it.
    """
    citations = Citations(services.library)
    leads: list[Lead] = []
    for paper in citing:
        sentences = [e for e in evidence if e.paper.arxiv_id == paper.arxiv_id]
        leads += _leads_of(part, paper, sentences, citations, services)
    threshold = services.settings.retrieval.threshold
    near = sorted((lead for lead in leads if lead.score >= threshold), key=lambda lead: -lead.score)
    return list({lead.entry.text: lead for lead in reversed(near)}.values())[::-1]


def _leads_of(
    part: str, paper: Paper, sentences: list[Evidence], citations: Citations, services: Services
) -> list[Lead]:
    """Every entry of a paper's list, scored; none where the list cannot be read."""
    try:
        known = citations.references(paper)
    except AgentError as error:
        services.notice(error)
        return []
    if known is None or not known.entries:
        return []
    titles = [entry.reference.title or entry.text[:200] for entry in known.entries]
    asked, *vectors = services.embedder.encode([part, *titles])
    cited_near: dict[str, float] = {}
    for sentence in sentences:
        for _, keys in named_in(sentence.text, known.marks):
            for key in keys:
                cited_near[key] = max(cited_near.get(key, -1.0), sentence.cosine)
    return [
        Lead(entry, paper, max(float(vector @ asked), cited_near.get(entry.reference.key, -1.0)))
        for entry, vector in zip(known.entries, vectors, strict=True)
    ]


def looked_up(lead: Lead, services: Services) -> Paper | None:
    """The cited paper: the library's, else arXiv's, which is then kept; None where neither has it."""
    citations = Citations(services.library)
    (cited,) = citations.resolved([lead.entry])
    if cited.paper is not None:
        return cited.paper
    reference = lead.entry.reference

    def ask(arxiv: ArxivApi | None) -> Paper | None:
        if arxiv is None:
            return None
        if reference.arxiv_id:
            return services.library.by_id(parse_arxiv_id(reference.arxiv_id), arxiv)
        return services.library.by_title(reference.title, arxiv) if reference.title else None

    paper = services.ask_arxiv(ask)
    if paper is not None:
        services.say(Fetched(reference.title, (paper.arxiv_id,), 1))
    return paper
