r"""Papers as BibTeX and BibLaTeX entries.

Titles stand in double braces, because styles lower-case what does not: `$O(N)$`.
"""

from collections.abc import Mapping, Sequence

from ingestion.bibliography.latex import escaped
from ingestion.bibliography.names import OTHERS, name_of
from ingestion.paper import Paper


def bibtex(papers: Sequence[Paper], keys: Mapping[str, str]) -> str:
    """BibTeX entries with blank lines between them; `keys` by the papers' ids."""
    return "\n\n".join(_bibtex(keys[paper.arxiv_id], paper) for paper in papers)


def biblatex(papers: Sequence[Paper], keys: Mapping[str, str]) -> str:
    """BibLaTeX entries: dates to the day, and arXiv's fields as BibLaTeX names them."""
    return "\n\n".join(_biblatex(keys[paper.arxiv_id], paper) for paper in papers)


def _bibtex(key: str, paper: Paper) -> str:
    fields = {
        **_work(paper),
        "journal": escaped(paper.journal),
        "year": str(paper.year or ""),
        **_on_arxiv(paper, prefix="archivePrefix", primary="primaryClass"),
    }
    return _entry("article" if paper.journal else "misc", key, fields)


def _biblatex(key: str, paper: Paper) -> str:
    month = f"-{paper.month:02}" if paper.month else ""
    fields = {
        **_work(paper),
        "journaltitle": escaped(paper.journal),
        "date": paper.published[:10] or (f"{paper.year}{month}" if paper.year else ""),
        **_on_arxiv(paper, prefix="eprinttype", primary="eprintclass"),
        "version": str(paper.version or ""),
    }
    return _entry("article" if paper.journal else "online" if paper.url else "misc", key, fields)


def _entry(kind: str, key: str, fields: Mapping[str, str]) -> str:
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])


def _work(paper: Paper) -> dict[str, str]:
    title = escaped(paper.title)
    return {
        "title": f"{{{title}}}" if title else "",
        "author": " and ".join(_author(name) for name in paper.authors if name.strip()),
    }


def _on_arxiv(paper: Paper, *, prefix: str, primary: str) -> dict[str, str]:
    if not paper.on_arxiv:
        return {"doi": escaped(paper.doi), "url": paper.url}
    return {
        "eprint": paper.arxiv_id,
        prefix: "arXiv",
        primary: escaped(paper.categories[0]) if paper.categories else "",
        "doi": escaped(paper.any_doi),
        "url": paper.url,
    }


def _author(author: str) -> str:
    """One author as BibTeX splits names: a group in braces, a suffix between family and first names."""
    if author == OTHERS:
        return "others"
    if author.lower() == "others":
        return f"{{{escaped(author)}}}"
    name = name_of(author)
    if name.is_whole and len(author.split()) > 1:
        return f"{{{escaped(author)}}}"
    if name.suffix:
        family = f"{name.particle} {name.family}".strip()
        return f"{escaped(family)}, {escaped(name.suffix)}, {escaped(name.given)}"
    return escaped(author)
