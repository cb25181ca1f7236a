"""A paper as a row of the collection, and back; and the fingerprint that tells whether it changed."""

import hashlib
import json
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingestion.paper import Paper
from ingestion.store.filters import name_words
from ingestion.store.schema import MAX_AUTHOR_TERMS, MAX_CATEGORIES
from ingestion.terms import keyword_text

_KEYWORD_BYTES = 60_000  # Milvus VARCHAR holds 65,535 bytes


def fingerprint(paper: Paper) -> str:
    """A hash of what is embedded and one of everything the source said, keywords aside, joined by a colon.

    So an unchanged paper is known without extracting keywords, and one whose text is unchanged keeps its vector.
    """
    return f"{_digest(paper.text)}:{_digest(_record(replace(paper, keywords=())))}"


def same_text(one: str, other: str) -> bool:
    """Whether two fingerprints are of papers with the same text."""
    return one.partition(":")[0] == other.partition(":")[0]


def row_of(paper: Paper, vector: NDArray[np.float32], keyword_search: bool) -> dict[str, Any]:
    """The fields of a paper's row; `keyword_text` where the collection has keyword search."""
    names = [category.lower() for category in paper.categories]
    row = {
        "arxiv_id": paper.arxiv_id,
        "vector": vector,
        "record": _record(paper),
        "fingerprint": fingerprint(paper),
        "year": paper.year,
        "origin": paper.origin,
        "category_names": " ".join(paper.categories),
        # An archive stands for all its categories: `cs` finds cs.CL.
        "categories": sorted({*names, *(name.partition(".")[0] for name in names)})[
            :MAX_CATEGORIES
        ],
        "author_terms": sorted({word for name in paper.authors for word in name_words(name)})[
            :MAX_AUTHOR_TERMS
        ],
    }
    if keyword_search:
        row["keyword_text"] = keyword_text(paper).encode()[:_KEYWORD_BYTES].decode(errors="ignore")
    return row


def paper_of(record: str) -> Paper:
    """The paper that a row's field `record` holds."""
    values = json.loads(record)
    for name in ("authors", "categories", "keywords"):
        values[name] = tuple(values[name])
    return Paper(**values)


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _record(paper: Paper) -> str:
    values = {field.name: getattr(paper, field.name) for field in fields(paper)}
    # Left out where empty, so that libraries written before these were known stay as they are.
    for name in ("journal", "doi"):
        if not values[name]:
            del values[name]
    return json.dumps(values, ensure_ascii=False, sort_keys=True)
