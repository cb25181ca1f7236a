"""The MCP server as a kept client sees it, over stdio and over HTTP."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

from rag_agent.assistant import Assistant
from rag_agent.serving.access.guard import guarded
from rag_agent.serving.access.hosts import names
from rag_agent.serving.mcp import mcp_app, mcp_server
from rag_agent.settings import ServeSettings
from tests.papers import PONDS, SOURDOUGH
from tests.rag_agent.serving.conftest import TOKEN, kettles, listening
from tests.ui.scripted import scripted_assistant

SENTENCE = "The lunar tide of the pond is 31 nanometres."
Call = Callable[..., Awaitable[dict[str, Any]]]


async def every_tool(client: Client, paper: str) -> None:
    """List the tools, and call each."""

    async def call(name: str, **arguments: Any) -> dict[str, Any]:
        result = await client.call_tool(name, arguments)
        assert not result.is_error, result.content
        assert isinstance(result.structured_content, dict)
        return result.structured_content

    listed = {tool.name: tool for tool in (await client.list_tools()).tools}
    works = {"table", "review"}
    assert set(listed) == {"search", "ask", "read", "quote_check", *works, "fetch", "export"}
    assert all(tool.output_schema and tool.description for tool in listed.values())

    found = await call("search", query="tide of a garden pond", k=3)
    assert found["papers"][0]["arxiv_id"] == PONDS.arxiv_id
    answer = await call("ask", question="What is the lunar tide of the garden pond?")
    assert answer["answered"]
    assert answer["quotes"][0]["quote"] in PONDS.abstract
    assert answer["sentences"][0]["quotes"] == [1]
    read = await call("read", paper=paper, question="At how many hertz does the whistle sound?")
    assert any("440 hertz" in quote["quote"] and quote["page"] == 1 for quote in read["quotes"])
    assert "two voices" in (await call("read", paper=paper, page=1))["text"]
    checked = await call("quote_check", sentence=SENTENCE, paper=PONDS.arxiv_id)
    assert (checked["carried"], checked["quotes"][0]["quote"]) == ("verbatim", SENTENCE)
    wrong = await call("quote_check", sentence=SENTENCE.replace("31", "13"), paper=PONDS.arxiv_id)
    assert (wrong["carried"], wrong["quotes"]) == ("not found", [])
    assert wrong["nearest"]
    compared = await call("table", question="lunar tide", papers=[PONDS.arxiv_id])
    (cell,) = compared["rows"][0]["cells"]
    assert cell["column"] == "lunar tide"
    assert cell["stated"] == bool(cell["quotes"])
    reviewed = await call(
        "review", topic="Tides and sourdough", papers=[PONDS.arxiv_id, SOURDOUGH.arxiv_id]
    )
    said = [each for section in reviewed["sections"] for each in section["sentences"]]
    quotes = {quote["key"]: quote["quote"] for quote in reviewed["quotes"]}
    assert said
    assert all(each["supported"] and set(each["quotes"]) <= set(quotes) for each in said)
    assert all(text in PONDS.text + SOURDOUGH.text for text in quotes.values())
    assert "```bibtex" in reviewed["markdown"]
    written = await call("export", papers=[SOURDOUGH.arxiv_id], format="ris")
    assert "TI  - Sourdough ripeness" in written["text"]

    refused = await client.call_tool("fetch", {"keywords": "ponds"})  # arXiv is not in reach here
    assert refused.is_error
    absent = await client.call_tool("quote_check", {"sentence": "x", "paper": "9901.00001"})
    assert absent.is_error


@pytest.mark.long
def test_every_tool_over_http(assistant: Assistant) -> None:
    app = guarded(mcp_app(assistant), TOKEN, ServeSettings(), names("127.0.0.1", ()))
    with listening(app) as address:

        async def talk(headers: dict[str, str]) -> None:
            async with (
                httpx2.AsyncClient(headers=headers, timeout=100) as http,
                Client(streamable_http_client(f"{address}/mcp", http_client=http)) as client,
            ):
                await every_tool(client, kettles(assistant))

        asyncio.run(talk({"Authorization": f"Bearer {TOKEN}"}))
        refused = httpx2.post(f"{address}/mcp", json={})
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "unauthorized")
        with pytest.raises(BaseException, match=""):
            asyncio.run(talk({"Authorization": "Bearer wrong"}))


@pytest.mark.slow
def test_every_tool_over_stdio(assistant: Assistant, tmp_path: Path) -> None:
    """The server is a process of its own, on the same library."""
    home = str(assistant.settings.home)
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "tests.rag_agent.serving.test_mcp", home],
        cwd=Path.cwd(),
    )

    async def talk() -> None:
        async with Client(stdio_client(server)) as client:
            await every_tool(client, kettles(assistant))

    asyncio.run(talk())


@pytest.mark.slow
def test_the_command_speaks_nothing_but_the_protocol(home: Path) -> None:
    """Standard output is the client's; a client that leaves ends the server."""
    run = subprocess.run(
        [sys.executable, "-m", "ui.cli", "mcp"],
        input="",
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert (run.returncode, run.stdout) == (0, "")


if __name__ == "__main__":
    mcp_server(scripted_assistant(Path(sys.argv[1]))).run("stdio")
