"""Papers by title: the one meant, among those that the library has."""

from ingestion.embedding import Embedder
from ingestion.paper import Paper
from ingestion.store.collection import Store
from ingestion.terms import terms

_CANDIDATES = 8  # of each search
_LEAST_SHARED = 0.7  # of the words of both titles; a first choice, not searched for


def paper_called(title: str, store: Store, embedder: Embedder) -> Paper | None:
    """The paper of this title, or of this short name, such as `BERT`; None where the library has none.

    Args:
        title: As somebody remembers it. It need not be whole.
        store: The library.
        embedder: The model whose vectors the library holds.
    """
    wanted = title.strip().casefold()
    candidates = _candidates(title, store, embedder) if terms(title) else []
    for fits in (_is_it, _shares_words, _names_it):
        for paper in candidates:
            if fits(paper, wanted):
                return paper
    return None


def _candidates(title: str, store: Store, embedder: Embedder) -> list[Paper]:
    """The nearest papers by meaning, then by words."""
    found = store.dense(embedder.encode([title])[0], _CANDIDATES)
    if store.info.keyword_search:
        found += store.keyword(" ".join(terms(title)), _CANDIDATES)
    papers = store.get(list(dict.fromkeys(id_ for id_, _ in found)))
    return [papers[id_] for id_ in dict.fromkeys(id_ for id_, _ in found) if id_ in papers]


def _is_it(paper: Paper, wanted: str) -> bool:
    title = paper.title.casefold()
    return wanted in (title, title.partition(":")[0].strip())


def _shares_words(paper: Paper, wanted: str) -> bool:
    asked, found = set(terms(wanted)), set(terms(paper.title))
    return len(asked & found) >= _LEAST_SHARED * len(asked | found)


def _names_it(paper: Paper, wanted: str) -> bool:
    return wanted in paper.title.casefold() or f"({wanted})" in paper.abstract.casefold()
