"""The HTTP API: OpenAI's chat completions, every operation as plain JSON, long jobs, and a page that describes them."""

import inspect
from collections.abc import Callable, Coroutine
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_type_hints

import anyio.to_thread
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse
from fastapi.security import HTTPBearer
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, create_model

from ingestion.errors import (
    AgentError,
    ArxivError,
    DatabaseUnavailable,
    EmbeddingUnavailable,
    InvalidArxivId,
    ModelUnavailable,
    PaperNotFound,
    StoreError,
)
from rag_agent.assistant import Assistant
from rag_agent.conversations.store import checked_name
from rag_agent.serving import chat, sessions
from rag_agent.serving.access.guard import error_body
from rag_agent.serving.access.user import User
from rag_agent.serving.operations import Operations
from rag_agent.serving.streaming import events_of
from rag_agent.serving.works import routes as job_routes
from rag_agent.telemetry.metrics import Metrics

_STATUS: dict[type[AgentError], int] = {
    PaperNotFound: 404,
    InvalidArxivId: 422,
    ModelUnavailable: 503,
    StoreError: 503,
    EmbeddingUnavailable: 503,
    DatabaseUnavailable: 503,
    ArxivError: 502,
}
Endpoint = Callable[..., Coroutine[Any, Any, object]]


def api_app(assistant: Assistant, metrics: Metrics | None = None) -> FastAPI:
    """The app, to be put behind `guarded`, which judges hosts, keys and limits; with a page of metrics, if any."""
    app = FastAPI(
        title="arxiv-rag-agent",
        version=version("arxiv-rag-agent"),
        description="Answers from arXiv papers, every sentence tied to verbatim quotes.",
        docs_url=None,
        redoc_url=None,
        # Its own spans, metrics and logs hold paths and messages, in which names of conversations stand.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    routes = APIRouter(prefix="/v1", dependencies=[Depends(HTTPBearer(auto_error=False))])
    _add_chat(routes, assistant)
    for operation in Operations(assistant).all:
        name = operation.__name__
        routes.add_api_route(
            f"/{name}", _endpoint(operation, assistant), methods=["POST"], name=name, tags=["papers"],
            description=inspect.getdoc(operation),
        )  # fmt: skip
    sessions.add_to(routes, assistant)
    job_routes.add_to(routes, assistant)
    app.include_router(routes)
    _add_page(app)
    if metrics is not None:
        _add_metrics(app, metrics)
    app.add_exception_handler(AgentError, _told)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unexpected)
    return app


def _add_chat(routes: APIRouter, assistant: Assistant) -> None:
    @routes.post("/chat/completions", tags=["chat"], response_model=None)
    async def chat_completions(
        body: chat.ChatRequest, request: Request, user: User
    ) -> dict[str, Any] | StreamingResponse:
        """OpenAI's chat completions; sources come as annotations, all quotes in `arxiv_agent`."""
        body.question  # noqa: B018  # refused now, before the answer has begun
        if body.session:
            checked_name(body.session)
        events = events_of(partial(chat.asked, assistant.of(user), body), request)
        if body.stream:
            return StreamingResponse(chat.pieces(events, body), media_type="text/event-stream")
        return await chat.whole(events, body)

    @routes.get("/models", tags=["chat"])
    async def models() -> dict[str, Any]:
        """The one model."""
        return chat.models()


def _endpoint(operation: Callable[..., object], assistant: Assistant) -> Endpoint:
    """An operation as a route: its arguments are the fields of a JSON body, and it runs in a thread."""
    hints = get_type_hints(operation, include_extras=True)
    result = hints.pop("return")
    parameters = inspect.signature(operation).parameters
    fields: dict[str, Any] = {
        name: (
            hint,
            ... if (default := parameters[name].default) is inspect.Parameter.empty else default,
        )
        for name, hint in hints.items()
    }
    title = operation.__name__.title().replace("_", "")
    body_type: type[BaseModel] = create_model(f"{title}Request", **fields)

    async def endpoint(body: BaseModel, user: str) -> object:
        own = getattr(Operations(assistant.of(user)), operation.__name__)
        return await anyio.to_thread.run_sync(partial(own, **dict(body)))

    endpoint.__annotations__ = {"body": body_type, "user": User, "return": result}
    return endpoint


def _add_page(app: FastAPI) -> None:
    """`/health`, and `/docs` with its scripts from here."""

    @app.get("/health", include_in_schema=False)
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title=app.title,
            swagger_js_url="/docs/static/swagger-ui-bundle.js",
            swagger_css_url="/docs/static/swagger-ui.css",
            swagger_favicon_url="/docs/static/favicon-32x32.png",
        )

    app.mount("/docs/static", StaticFiles(directory=_swagger()), name="static")


def _add_metrics(app: FastAPI, metrics: Metrics) -> None:
    @app.get("/metrics", include_in_schema=False)
    def page() -> Response:
        content, media_type = metrics.page()
        return Response(content, headers={"Content-Type": media_type})


def _swagger() -> Path:
    import swagger_ui_bundle

    return Path(swagger_ui_bundle.swagger_ui_path)


async def _told(request: Request, error: Exception) -> JSONResponse:
    """An error of the program: what happened, what was kept, what to do next."""
    assert isinstance(error, AgentError)
    status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 400)
    return JSONResponse(error_body(str(error), type(error).__name__, status), status)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    """A request whose fields are missing or out of range; what was sent is not repeated."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"][1:])
    return JSONResponse(error_body(f"{place or 'body'}: {first['msg']}", "invalid_request"), 422)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    """A fault of the program, in the form of the other errors; its traceback goes to the server's log alone."""
    told = AgentError(
        f"The request failed on an unforeseen {type(error).__name__}",
        kept="What was stored before is kept",
        next_step="The server's log has the details",
    )
    return JSONResponse(error_body(str(told), "internal_error"), 500)
