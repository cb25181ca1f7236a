"""Every paper of the library is counted once by year, category and origin."""

from pathlib import Path

from ingestion.embedding import HashingEmbedder
from ingestion.pipeline import ingest
from ingestion.store.census import take_census
from ingestion.store.collection import Store
from tests.papers import PAPERS


def test_papers_are_counted(store: Store, embedder: HashingEmbedder, library: Path) -> None:
    assert take_census(store).papers == 0
    ingest(PAPERS, store, embedder, library, source="invented")
    census = take_census(store)
    assert census.papers == census.categories.total() == census.origins.total() == len(PAPERS)
    assert census.years == {
        year: sum(paper.year == year for paper in PAPERS)
        for year in {paper.year for paper in PAPERS}
    }
    assert set(census.categories) == {paper.categories[0] for paper in PAPERS}
