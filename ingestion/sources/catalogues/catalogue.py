"""What every place that papers come from can do, and the places by name."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Literal, Protocol

from ingestion.paper import Paper
from ingestion.settings import ArxivSettings, CatalogueSettings

Name = Literal["arxiv", "oai", "openreview", "acl", "semantic-scholar", "openalex"]
OnWait = Callable[[float, str], None]
"""Told (seconds, reason) before every wait."""


class Catalogue(Protocol):
    """A place that papers come from."""

    def search(
        self,
        keywords: str,
        *,
        max_results: int,
        newest: bool = False,
        since: date | None = None,
        category: str | None = None,
    ) -> list[Paper]:
        """Papers on these words, the most relevant first, or the newest.

        Args:
            keywords: Plain words; nothing in them is syntax.
            max_results: 1 or more.
            newest: Sorted by date instead of relevance.
            since: First day.
            category: As the place calls it: `cs.CL` on arXiv, `ICLR.cc/2024/Conference` on OpenReview.

        Raises:
            SourceUnavailable: The place cannot be used now, or the question's requests are used up.
            SourceError: It refuses the query.
        """


def open_catalogue(
    name: Name,
    arxiv: ArxivSettings,
    catalogues: CatalogueSettings,
    home: Path,
    on_wait: OnWait = lambda seconds, reason: None,
) -> Catalogue:
    """The place of this name, ready to be asked; nothing is asked yet.

    Args:
        name: Which.
        arxiv: Addresses and manners of arXiv, OAI-PMH included.
        catalogues: Those of the others.
        home: Data folder; gates and answers are kept under it.
        on_wait: Told before every wait.
    """
    if name == "arxiv":
        from ingestion.sources.arxiv_api import ArxivApi

        return ArxivApi(arxiv, home / "arxiv", on_wait)
    if name == "oai":
        from ingestion.sources.catalogues.oai_pmh import OaiPmh

        return OaiPmh(arxiv, home / "arxiv", on_wait)
    folder = home / "catalogues" / name
    if name == "openreview":
        from ingestion.sources.catalogues.openreview import OpenReview

        return OpenReview(catalogues, folder, on_wait)
    if name == "acl":
        from ingestion.sources.catalogues.acl_anthology import AclAnthology

        return AclAnthology(catalogues, folder, on_wait)
    if name == "openalex":
        from ingestion.sources.catalogues.openalex import OpenAlex

        return OpenAlex(catalogues, folder, on_wait)
    from ingestion.sources.catalogues.semantic_scholar import SemanticScholar

    return SemanticScholar(catalogues, folder, on_wait)
