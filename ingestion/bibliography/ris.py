"""Papers as RIS records, the form that every reference manager reads.

Tags and types as in https://en.wikipedia.org/wiki/RIS_(file_format): UNPB is a preprint, JOUR an article.
"""

from collections.abc import Iterator, Mapping, Sequence

from ingestion.bibliography.names import OTHERS, name_of
from ingestion.bibliography.readable import readable
from ingestion.paper import Paper


def ris(papers: Sequence[Paper], keys: Mapping[str, str]) -> str:
    """RIS records with blank lines between them; `keys` by the papers' ids."""
    return "\n\n".join(_record(keys[paper.arxiv_id], paper) for paper in papers)


def _record(key: str, paper: Paper) -> str:
    lines = [f"{tag}  - {readable(value)}" for tag, value in _fields(key, paper) if value.strip()]
    return "\n".join([*lines, "ER  - "])


def _fields(key: str, paper: Paper) -> Iterator[tuple[str, str]]:
    yield "TY", "JOUR" if paper.journal else "UNPB"
    yield "ID", key
    yield "TI", paper.title
    for author in paper.authors:
        yield "AU", _author(author)
    yield "PY", str(paper.year or "")
    yield "DA", paper.published[:10].replace("-", "/")
    yield "JO", paper.journal
    yield "DO", paper.any_doi
    if paper.on_arxiv:
        yield "PB", "" if paper.journal else "arXiv"
        yield "AN", f"arXiv:{paper.arxiv_id}"
    if paper.url:
        yield "UR", paper.url
    if paper.origin != "starter":  # whose summary is not the authors' abstract
        yield "AB", paper.abstract
    for keyword in (*paper.categories, *paper.keywords):
        yield "KW", keyword


def _author(author: str) -> str:
    """`Family, Given, Suffix`; a group as it is."""
    if author == OTHERS:
        return "et al."
    name = name_of(author)
    family = f"{name.particle} {name.family}".strip()
    return ", ".join(part for part in (family, name.given, name.suffix) if part)
