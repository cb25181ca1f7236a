"""What the viewer asks for as it is scrolled: a page's image, and text with its place; for this page alone."""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ingestion.document import Document, Form, Page
from ingestion.errors import AgentError
from ui.web.program import program

IMAGE_PX = 1200
"""Width of a page's image: the viewer's, at 1.7 dots a pixel."""
_DRAWN_AT_ONCE = threading.Semaphore(2)  # each is a process of up to 1 GB
_HEADERS = {
    "Cache-Control": "private, max-age=3600",  # the address changes with the file
    "Content-Encoding": "identity",  # an image is no smaller when it is packed again
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def routes() -> list[Route]:
    """The ways to a paper's pages and text, beside Streamlit's own."""
    return [Route("/sheets/image", _answered(image)), Route("/sheets/text", _answered(text))]


def image(asked: Mapping[str, str]) -> Response:
    """A page as PNG: `paper`, `version`, `page`."""
    with _DRAWN_AT_ONCE:
        drawn = program().assistant.page_image(
            asked["paper"], int(asked["page"]), version=int(asked["version"]), width_px=IMAGE_PX
        )
    return Response(drawn.png, media_type="image/png", headers=_HEADERS)


def text(asked: Mapping[str, str]) -> Response:
    """A page's words with their boxes, or a text's blocks where `page` is 0: `paper`, `form`, `version`, `page`."""
    form: Form = next(each for each in get_args(Form) if each == asked["form"])
    library, full_text = program().assistant.library, program().assistant.full_text
    document = full_text.text(*library.version_at_hand(asked["paper"], int(asked["version"]), form))
    page = int(asked["page"])
    told = (
        words_of(document.pages[page - 1], document.page_text(page))
        if page
        else blocks_of(document)
    )
    headers = {name: _HEADERS[name] for name in _HEADERS if name != "Content-Encoding"}
    return Response(json.dumps(told), media_type="application/json", headers=headers)


def words_of(page: Page, said: str) -> dict[str, Any]:
    """Each word with its start in the page's text and its box, in shares of the page from its left and top."""
    return {
        "words": [
            [start, said[start:end], *in_shares(box, page)]
            for (start, end), box in zip(page.words, page.boxes, strict=True)
            if any(box)
        ]
    }


def in_shares(box: Sequence[float], page: Page) -> list[float]:
    """Left, top, right and bottom in shares of the page's width and height, from points."""
    lengths = (max(1.0, page.width), max(1.0, page.height)) * 2
    return [round(edge / length, 4) for edge, length in zip(box, lengths, strict=True)]


def blocks_of(document: Document) -> dict[str, Any]:
    """Each block with its start in the text and what it is."""
    return {
        "blocks": [[block.start, block.kind, document.text_of(block)] for block in document.blocks]
    }


def _answered(give: Callable[[Mapping[str, str]], Response]) -> Callable[[Request], Response]:
    """A route that refuses other sites and nonsense, and says why there is nothing to give."""

    def answer(request: Request) -> Response:
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            return _refused(403, "This is given to the program's own page alone")
        try:
            return give(request.query_params)
        except AgentError as error:
            return _refused(404, str(error))
        except (KeyError, ValueError, IndexError, StopIteration):
            return _refused(400, "There is no such page")

    return answer


def _refused(status: int, why: str) -> Response:
    return Response(json.dumps({"error": why}), status, media_type="application/json")
