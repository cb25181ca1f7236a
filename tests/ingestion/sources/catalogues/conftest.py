from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ingestion.sources.catalogues.asked import PLAYED, Asked, server_of


@pytest.fixture(params=PLAYED)
def asked(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Asked]:
    """Every catalogue in turn, with the server that plays it."""
    with server_of(request.param) as server:
        yield Asked(request.param, server, tmp_path, [])
