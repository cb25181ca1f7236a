"""What people would use instead, each as plainly as its own documentation shows it.

Every rival ranks the same texts, title and abstract joined, and returns its best hundred for each query.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.datasets import Dataset
from bench.vectors import cached
from ingestion.machine import weights
from rag_agent.settings import home_folder

MODEL = "sentence-transformers/all-MiniLM-L6-v2"
DEPTH = 100
Matrix = NDArray[np.float32]
Rankings = dict[str, list[str]]


class Rivals:
    """Rankings by rival, each computed on first use.

    Args:
        dataset: What is searched for in what.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._ids = [paper.arxiv_id for paper in dataset.papers]
        self._texts = [paper.text.strip() for paper in dataset.papers]
        self._queries = list(dataset.queries.values())
        self._model: Any = None

    def run(self, say: Callable[[str], None]) -> dict[str, Rankings]:
        """All rivals' rankings by name."""
        say("rivals: bm25s")
        keyword = self._bm25s()  # (queries, documents)
        say("rivals: sentence-transformers")
        documents = cached("plain", self._texts, self._encode)
        queries = self._encode(self._queries)
        dense = queries @ documents.T  # (queries, documents)
        say("rivals: LangChain")
        return {
            "rival bm25s": self._best(keyword),
            "rival MiniLM brute force": self._best(dense),
            "rival rank fusion": self._best(_reciprocal_ranks(dense) + _reciprocal_ranks(keyword)),
            "rival weighted fusion": self._best(0.5 * _min_max(dense) + 0.5 * _min_max(keyword)),
            **self._langchain(documents, queries),
        }

    def _bm25s(self) -> Matrix:
        """Scores by bm25s with its English stop words and Snowball's stemmer, else its defaults."""
        import bm25s
        import Stemmer

        stemmer = Stemmer.Stemmer("english")
        index = bm25s.BM25()
        tokens = bm25s.tokenize(self._texts, stopwords="en", stemmer=stemmer, show_progress=False)
        index.index(tokens, show_progress=False)
        asked = bm25s.tokenize(
            self._queries, stopwords="en", stemmer=stemmer, return_ids=False, show_progress=False
        )
        return np.stack(
            [index.get_scores(words) if words else np.zeros(len(self._ids)) for words in asked]
        ).astype(np.float32)

    def _encode(self, texts: Sequence[str]) -> Matrix:
        """fp32 vectors from `SentenceTransformer.encode` with its defaults, norm 1."""
        if self._model is None:
            from sentence_transformers import SentenceTransformer

            self._model = SentenceTransformer(str(weights.resolve(MODEL, home_folder())))
        vectors = self._model.encode(
            list(texts), normalize_embeddings=True, show_progress_bar=False
        )
        return np.asarray(vectors, np.float32)

    def _langchain(self, documents: Matrix, queries: Matrix) -> dict[str, Rankings]:
        """InMemoryVectorStore, and EnsembleRetriever over it and BM25Retriever, with their defaults."""
        from langchain_classic.retrievers import EnsembleRetriever
        from langchain_community.retrievers import BM25Retriever
        from langchain_core.vectorstores import InMemoryVectorStore

        embeddings = _known_embeddings(
            dict(zip(self._texts, documents, strict=True)),
            dict(zip(self._queries, queries, strict=True)),
        )
        notes = [{"id": id_} for id_ in self._ids]
        store = InMemoryVectorStore.from_texts(self._texts, embeddings, metadatas=notes)
        by_vector = store.as_retriever(search_kwargs={"k": DEPTH})
        by_word = BM25Retriever.from_texts(self._texts, metadatas=notes, k=DEPTH)
        both = EnsembleRetriever(retrievers=[by_word, by_vector], weights=[0.5, 0.5], id_key="id")
        return {
            name: {
                query: [found.metadata["id"] for found in retriever.invoke(text)][:DEPTH]
                for query, text in self._dataset.queries.items()
            }
            for name, retriever in (
                ("rival LangChain in memory", by_vector),
                ("rival LangChain ensemble", both),
            )
        }

    def _best(self, scores: Matrix) -> Rankings:
        order = np.argsort(-scores, axis=1, kind="stable")[:, :DEPTH]
        return {
            query: [self._ids[i] for i in row]
            for query, row in zip(self._dataset.queries, order.tolist(), strict=True)
        }


def _known_embeddings(documents: Mapping[str, Matrix], queries: Mapping[str, Matrix]) -> Any:
    """LangChain's Embeddings over vectors that are already there: its search is what is compared."""
    from langchain_core.embeddings import Embeddings

    class Known(Embeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return [documents[text].tolist() for text in texts]

        def embed_query(self, text: str) -> list[float]:
            vector: list[float] = queries[text].tolist()
            return vector

    return Known()


def _min_max(scores: Matrix) -> Matrix:
    low, high = scores.min(axis=1, keepdims=True), scores.max(axis=1, keepdims=True)
    return np.asarray((scores - low) / np.maximum(high - low, 1e-9))


def _reciprocal_ranks(scores: Matrix) -> Matrix:
    """1 / (60 + rank), as Cormack, Clarke and Büttcher 2009."""
    ranks = np.argsort(np.argsort(-scores, axis=1, kind="stable"), axis=1) + 1
    return np.asarray(1 / (60 + ranks), np.float32)
