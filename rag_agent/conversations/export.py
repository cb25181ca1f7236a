"""A conversation as Markdown, to be read and kept elsewhere."""

from collections.abc import Iterable, Sequence

from ingestion.bibtex import bibtex
from rag_agent.answer import Answer
from rag_agent.citation import Citation
from rag_agent.conversations.turn import Turn


def as_markdown(title: str, turns: Sequence[Turn]) -> str:
    """Questions, answers with their quotes, programs, and BibTeX of all papers cited."""
    lines = [f"# {title}", ""]
    for turn in turns:
        lines += [f"## {turn.question}", "", *_answer(turn.answer), ""]
    cited = [c.paper for turn in turns for c in turn.answer.sources]
    papers = {paper.arxiv_id: paper for paper in reversed(cited)}
    if papers:
        entries = "\n\n".join(bibtex(paper) for paper in reversed(papers.values()))
        lines += ["## References", "", "```bibtex", entries, "```", ""]
    return "\n".join(lines)


def _answer(answer: Answer) -> list[str]:
    lines = [answer.text or "No answer was found."]
    lines += _listed("", answer.sources)
    lines += _listed("The nearest sentences, not an answer:", answer.nearest_sentences)
    if answer.missing:
        lines += ["", f"Not found: {'; '.join(answer.missing)}"]
    if answer.code:
        lines += ["", f"```{answer.code.language}", answer.code.program.rstrip(), "```"]
    return lines


def _listed(heading: str, citations: Iterable[Citation]) -> list[str]:
    lines = [_source(citation) for citation in citations]
    return ["", *([heading, ""] if heading else []), *lines] if lines else []


def _source(citation: Citation) -> str:
    """One quote with its source; a summary of this project's own is no quote and is marked as what it is."""
    paper, said = citation.paper, " ".join(citation.quote.split())
    page = f", p. {citation.page}" if citation.page else ""
    words = f"“{said}”" if citation.kind != "summary" else f"{said} (in this project's words)"
    return f"- [{citation.key}] {paper.title}{page} {paper.url}: {words}"
