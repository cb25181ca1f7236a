"""A table made cell by cell: each is one question to one paper, read and checked as any other."""

from typing import Any

from ingestion.errors import AgentError
from ingestion.fulltext import Sentence
from ingestion.paper import Paper
from ingestion.terms import terms
from rag_agent.asking.papers import open_text, paper_of
from rag_agent.asking.services import Services
from rag_agent.citation import Claim, Hit
from rag_agent.grounding import write_claims
from rag_agent.grounding.checks.names import numbers, value_of
from rag_agent.grounding.evidence import Evidence, abstract_evidence
from rag_agent.grounding.keys import Keys
from rag_agent.jobs import Run
from rag_agent.tables.columns import Column, column, columns_of, propose
from rag_agent.tables.fixed_forms import Reader
from rag_agent.tables.table import Cell, Row, Table

KIND = "table"
_SENTENCES = 8  # shown for a cell: more are slower to read and hold more to mistake


def arguments(question: str, papers: list[str], query: str = "", most: int = 10) -> dict[str, Any]:
    """What a job of a table is asked.

    Args:
        question: A question, or the columns.
        papers: Ids of the rows; empty: found by the query.
        query: Finds the papers.
        most: Most papers that the query gives.
    """
    if not papers and not query.strip():
        raise AgentError("A table needs papers", next_step="Name them with --papers or --query")
    return {"question": question.strip(), "papers": papers, "query": query.strip(), "most": most}


def make_table(run: Run, services: Services) -> dict[str, Any]:
    """The table of a job, as JSON; each cell is a part of the job.

    Raises:
        AgentError: There is no reader model, or no paper.
    """
    asked = run.arguments
    papers = _rows(run, services)
    names = run.part("columns", lambda: _column_names(asked["question"], services))
    columns = [column(name) for name in names]
    total, rows = len(papers) * len(columns), []
    for number, paper in enumerate(papers):
        cells = []
        for place, one in enumerate(columns):
            done = number * len(columns) + place
            run.tell(f"{paper.title[:80]}: {one.name}", done, total)
            stored = run.part(
                f"{paper.arxiv_id}/{one.name}",
                lambda paper=paper, one=one: cell_of(paper, one, services).as_json(),  # type: ignore[misc]
            )
            cells.append(Cell.from_json(stored))
        rows.append(Row(paper, tuple(cells)))
    return Table(asked["question"], tuple(names), tuple(rows), tuple(services.notices)).as_json()


def cell_of(paper: Paper, asked: Column, services: Services) -> Cell:
    """What one paper says about one column: where papers say it, and where the full text is not at hand, the abstract.

    Raises:
        AgentError: There is no reader model.
    """
    if services.reader is None:
        raise AgentError(
            "A table needs a reader model",
            kept="The cells read so far are kept",
            next_step="`arxiv-agent setup` brings one; then start the table again",
        )
    if asked.stated is not None:
        cell = _read_by_code(paper, asked, asked.stated, services)
        if cell.value or not asked.told_as:
            return cell
    evidence, read = _evidence(paper, asked, services)
    claims = _claims(asked, evidence, services)
    return next((_cell(claim, read) for claim in claims if _fits(claim, asked)), Cell(read=read))


def _read_by_code(paper: Paper, asked: Column, stated: Reader, services: Services) -> Cell:
    """A cell of what papers state in a fixed form, with the sentences that state it."""
    opened = open_text(paper, services)
    if opened is None:
        shown = _of_abstract(paper, asked, services)
        found = stated([_sentence(evidence) for evidence in shown], paper.title)
        quotes = [shown[place] for place in found.places] if found else []
    else:
        found = stated(opened.sentences, paper.title)
        spans = [opened.sentences[place] for place in found.places] if found else []
        quotes = [
            quote for s in spans for quote in opened.within(s.start, s.end, asked.question, 1)
        ]
    keys = Keys()
    cited = tuple(keys.cite(quote, quote.cosine) for quote in quotes)
    return Cell(found.value if found else "", cited, "full text" if opened else "abstract")


def _sentence(evidence: Evidence) -> Sentence:
    end = evidence.start + len(evidence.text)
    return Sentence(evidence.text, 0, evidence.start, end, evidence.reading, "", "abstract", 0)


def _evidence(paper: Paper, asked: Column, services: Services) -> tuple[list[Evidence], str]:
    """The sentences that may fill a cell, and what was read for them."""
    opened = None if asked.in_abstract and paper.abstract else open_text(paper, services)
    if opened is not None:
        sought = asked.told_as or asked.question
        about = asked.about if asked.told_as else frozenset()
        return opened.best_sentences(sought, _SENTENCES, about), "full text"
    return _of_abstract(paper, asked, services), "abstract"


def _of_abstract(paper: Paper, asked: Column, services: Services) -> list[Evidence]:
    hit = Hit(paper, 1.0, 1.0, passes=True)
    limit = services.settings.retrieval.sentences
    return abstract_evidence(asked.question, (hit,), services.embedder, limit)


def _claims(asked: Column, evidence: list[Evidence], services: Services) -> tuple[Claim, ...]:
    if services.reader is None or not evidence:
        return ()
    return write_claims(
        asked.question, evidence, services.reader, services.embedder, services.prompts, Keys()
    )


def _cell(claim: Claim, read: str) -> Cell:
    return Cell(" ".join(claim.text.split()), claim.citations, read)


def _fits(claim: Claim, asked: Column) -> bool:
    """Whether the quotes speak of the column, and hold every number of the value."""
    said = " ".join(citation.quote for citation in claim.citations)
    values = {value_of(number) for number in numbers(said)}
    if {value_of(number) for number in numbers(claim.text)} - values:
        return False
    return not asked.about or bool(asked.about & set(terms(said)))


def _rows(run: Run, services: Services) -> list[Paper]:
    """The papers of the rows; found once, so that a resumed job has the same."""
    asked = run.arguments
    run.tell("finding the papers", 0, 0)
    ids = run.part("papers", lambda: asked["papers"] or _found(asked, services))
    papers = [paper for id_ in ids if (paper := paper_of(id_, services)) is not None]
    if not papers:
        raise AgentError("No paper was found for the table", next_step="Name papers by their ids")
    return papers


def _found(asked: dict[str, Any], services: Services) -> list[str]:
    hits = services.retriever.search(asked["query"], k=asked["most"])
    return [hit.paper.arxiv_id for hit in hits if hit.passes]


def _column_names(question: str, services: Services) -> list[str]:
    typed = columns_of(question) or propose(question, services.reader, services.prompts.works)
    return [one.name for one in typed]
