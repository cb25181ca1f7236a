"""The servers with the scripted assistant of the page's tests."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from starlette.types import ASGIApp

from ingestion.store.owner import stop_owner
from rag_agent.assistant import Assistant
from tests.ui.scripted import scripted_assistant, write_pdf

TOKEN = "a-token-for-tests-only"


@pytest.fixture(scope="package")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """Invented papers, one of them with its full text, and a model that follows a script."""
    home = tmp_path_factory.mktemp("serving") / "home"
    opened = scripted_assistant(home)
    added = opened.add(str(write_pdf(home)))
    assert added.paper
    yield opened
    stop_owner(home / "library")


@contextmanager
def listening(app: ASGIApp) -> Iterator[str]:
    """An app on a free port of loopback; gives its address."""
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", access_log=False)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = server.force_exit = True  # clients keep their connections open
        thread.join(10)
        assert not thread.is_alive()


def kettles(assistant: Assistant) -> str:
    """Id of the paper whose full text is at hand."""
    ((paper, _),) = assistant.library.at_hand()
    return paper.arxiv_id


def folder_of(assistant: Assistant) -> Path:
    """Its data folder."""
    return assistant.settings.home
