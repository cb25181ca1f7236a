"""For other programs: `mcp`, `serve`."""

from functools import partial
from typing import Annotated

import typer

from ui import console

commands = typer.Typer()
Host = Annotated[
    str, typer.Option(help="Address to listen on; others than loopback are your risk.")
]


@commands.command()
def mcp(
    http: Annotated[
        bool, typer.Option("--http", help="Over HTTP with a token instead of stdin and stdout.")
    ] = False,
    host: Host = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 8502,
) -> None:
    """Serve the library and its answers as MCP tools to assistants and editors."""
    from rag_agent.serving import run

    assistant = console.open_assistant()
    if http:
        run.run_mcp(assistant, host, port, partial(console.say, error=True))
    else:
        run.run_stdio(assistant)


@commands.command()
def serve(
    host: Host = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 8503,
) -> None:
    """Serve an HTTP API with OpenAI's chat completions; each request carries a token."""
    from rag_agent.serving import run

    run.run_api(console.open_assistant(), host, port, partial(console.say, error=True))
