"""What the viewer asks for: a page's image, words with their places, a text's blocks."""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from tests.papers import PONDS
from tests.ui.conftest import Page
from tests.ui.scripted import write_pdf
from ui.web.paper import sheets

pytestmark = pytest.mark.long

Get = Callable[..., Any]


@pytest.fixture
def get(page: Page) -> Get:
    """Asks a route as the viewer does."""
    page.run()
    client = TestClient(Starlette(routes=sheets.routes()))

    def get(what: str, headers: dict[str, str] | None = None, **asked: Any) -> Any:
        return client.get(f"/sheets/{what}", params=asked, headers=headers or {})

    return get


@pytest.fixture
def kettles(page: Page, tmp_path: Path) -> str:
    """Id of a paper whose PDF is at hand."""
    added = page.assistant.add(str(write_pdf(tmp_path)))
    assert added.paper is not None
    return added.paper.arxiv_id


def test_a_page_is_drawn_for_this_page_alone(get: Get, kettles: str) -> None:
    given = get("image", paper=kettles, version=0, page=1)
    assert Image.open(BytesIO(given.content)).width == sheets.IMAGE_PX
    assert given.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    foreign = get("image", {"Sec-Fetch-Site": "cross-site"}, paper=kettles, version=0, page=1)
    assert foreign.status_code == 403


def test_words_come_with_their_place_in_text_and_page(page: Page, get: Get, kettles: str) -> None:
    words = get("text", paper=kettles, form="pdf", version=0, page=1).json()["words"]
    said = page.assistant.full_text.text(*page.assistant.file_to_show(kettles)).page_text(1)
    assert all(said[start : start + len(word)] == word for start, word, *_ in words)
    assert [word for _, word, *_ in words[:3]] == ["Kettles", "that", "sing"]
    assert all(0 <= edge <= 1 for _, _, *box in words for edge in box)


def test_a_text_without_pages_comes_as_blocks_and_markup_in_it_stays_text(
    page: Page, get: Get
) -> None:
    said = "# Ponds\n\nA pond <script>alert(1)</script> has tides.\n"
    page.assistant.settings.assets.mkdir(parents=True, exist_ok=True)
    file = page.assistant.settings.assets / f"{PONDS.arxiv_id}v1.md"
    file.write_text(said)
    given = get("text", paper=PONDS.arxiv_id, form="markdown", version=1, page=0)
    blocks = given.json()["blocks"]
    document = page.assistant.full_text.text(*page.assistant.file_to_show(PONDS.arxiv_id))
    assert blocks == [[b.start, b.kind, document.text_of(b)] for b in document.blocks]
    assert given.headers["content-type"] == "application/json"
    assert given.headers["X-Content-Type-Options"] == "nosniff"
    file.unlink()


@pytest.mark.parametrize(
    ("what", "asked", "status"),
    [
        ("image", {"paper": "2711.00003", "version": 0, "page": 1}, 404),
        ("image", {"paper": "../../etc/passwd", "version": 0, "page": 1}, 404),
        ("image", {"paper": "2711.00003", "version": 0}, 400),
        ("image", {"paper": "2711.00003", "version": "x", "page": 1}, 400),
        ("text", {"paper": "2711.00003", "form": "exe", "version": 0, "page": 1}, 400),
        ("text", {}, 400),
    ],
)
def test_what_is_not_there_is_told(get: Get, what: str, asked: dict[str, Any], status: int) -> None:
    given = get(what, **asked)
    assert given.status_code == status
    assert json.loads(given.content)["error"]


@pytest.mark.parametrize("number", [0, 2, -1])
def test_a_page_that_a_paper_does_not_have_is_told(get: Get, kettles: str, number: int) -> None:
    assert get("image", paper=kettles, version=0, page=number).status_code == 404
