"""Dense and keyword search of the library, fused."""

from ingestion.embedding import Embedder
from ingestion.store import Filters, Store
from ingestion.terms import terms
from rag_agent.answer import Hit
from rag_agent.settings import Mode, RetrievalSettings


class Retriever:
    """Searches the library."""

    def __init__(self, store: Store, embedder: Embedder, settings: RetrievalSettings) -> None:
        self._store, self._embedder, self._settings = store, embedder, settings

    def search(
        self,
        query: str,
        *,
        k: int | None = None,
        mode: Mode | None = None,
        threshold: float | None = None,
        filters: Filters | None = None,
    ) -> tuple[Hit, ...]:
        """Provisional."""
        k = k or self._settings.top_k
        threshold = self._settings.threshold if threshold is None else threshold
        filters = filters or Filters()
        mode = mode or self._settings.mode
        vector = self._embedder.encode([query])[0]
        dense = dict(self._store.dense(vector, 100, filters)) if mode != "keyword" else {}
        words = (
            dict(self._store.keyword(" ".join(terms(query)), 100, filters))
            if mode != "dense"
            else {}
        )
        ids = list({**dense, **words})
        cosines = (
            dict(zip(ids, (self._store.vectors(ids) @ vector).tolist(), strict=True)) if ids else {}
        )
        top = max(words.values(), default=1.0)
        scores = {
            i: (cosines[i] if mode != "keyword" else 0.0) + 0.5 * words.get(i, 0.0) / top
            for i in ids
        }
        best = sorted(ids, key=lambda i: -scores[i])[:k]
        papers = self._store.get(best)
        return tuple(Hit(papers[i], cosines[i], scores[i], cosines[i] >= threshold) for i in best)
