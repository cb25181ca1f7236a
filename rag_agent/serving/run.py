"""Servers for other programs, in this process until Ctrl-C."""

import contextlib
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from ingestion.errors import AgentError
from rag_agent.assistant import Assistant
from rag_agent.serving.access.guard import guarded
from rag_agent.serving.access.hosts import names
from rag_agent.serving.access.keys import SCHEMA as KEYS
from rag_agent.serving.access.keys import Keys
from rag_agent.serving.access.token import token_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from rag_agent.telemetry.metrics import Metrics


def run_stdio(assistant: Assistant) -> None:
    """Serve MCP over this process's standard input and output until the client goes.

    Nothing is loaded before the first call: editors start every server that they know.
    """
    from rag_agent.serving.mcp import mcp_server

    mcp_server(assistant).run("stdio")


def run_mcp(assistant: Assistant, host: str, port: int, say: Callable[[str], None]) -> None:
    """Serve MCP over HTTP, at `/mcp`."""
    from rag_agent.serving.mcp import mcp_app

    say(f"MCP at http://{host}:{port}/mcp")
    _run(assistant, mcp_app(assistant), host, port, say)


def run_api(assistant: Assistant, host: str, port: int, say: Callable[[str], None]) -> None:
    """Serve the HTTP API; its description is at `/docs`."""
    from rag_agent.serving.api import api_app

    metrics = _metrics() if assistant.settings.telemetry.metrics else None
    say(f"OpenAI-compatible API at http://{host}:{port}/v1, described at http://{host}:{port}/docs")
    app = api_app(assistant, metrics)
    _run(assistant, app, host, port, say, with_keys=True, metrics=metrics)


def _metrics() -> "Metrics":
    from rag_agent.telemetry.metrics import Metrics
    from rag_agent.telemetry.spans import watch

    metrics = Metrics()
    watch(metrics)
    return metrics


def _run(
    assistant: Assistant,
    app: "ASGIApp",
    host: str,
    port: int,
    say: Callable[[str], None],
    *,
    with_keys: bool = False,
    metrics: "Metrics | None" = None,
) -> None:
    import uvicorn

    settings = assistant.settings
    keys = Keys(assistant.databases.of(KEYS)) if with_keys else None
    token = token_of(settings.home)
    or_key = ", or a user's key (`arxiv-agent keys`)" if with_keys else ""
    say(f"each request carries the token that stands in {settings.home / 'serve_token'}{or_key}")
    _warm_up(assistant)
    allowed = names(host, settings.serve.allowed_hosts)
    served = guarded(app, token, settings.serve, allowed, keys)
    if metrics is not None:
        from rag_agent.serving.measured import Measured

        served = Measured(served, metrics)
    uvicorn.run(
        served,
        host=host,
        port=port,
        log_level="warning",  # requests are the user's questions
        access_log=False,
        server_header=False,
    )


def _warm_up(assistant: Assistant) -> None:
    """Load models and library in the background; what fails there fails again, and is told, where it is used."""

    def run() -> None:
        with contextlib.suppress(AgentError, OSError):
            assistant.warm_up()

    threading.Thread(target=run, daemon=True).start()
