"""A conversation as Markdown, to be read and kept elsewhere."""

from collections.abc import Callable, Iterable, Sequence

from ingestion.bibliography import exported
from ingestion.paper import Paper
from rag_agent.answer import Answer
from rag_agent.citation import Citation, in_words, where_in
from rag_agent.conversations.turn import Turn

References = Callable[[Sequence[Paper]], str]
"""Writes papers as BibTeX; `Library.references` knows most of them."""


def as_markdown(title: str, turns: Sequence[Turn], references: References = exported) -> str:
    """Questions, answers with their quotes, programs, and BibTeX of all papers cited."""
    lines = [f"# {title}", ""]
    for turn in turns:
        lines += [f"## {turn.question}", "", *_about(turn.answer.about), *_answer(turn.answer), ""]
    if papers := cited_papers(turns):
        lines += ["## References", "", "```bibtex", references(papers), "```", ""]
    return "\n".join(lines)


def cited_papers(turns: Iterable[Turn]) -> list[Paper]:
    """The papers that stand behind the answers, each once, in the order in which they were first cited."""
    cited = [citation.paper for turn in turns for citation in turn.answer.sources]
    return list({paper.arxiv_id: paper for paper in reversed(cited)}.values())[::-1]


def _about(passage: Citation | None) -> list[str]:
    """The passage that a question is about."""
    if passage is None:
        return []
    return ["About this passage:", "", _source(passage).replace("[0] ", "", 1), ""]


def _answer(answer: Answer) -> list[str]:
    lines = [answer.text] if answer.text or answer.notices else ["No answer was found."]
    lines += [f"*{notice}*" for notice in answer.notices]  # such as that it was stopped
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
    whose = f" ({where_in(citation)})" if citation.kind == "summary" else ""
    return f"- [{citation.key}] {paper.title}{page} {paper.url}: {in_words(citation, said)}{whose}"
