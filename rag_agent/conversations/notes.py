"""Notes of papers for Obsidian and other Markdown notebooks: a file a paper, with what was quoted of it.

Notes link to one another by citation key where their papers were cited in one answer.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ingestion.cleaning import MATHS, printable
from ingestion.formulas import is_harmless
from ingestion.paper import Paper
from rag_agent.citation import Citation
from rag_agent.conversations.turn import Turn

# https://spec.commonmark.org/0.31.2/#backslash-escapes, where the sign means something in Obsidian
_SIGNS = re.compile(r"([\\`*_\[\]<>#|~=^$%!])")


@dataclass(frozen=True, slots=True)
class Quoted:
    """A quote of a paper, with the question and the sentence that it stood under."""

    question: str
    claim: str
    citation: Citation


def notes(
    papers: Sequence[Paper], keys: Mapping[str, str], turns: Sequence[Turn]
) -> dict[str, str]:
    """Markdown by file name, a note for each paper.

    Args:
        papers: With what the library knows of them.
        keys: Citation keys by id; at least theirs.
        turns: Of all conversations whose quotes shall stand in the notes.
    """
    quotes = {paper.arxiv_id: list(_quotes_of(paper.arxiv_id, turns)) for paper in papers}
    titles = {paper.arxiv_id: paper.title for paper in papers}
    return {
        f"{file_stem(keys[id_])}.md": "\n".join(
            [
                *_head(paper, keys[id_]),
                *_quotes(quotes[id_]),
                *_links(
                    {other: titles[other] for other in _beside(id_, turns) if other in titles}, keys
                ),
            ]
        )
        for paper in papers
        if (id_ := paper.arxiv_id)
    }


def file_stem(key: str) -> str:
    """A citation key as the name of a file, whatever was imported as a key."""
    return re.sub(r"[^\w+-]", "_", key)


def escaped(text: str) -> str:
    """Text by others as Markdown: on one line, harmless formulas set as such, all else as it reads."""
    line, end, parts = " ".join(printable(text).split()), 0, []
    for formula in MATHS.finditer(line):
        bare = formula[0].strip("$")
        if formula[0].startswith("$") and is_harmless(bare.strip()):
            parts += [_escaped(line[end : formula.start()]), f"${bare.strip()}$"]
            end = formula.end()
    return "".join([*parts, _escaped(line[end:])])


def _escaped(text: str) -> str:
    return _SIGNS.sub(r"\\\1", text)


def _head(paper: Paper, key: str) -> Iterator[str]:
    facts = {
        "title": paper.title,
        "aliases": [paper.title],
        "citekey": key,
        "authors": list(paper.authors),
        "year": paper.year,
        "arxiv": paper.arxiv_id if paper.on_arxiv else "",
        "doi": paper.any_doi,
        "journal": paper.journal,
        "url": paper.url,
        "tags": ["paper", *(name.replace(".", "-") for name in paper.categories)],
    }
    yield "---"  # a JSON value is YAML too
    yield from (
        f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in facts.items() if value
    )
    yield from ("---", "", f"# {escaped(paper.title)}", "")
    name = f"arXiv:{paper.arxiv_id}" if paper.on_arxiv else paper.arxiv_id
    yield from ([f"[{name}]({paper.url})", ""] if paper.url else [])
    if paper.abstract:
        own = " (in this project's words)" if paper.origin == "starter" else ""
        yield from (f"## Abstract{own}", "", f"> {escaped(paper.abstract)}", "")


def _quotes(quotes: Iterable[Quoted]) -> Iterator[str]:
    asked = ""
    for quoted in quotes:
        if not asked:
            yield from ("## Quotes", "")
        if quoted.question != asked:
            asked = quoted.question
            yield from (f"### {escaped(asked)}", "")
        yield from (f"{escaped(quoted.claim)}", "", f"> {_words(quoted.citation)}", "")


def _words(citation: Citation) -> str:
    """The quote and its place; a summary of this project's own is marked as what it is."""
    said, paper = escaped(citation.quote), citation.paper
    if citation.kind == "summary":
        return f"{said} (in this project's words)"
    if citation.page is None:
        return f"“{said}” (abstract)"
    page = f"p. {citation.page}"
    pdf = f"{paper.url.replace('/abs/', '/pdf/')}#page={citation.page}"
    return f"“{said}” ({f'[{page}]({pdf})' if paper.on_arxiv else page})"


def _links(titles: Mapping[str, str], keys: Mapping[str, str]) -> Iterator[str]:
    if titles:
        yield from ("## Cited beside it", "")
        yield from (
            f"- [[{file_stem(keys[id_])}]] {escaped(title)}" for id_, title in titles.items()
        )
        yield ""


def _quotes_of(arxiv_id: str, turns: Iterable[Turn]) -> Iterator[Quoted]:
    for turn in turns:
        for claim in turn.answer.claims:
            for citation in claim.citations:
                if citation.paper.arxiv_id == arxiv_id:
                    yield Quoted(turn.question, claim.text, citation)


def _beside(arxiv_id: str, turns: Iterable[Turn]) -> list[str]:
    """Ids of the papers cited in the same answers."""
    cited = [[c.paper.arxiv_id for c in turn.answer.sources] for turn in turns]
    beside = [other for ids in cited if arxiv_id in ids for other in ids if other != arxiv_id]
    return list(dict.fromkeys(beside))
