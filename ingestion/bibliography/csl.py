"""Papers as CSL-JSON, which citation processors and pandoc read.

Names of fields: https://docs.citationstyles.org/en/stable/specification.html; `article` is a preprint.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ingestion.bibliography.names import OTHERS, name_of
from ingestion.bibliography.readable import readable
from ingestion.paper import Paper


def csl_json(papers: Sequence[Paper], keys: Mapping[str, str]) -> str:
    """A JSON array of items; `keys` by the papers' ids."""
    items = [_item(keys[paper.arxiv_id], paper) for paper in papers]
    return json.dumps(items, ensure_ascii=False, indent=2)


def _item(key: str, paper: Paper) -> dict[str, Any]:
    on_arxiv = paper.on_arxiv
    fields = {
        "id": key,
        "type": "article-journal" if paper.journal else "article",
        "title": readable(paper.title),
        "author": [_author(author) for author in paper.authors if author.strip()],
        "issued": {"date-parts": [_date(paper)]} if paper.year else None,
        "container-title": readable(paper.journal),
        "publisher": "arXiv" if on_arxiv and not paper.journal else "",
        "number": f"arXiv:{paper.arxiv_id}" if on_arxiv else "",
        "DOI": paper.any_doi,
        "URL": paper.url,
        "abstract": readable(paper.abstract) if paper.origin != "starter" else "",
        "keyword": ", ".join((*paper.categories, *paper.keywords)),
    }
    return {name: value for name, value in fields.items() if value}


def _author(author: str) -> dict[str, str]:
    if author == OTHERS:
        return {"literal": "et al."}
    name = name_of(author)
    if name.is_whole:
        return {"literal": name.family}
    parts = {
        "family": name.family,
        "given": name.given,
        "non-dropping-particle": name.particle,
        "suffix": name.suffix,
    }
    return {part: value for part, value in parts.items() if value}


def _date(paper: Paper) -> list[int]:
    """Year, month and day, as far as they are known."""
    if len(paper.published) >= len("2020-05-22"):
        return [int(part) for part in paper.published[:10].split("-")]
    return [paper.year, paper.month] if paper.month else [paper.year]
