"""The library, on Milvus Lite and (slow) on a real Milvus server: the same tests."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ingestion.embedding import HashingEmbedder
from ingestion.errors import KeywordUnsupported, SchemaMismatch, StoreError, StoreUnavailable
from ingestion.paper import Paper
from ingestion.settings import StoreSettings
from ingestion.store import Filters, Store, collection, fingerprint, name_words, same_text
from ingestion.terms import terms
from tests.papers import LIGHTHOUSE, PAPERS, PONDS, SOURDOUGH, numbered


@pytest.fixture(
    scope="module", params=["lite", pytest.param("server", marks=pytest.mark.slow)], ids=str
)
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[StoreSettings, Path]]:
    """Settings with a collection of this module's own, and the data folder."""
    collection = f"c{uuid4().hex}"
    if request.param == "server":
        uri = request.getfixturevalue("milvus_uri")
        yield StoreSettings(uri=uri, collection=collection), tmp_path_factory.mktemp("unused")
        return
    home = tmp_path_factory.mktemp("home")
    (home / "library").symlink_to(request.getfixturevalue("milvus_lite"))
    yield StoreSettings(collection=collection), home


@pytest.fixture(scope="module")
def opened(place: tuple[StoreSettings, Path], embedder: HashingEmbedder) -> Iterator[Store]:
    with ExitStack() as stack:
        store = Store(*place, embedder.name, lambda: embedder.dim)
        stack.callback(store.close)
        yield store


@pytest.fixture
def store(opened: Store) -> Store:
    """An empty library."""
    opened.delete([paper.arxiv_id for paper in opened.papers()])
    opened.flush()  # a server counts deleted rows until then
    return opened


@pytest.fixture
def filled(store: Store, embedder: HashingEmbedder) -> Store:
    """A library with three papers."""
    write(store, embedder, *PAPERS)
    return store


def write(store: Store, embedder: HashingEmbedder, *papers: Paper) -> None:
    store.upsert(papers, embedder.encode([paper.text for paper in papers]))


@pytest.mark.long
def test_a_paper_comes_back_as_it_went_in(store: Store, embedder: HashingEmbedder) -> None:
    paper = replace(
        SOURDOUGH,
        title='Quotes " and \\ backslashes, 中文 and עברית',
        comment="20 pages; see https://example.org/?a=1&b='2'",
        published="2027-11-03",
        updated="2027-11-05",
    )
    write(store, embedder, paper)
    assert store.get([paper.arxiv_id, "2711.99999"]) == {paper.arxiv_id: paper}
    assert list(store.papers()) == [paper]


def test_writing_an_id_again_replaces_the_paper(store: Store, embedder: HashingEmbedder) -> None:
    write(store, embedder, SOURDOUGH)
    changed = replace(SOURDOUGH, title="Sourdough, revisited", version=3)
    write(store, embedder, changed)
    assert store.count() == 1
    assert store.get([SOURDOUGH.arxiv_id])[SOURDOUGH.arxiv_id] == changed


def test_dense_search_gives_the_raw_cosine_best_first(
    filled: Store, embedder: HashingEmbedder
) -> None:
    query = embedder.encode(["the sound of sourdough bubbles"])[0]
    hits = filled.dense(query, 10)
    assert hits[0][0] == SOURDOUGH.arxiv_id
    assert len(hits) == 3
    for id_, cosine in hits:
        assert cosine == pytest.approx(float(filled.vectors([id_])[0] @ query), abs=1e-4)
    assert [cosine for _, cosine in hits] == sorted((c for _, c in hits), reverse=True)


@pytest.mark.parametrize(("k", "least"), [(10, 128), (200, 400)])
def test_a_server_is_told_to_look_at_more_papers_than_it_gives(
    filled: Store, monkeypatch: pytest.MonkeyPatch, k: int, least: int
) -> None:
    told: list[dict[str, Any]] = []

    class Client:
        def search(self, *args: Any, **options: Any) -> list[list[Any]]:
            told.append(options["search_params"])
            return [[]]

    monkeypatch.setattr(filled._connection, "call", lambda work: work(Client()))
    filled.dense(np.ones(8, np.float32), k)
    assert told == [{"metric_type": "COSINE", "params": {"ef": least}}]


def test_a_text_finds_itself_with_a_cosine_of_one(filled: Store, embedder: HashingEmbedder) -> None:
    (hit,) = filled.dense(embedder.encode([PONDS.text])[0], 1)
    assert hit == (PONDS.arxiv_id, pytest.approx(1.0, abs=1e-5))


def test_vectors_come_in_the_order_asked_for(filled: Store, embedder: HashingEmbedder) -> None:
    ids = [PONDS.arxiv_id, SOURDOUGH.arxiv_id]
    expected = embedder.encode([PONDS.text, SOURDOUGH.text])
    np.testing.assert_allclose(filled.vectors(ids), expected, atol=1e-6)
    assert filled.vectors([]).shape == (0, embedder.dim)
    with pytest.raises(KeyError):
        filled.vectors(["2711.99999"])


def test_keyword_search_finds_stems_and_names(filled: Store) -> None:
    if not filled.info.keyword_search:
        with pytest.raises(KeywordUnsupported, match=r"2\.5"):
            filled.keyword("lens", 5)
        return
    assert [id_ for id_, _ in filled.keyword(" ".join(terms("a measured lens")), 5)] == [
        LIGHTHOUSE.arxiv_id,
        PONDS.arxiv_id,
    ]
    assert filled.keyword(" ".join(terms("Börje Müller")), 5)[0][0] == SOURDOUGH.arxiv_id
    scores = [score for _, score in filled.keyword(" ".join(terms("example tide surface")), 5)]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) > 0


def test_keyword_search_without_a_known_term_finds_nothing(filled: Store) -> None:
    if not filled.info.keyword_search:
        pytest.skip("this server has no keyword search")
    assert filled.keyword("", 5) == []
    assert filled.keyword("zeppelin", 5) == []


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(), {1, 2, 3}),
        (Filters(category="cs.SD"), {1}),
        (Filters(category="CS.sd"), {1}),
        (Filters(category="physics"), {2, 3}),
        (Filters(category="cs.CL"), set()),
        (Filters(category="physics.*"), set()),
        (Filters(category="%"), set()),
        (Filters(author="Muller"), {1}),
        (Filters(author="müller börje"), {1}),
        (Filters(author="O'Example"), {2}),
        (Filters(author="Example"), {1, 2, 3}),
        (Filters(author='Example" or year > 0 or "'), set()),
        (Filters(author="%"), set()),
        (Filters(from_year=2027), {1, 2}),
        (Filters(to_year=2026), {3}),
        (Filters(without=("2711.00001", "2711.00002")), {3}),
        (Filters(without=('"',), only=("2711.00001", "2711.00003"), from_year=2027), {1}),
        (Filters(category="physics", from_year=2027, to_year=2027, author="cleo"), {2}),
    ],
)
@pytest.mark.long
def test_filters(
    filled: Store, embedder: HashingEmbedder, filters: Filters, expected: set[int]
) -> None:
    ids = {f"2711.0000{number}" for number in expected}
    assert {paper.arxiv_id for paper in filled.papers(filters)} == ids
    assert {id_ for id_, _ in filled.dense(embedder.encode(["tide"])[0], 10, filters)} == ids
    if filled.info.keyword_search:
        assert {id_ for id_, _ in filled.keyword("exampl", 10, filters)} == ids


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(value="cs.SD\b\n\u2028")
@example(value="\udcff")
@given(value=st.text(st.characters(), min_size=1, max_size=60))
def test_filter_values_are_data(filled: Store, embedder: HashingEmbedder, value: str) -> None:
    """No text is a syntax error or selects papers that it does not name."""
    vector = embedder.encode(["tide"])[0]
    known = {word for paper in PAPERS for name in paper.authors for word in name_words(name)}
    for id_, _ in filled.dense(vector, 10, Filters(author=value)):
        assert set(name_words(value)) <= known, id_
    for id_, _ in filled.dense(vector, 10, Filters(category=value)):
        categories = filled.get([id_])[id_].categories
        assert any(value.lower() in (c.lower(), c.partition(".")[0]) for c in categories)


def test_text_that_bends_a_filter_is_found_by_itself(
    store: Store, embedder: HashingEmbedder
) -> None:
    odd = replace(PONDS, categories=('q"u\\o%te_*',), authors=("Li 李明", "D'Ar\\cy"))
    write(store, embedder, odd, SOURDOUGH)
    for filters in (
        Filters(category='q"u\\o%te_*'),
        Filters(author="李明"),
        Filters(author="d'ar\\cy"),
    ):
        assert [paper.arxiv_id for paper in store.papers(filters)] == [odd.arxiv_id]


def test_delete_says_how_many_were_there(filled: Store) -> None:
    assert filled.delete([SOURDOUGH.arxiv_id, "2711.99999"]) == 1
    filled.flush()
    assert filled.count() == 2
    assert filled.delete([SOURDOUGH.arxiv_id]) == 0
    assert filled.get([SOURDOUGH.arxiv_id]) == {}


@pytest.mark.long
def test_more_papers_than_one_call_takes(
    store: Store, embedder: HashingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collection, "_SMALL_ROWS", 400)
    monkeypatch.setattr(collection, "_PAPERS", 400)
    papers = numbered(1100)
    write(store, embedder, *papers)
    store.flush()
    assert store.count() == 1100
    assert {paper.arxiv_id for paper in store.papers()} == {paper.arxiv_id for paper in papers}
    assert len(store.fingerprints([paper.arxiv_id for paper in papers])) == 1100
    assert sum(1 for _ in store.histogram()) == 1100


def test_histogram_tells_year_categories_and_origin(filled: Store) -> None:
    assert sorted(filled.histogram()) == [
        (2026, ("physics.geo-ph",), "arxiv"),
        (2027, ("eess.AS", "cs.SD"), "arxiv"),
        (2027, ("physics.optics",), "arxiv"),
    ]


def test_the_longest_records_fit(store: Store, embedder: HashingEmbedder) -> None:
    long = replace(
        SOURDOUGH,
        abstract="中" * 12_000,
        authors=tuple(f"Author{n} Number{n}" for n in range(400)),
        categories=tuple(f"cs.C{n}" for n in range(80)),
    )
    write(store, embedder, long)
    assert store.get([long.arxiv_id])[long.arxiv_id] == long


def test_fingerprints_tell_changed_text_from_changed_record() -> None:
    renamed = replace(SOURDOUGH, comment="now with a comment")
    rewritten = replace(SOURDOUGH, abstract="Another abstract.")
    assert fingerprint(renamed) != fingerprint(SOURDOUGH)
    assert same_text(fingerprint(renamed), fingerprint(SOURDOUGH))
    assert not same_text(fingerprint(rewritten), fingerprint(SOURDOUGH))
    assert fingerprint(replace(SOURDOUGH, keywords=("other",))) == fingerprint(SOURDOUGH)


def test_another_embedding_model_is_refused_with_the_way_on(
    place: tuple[StoreSettings, Path], filled: Store
) -> None:
    with pytest.raises(SchemaMismatch) as caught:
        Store(*place, "another-model", lambda: 512)
    message = str(caught.value)
    assert "hashing-512" in message
    assert "another-model" in message
    assert "untouched" in message
    assert "ARXIV_AGENT_EMBEDDING__MODEL" in message
    assert filled.count() == 3


def test_a_reopened_library_does_not_ask_for_the_dimension(
    place: tuple[StoreSettings, Path], filled: Store, embedder: HashingEmbedder
) -> None:
    def load_the_model() -> int:
        raise AssertionError("the model was loaded")

    again = Store(*place, embedder.name, load_the_model)
    assert again.info == filled.info
    assert again.info.dim == embedder.dim
    again.close()


def test_vectors_of_another_length_are_refused(store: Store) -> None:
    with pytest.raises(StoreError):
        store.upsert([SOURDOUGH], np.ones((1, 7), np.float32))
    assert store.count() == 0


def test_threads_share_a_store(store: Store, embedder: HashingEmbedder) -> None:
    papers = numbered(40)
    failures: list[BaseException] = []

    def work(part: list[Paper]) -> None:
        try:
            for paper in part:
                write(store, embedder, paper)
                store.dense(embedder.encode([paper.text])[0], 3)
        except StoreError as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(papers[n::4],)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert store.count() == 40


def test_a_closed_library_says_so(
    place: tuple[StoreSettings, Path], filled: Store, embedder: HashingEmbedder
) -> None:
    other = Store(*place, embedder.name, lambda: embedder.dim)
    other.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        _ = other.info


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    settings = StoreSettings(uri="http://127.0.0.1:9", timeout_s=1)
    with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1:9.*ARXIV_AGENT_STORE__URI"):
        Store(settings, tmp_path, "hashing-64", lambda: 64)


_SECOND_PROCESS = """
import sys
from pathlib import Path
from ingestion.embedding import HashingEmbedder
from ingestion.settings import StoreSettings
from ingestion.store.collection import Store
from tests.papers import numbered
embedder = HashingEmbedder(512)
store = Store(
    StoreSettings(uri=sys.argv[1], collection=sys.argv[2]), Path(sys.argv[3]), embedder.name, lambda: 512
)
papers = [paper for paper in numbered(60) if int(paper.arxiv_id[-1]) % 2 == int(sys.argv[4])]
for paper in papers:
    store.upsert([paper], embedder.encode([paper.text]))
    assert store.get([paper.arxiv_id])
print(len(papers))
"""


@pytest.mark.long
def test_processes_write_and_read_at_once(
    place: tuple[StoreSettings, Path], store: Store, embedder: HashingEmbedder
) -> None:
    settings, home = place
    others = [
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                _SECOND_PROCESS,
                settings.uri,
                settings.collection,
                home,
                str(n),
            ],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        )
        for n in range(2)
    ]
    write(store, embedder, *PAPERS)
    while any(other.poll() is None for other in others):
        assert set(store.get([PONDS.arxiv_id])) == {PONDS.arxiv_id}
    assert [other.communicate()[0].strip() for other in others] == [b"30", b"30"]
    store.flush()
    assert store.count() == 63


def test_keyword_scores_use_the_bm25_settings_asked_for(
    store: Store, embedder: HashingEmbedder
) -> None:
    if not store.info.keyword_search:
        pytest.skip("this server has no keyword search")
    write(store, embedder, Paper("2106.09685", "LoRA", "", (), (), 2021))
    store.flush()
    # One paper, its term twice: idf ln(4/3), frequency 2 (k1 + 1) / (2 + k1) with k1 = 1.2.
    expected = np.log(4 / 3) * 2 * 2.2 / 3.2
    assert store.keyword("lora", 1) == [("2106.09685", pytest.approx(expected, rel=1e-3))]


def test_ids_are_data_never_query_syntax(store: Store, embedder: HashingEmbedder) -> None:
    odd = [replace(PONDS, arxiv_id=id_) for id_ in ("o'hara", 'a"b', "c\\d", "') or year > 0")]
    write(store, embedder, LIGHTHOUSE, *odd)
    for paper in odd:
        assert store.get([paper.arxiv_id]) == {paper.arxiv_id: paper}
        assert store.delete([paper.arxiv_id]) == 1
    assert set(store.get([LIGHTHOUSE.arxiv_id])) == {LIGHTHOUSE.arxiv_id}


def test_candidates_are_those_that_are_there(filled: Store, embedder: HashingEmbedder) -> None:
    ids, vectors = filled.candidates([PONDS.arxiv_id, "2711.99999", SOURDOUGH.arxiv_id])
    assert ids == [PONDS.arxiv_id, SOURDOUGH.arxiv_id]
    assert filled.candidates(["2711.99999"])[1].shape == (0, embedder.dim)
    np.testing.assert_allclose(vectors, embedder.encode([PONDS.text, SOURDOUGH.text]), atol=1e-6)
