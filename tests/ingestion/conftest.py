"""A library over the server that plays arXiv."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ingestion.embedding import HashingEmbedder
from ingestion.library import Library
from ingestion.settings import ArxivSettings, CatalogueSettings, PdfSettings, StoreSettings
from ingestion.store.collection import Store
from tests.fake_arxiv import FakeArxiv
from tests.papers import PAPERS


@dataclass(frozen=True)
class Parts:
    """Settings of a library in a folder, which asks the server that plays arXiv."""

    home: Path
    arxiv: ArxivSettings
    catalogues: CatalogueSettings = field(
        default_factory=lambda: CatalogueSettings(
            semantic_scholar_url="http://127.0.0.1:9",
            delay_s=0,  # where nobody listens
        )
    )
    store: StoreSettings = field(default_factory=StoreSettings)
    pdf: PdfSettings = field(default_factory=PdfSettings)

    @property
    def assets(self) -> Path:
        return self.home / "pdfs"


@pytest.fixture
def parts(home: Path, arxiv: FakeArxiv) -> Parts:
    asked = ArxivSettings(
        api_url=arxiv.api_url, pdf_url=arxiv.pdf_url, delay_s=0, timeout_s=2, max_tries=1
    )
    return Parts(home, asked)


@pytest.fixture
def empty(library: Path, store: Store, embedder: HashingEmbedder, parts: Parts) -> Library:
    """A library without papers."""
    done = {"at": "2026-01-01T00:00:00+00:00", "source": "starter", "new": 0}
    (library / "ingests.jsonl").write_text(json.dumps(done) + "\n")  # spares the starter papers
    return Library(parts, embedder)


@pytest.fixture
def filled(empty: Library) -> Library:
    """A library of three papers."""
    empty.keep(PAPERS, "test")
    return empty
