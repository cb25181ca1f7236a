"""What the marks in an answer's quotes mean: `[12]` names the paper that it stands for."""

import re
from collections.abc import Iterable
from dataclasses import replace

from ingestion.errors import AgentError
from ingestion.references.looking import Citations
from rag_agent.answer import Answer
from rag_agent.citation import Citation, CitedWork, Claim

# What may be a mark: a number in brackets, or a year; looking further costs the reading of a list.
_MAY_CITE = re.compile(r"\[\s*\d|\b(?:19|20)\d\d\b|\bet al\b")


def with_cited_works(answer: Answer, citations: Citations) -> Answer:
    """The answer whose quotes from full texts name the works that they cite."""
    return replace(answer, claims=tuple(_claim(claim, citations) for claim in answer.claims))


def _claim(claim: Claim, citations: Citations) -> Claim:
    named = tuple(_citation(citation, citations) for citation in claim.citations)
    return replace(claim, citations=named)


def _citation(citation: Citation, citations: Citations) -> Citation:
    if citation.kind in ("abstract", "summary") or not _MAY_CITE.search(citation.quote):
        return citation
    return replace(citation, cites=tuple(_works(citation, citations)))


def _works(citation: Citation, citations: Citations) -> Iterable[CitedWork]:
    try:
        citations.references(citation.paper)
    except AgentError:  # the quote stands; only what it cites has no name
        return
    for mark, cited in citations.named_in(citation.quote, citation.paper):
        for each in cited:
            id_ = each.paper.arxiv_id if each.paper else each.entry.reference.arxiv_id
            yield CitedWork(mark, each.title, id_)
