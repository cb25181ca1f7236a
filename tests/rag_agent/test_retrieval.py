from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ingestion.errors import KeywordUnsupported
from ingestion.paper import Paper
from ingestion.store.filters import ANY, Filters
from ingestion.terms import keyword_text
from rag_agent.citation import Hit
from rag_agent.retrieval import Fusion, Retriever, fused, query_terms
from rag_agent.settings import Mode, RetrievalSettings

PAPERS = [
    ("1706.03762", "Attention Is All You Need", "A transformer without recurrence.", 0.9),
    ("2106.09685", "LoRA", "Low-rank adaptation of large language models.", 0.6),
    ("1512.03385", "Deep Residual Learning", "Residual networks for images.", 0.3),
    ("2005.11401", "Retrieval-Augmented Generation", "Passages help a language model.", 0.1),
]
QUERY = np.eye(1, 8, dtype=np.float32)[0]


class FixedEmbedder:
    """Embeds every query to the first axis."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.tile(QUERY, (len(texts), 1))


class MemoryStore:
    """A store of a few papers: exact cosine, and the count of common terms for BM25."""

    def __init__(self, papers: Sequence[tuple[str, str, str, float]], keyword: bool = True) -> None:
        self._keyword = keyword
        self._papers = {
            id_: Paper(id_, title, abstract, ("Ada Byron",), ("cs.CL",), 2017)
            for id_, title, abstract, _ in papers
        }
        self._vectors = {}
        for row, (id_, _, _, cosine) in enumerate(papers):
            vector = np.zeros(8, np.float32)
            vector[0], vector[1 + row % 7] = cosine, np.sqrt(1 - cosine**2)
            self._vectors[id_] = vector

        self.info = SimpleNamespace(keyword_search=keyword)

    def count(self) -> int:
        return len(self._papers)

    def dense(
        self, vector: NDArray[np.float32], k: int, filters: Filters
    ) -> list[tuple[str, float]]:
        scores = {id_: float(row @ vector) for id_, row in self._vectors.items()}
        return sorted(scores.items(), key=lambda hit: -hit[1])[:k]

    def keyword(self, text: str, k: int, filters: Filters = ANY) -> list[tuple[str, float]]:
        if not self._keyword:
            raise KeywordUnsupported("this server is older")
        words = text.split()
        scores = {
            id_: float(sum(keyword_text(paper).split().count(word) for word in words))
            for id_, paper in self._papers.items()
        }
        return sorted(((i, s) for i, s in scores.items() if s), key=lambda hit: -hit[1])[:k]

    def get(self, ids: Sequence[str]) -> dict[str, Paper]:
        return {id_: self._papers[id_] for id_ in ids if id_ in self._papers}

    def vectors(self, ids: Sequence[str]) -> NDArray[np.float32]:
        return np.array([self._vectors[id_] for id_ in ids], np.float32).reshape(-1, 8)

    def candidates(self, ids: Sequence[str]) -> tuple[list[str], NDArray[np.float32]]:
        known = [id_ for id_ in ids if id_ in self._papers]
        return known, self.vectors(known)


def search(
    query: str,
    *,
    papers: Sequence[tuple[str, str, str, float]] = PAPERS,
    keyword: bool = True,
    mode: Mode = "hybrid",
    k: int | None = None,
    threshold: float | None = None,
) -> tuple[Hit, ...]:
    store, settings = MemoryStore(papers, keyword), RetrievalSettings()
    retriever = Retriever(store, FixedEmbedder(), settings)  # type: ignore[arg-type]
    return retriever.search(query, mode=mode, k=k, threshold=threshold)


def ids(hits: Sequence[Hit]) -> list[str]:
    return [hit.paper.arxiv_id for hit in hits]


@pytest.mark.parametrize("mode", ["dense", "keyword", "hybrid"])
def test_every_hit_has_its_raw_cosine_and_is_judged_on_it(mode: Mode) -> None:
    cosine = {id_: c for id_, _, _, c in PAPERS}
    hits = search("language model", mode=mode)
    assert hits
    for hit in hits:
        assert hit.cosine == pytest.approx(cosine[hit.paper.arxiv_id], abs=1e-6)
        assert hit.passes == (hit.cosine >= 0.5)
        assert hit.passes_by == ("cosine" if hit.passes else "")


def test_a_keyword_only_hit_is_returned_but_does_not_pass() -> None:
    hits = search("language model", mode="keyword")
    assert ids(hits) == ["2106.09685", "2005.11401"]
    assert [hit.passes for hit in hits] == [True, False]


CROWD = [(f"2101.{n:05}", f"Models {n}", "A model of language.", 0.2) for n in range(30)]
RWKV = ("2305.13048", "RWKV: Reinventing RNNs for the Transformer Era", "A model of tokens.", 0.467)


@pytest.mark.parametrize(
    ("query", "by"),
    [
        ("RWKV", "term"),
        ("papers about RWKV", "term"),
        ("the RWKV model", "term"),
        ("RWKV: Reinventing RNNs for the Transformer Era", "title"),
        ("tokens", "term"),  # one rare term, in the abstract
        ("tokens of a model", ""),  # not in the title
        ("language model", ""),  # no rare term
        ("RWKV zebras", ""),  # a word that no paper has
        ("do RWKV models eat more zebras than lions in the savanna", ""),
        ("2305", ""),
        ("", ""),
    ],
)
def test_a_query_that_names_a_paper_finds_it_below_the_threshold(query: str, by: str) -> None:
    hits = {hit.paper.arxiv_id: hit for hit in search(query, papers=[RWKV, *CROWD], k=40)}
    assert (hits[RWKV[0]].passes, hits[RWKV[0]].passes_by) == (bool(by), by)
    assert not any(hit.passes for id_, hit in hits.items() if id_ != RWKV[0])


def test_a_server_without_keyword_search_knows_titles_alone() -> None:
    for query, by in (("RWKV", ""), (RWKV[1], "title")):
        (hit, *_) = search(query, papers=[RWKV, *CROWD], mode="dense", keyword=False)
        assert hit.passes_by == by


def test_hybrid_ranks_first_what_both_searches_like() -> None:
    assert ids(search("low-rank adaptation"))[0] == "2106.09685"


def test_no_threshold_reaches_nothing() -> None:
    assert not any(hit.passes for hit in search("attention", threshold=0.95))


def test_words_nobody_uses_leave_the_dense_order() -> None:
    assert ids(search("zebra", k=2)) == ["1706.03762", "2106.09685"]
    assert search("zebra", mode="keyword") == ()


@pytest.mark.parametrize("mode", ["dense", "keyword", "hybrid"])
def test_an_empty_library_finds_nothing(mode: Mode) -> None:
    assert search("attention", papers=[], mode=mode) == ()


def test_hits_are_ordered_by_score_and_no_more_than_asked() -> None:
    hits = search("attention for language", k=3)
    assert len(hits) == 3
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_a_server_without_keyword_search_says_so_instead_of_searching_half() -> None:
    assert search("attention", keyword=False, mode="dense")
    with pytest.raises(KeywordUnsupported):
        search("attention", keyword=False)


def test_words_that_ask_for_papers_are_not_searched_for() -> None:
    assert query_terms("I am interested in articles about LoRA") == ["lora"]
    assert query_terms("papers") == ["paper"]


def test_of_two_papers_alike_in_score_the_one_with_near_neighbours_is_first() -> None:
    vectors = np.eye(6, 8, dtype=np.float32)
    vectors[1] = vectors[0] * 0.8 + vectors[1] * 0.6  # beside the first, whose cosine is high
    cosines = np.array([0.9, 0.5, 0.5, 0.1, 0.1, 0.1], np.float32)
    scores = fused(cosines, np.zeros(6, np.float32), vectors, Fusion())
    assert scores[1] > scores[2]
    plain = fused(cosines, np.zeros(6, np.float32), vectors, Fusion(neighbours=0))
    assert plain[1] == plain[2]


@given(st.integers(1, 30), st.integers(0, 2**32 - 1))
def test_fused_scores_are_finite_and_do_not_depend_on_the_order(n: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    vectors = random.standard_normal((n, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines, keyword = vectors @ QUERY, random.random(n).astype(np.float32)
    scores = fused(cosines, keyword, vectors, Fusion())
    other = random.permutation(n)
    again = fused(cosines[other], keyword[other], vectors[other], Fusion())
    assert np.isfinite(scores).all()
    assert again == pytest.approx(scores[other], abs=1e-4)


@pytest.mark.slow
def test_real_library_finds_the_paper_by_its_own_title(home: Path, shared_data: Path) -> None:
    from bench.datasets import read_documents
    from bench.library import TemporaryLibrary

    papers = list(islice(read_documents(shared_data / "arxiv/tiny-1k.jsonl.gz"), 60))
    with TemporaryLibrary() as library:
        library.add(papers)
        retriever = Retriever(library.store, library.embedder, RetrievalSettings())
        hits = retriever.search(papers[7].title)
    assert hits[0].paper.arxiv_id == papers[7].arxiv_id
