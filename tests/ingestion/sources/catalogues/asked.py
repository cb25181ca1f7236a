"""Each catalogue with the server that plays it, so that one suite can ask them all."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingestion.settings import ArxivSettings, CatalogueSettings
from ingestion.sources.catalogues.catalogue import Catalogue, Name, open_catalogue
from tests.fake_arxiv import FakeArxiv
from tests.faulty_server import FaultyServer
from tests.played_catalogues import (
    FakeAcl,
    FakeOai,
    FakeOpenAlex,
    FakeOpenReview,
    FakeSemanticScholar,
)

PLAYED: dict[Name, tuple[Callable[[], Any], str, str]] = {
    "arxiv": (FakeArxiv, "api_url", "api_url"),
    "oai": (FakeOai, "oai_url", "oai_url"),
    "openreview": (FakeOpenReview, "openreview_url", "address"),
    "acl": (FakeAcl, "acl_url", "acl_url"),
    "semantic-scholar": (FakeSemanticScholar, "semantic_scholar_url", "address"),
    "openalex": (FakeOpenAlex, "openalex_url", "address"),
}
"""Name to its server, the setting of its address, and the server's attribute that gives it."""


@dataclass
class Asked:
    """A catalogue, its server, and the waits it told of."""

    name: Name
    server: Any
    folder: Path
    waits: list[tuple[float, str]]

    def open(self, **changes: object) -> Catalogue:
        _, setting, attribute = PLAYED[self.name]
        values = {
            "delay_s": 0.02,
            "timeout_s": 1.0,
            setting: getattr(self.server, attribute),
            **changes,
        }
        arxiv, others = ArxivSettings(), CatalogueSettings()
        if self.name in ("arxiv", "oai"):
            patient = {"oai_timeout_s": values["timeout_s"]} if self.name == "oai" else {}
            arxiv = ArxivSettings.model_validate({**values, **patient})
        else:
            others = CatalogueSettings.model_validate(values)
        return open_catalogue(
            self.name, arxiv, others, self.folder, lambda s, why: self.waits.append((s, why))
        )

    def search(self, keywords: str = "pond tides", **changes: object) -> list[str]:
        """Titles found."""
        from datetime import date

        since = date(2027, 11, 1) if self.name == "oai" else None
        found = self.open(**changes).search(keywords, max_results=5, since=since)
        return [paper.title for paper in found]


def server_of(name: Name) -> FaultyServer:
    server: FaultyServer = PLAYED[name][0]()
    return server
