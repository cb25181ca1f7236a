"""Whether everything the program needs is there, each with the way to mend it. The page shows the same."""

import importlib.metadata
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from ingestion.errors import AgentError
from ingestion.machine import weights
from ingestion.pipeline import past_ingests
from ingestion.store.owner import owner_runs
from rag_agent.model.client import Role
from rag_agent.model.opening import engine_of
from rag_agent.settings import Settings

State = Literal["ok", "warning", "problem"]
Name = Literal[
    "packages",
    "data folder",
    "embedding model",
    "reader model",
    "coder model",
    "library",
    "sandbox",
    "arXiv",
]
_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: what it is, how it stands, and how to mend it where it is not well."""

    name: Name
    state: State
    detail: str
    mend: str = ""


def checks(settings: Settings) -> Iterator[Check]:
    """Look at everything, one after the other; takes a few seconds and changes nothing."""
    for look in (_python, _folder, _embedding, _reader, _coder, _library, _sandbox, _arxiv):
        yield look(settings)


def _python(settings: Settings) -> Check:
    packages = ("torch", "sentence-transformers", "pymilvus", "langgraph", "xllamacpp", "streamlit")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    return Check("packages", "ok", f"Python {sys.version.split()[0]}; {versions}")


def _folder(settings: Settings) -> Check:
    home = settings.home
    free_gb = shutil.disk_usage(next(p for p in (home, *home.parents) if p.exists())).free / 1e9
    detail = f"{home}, {free_gb:.0f} GB free"
    if free_gb < 1:
        return Check("data folder", "warning", detail, "Free some space, or set ARXIV_AGENT_HOME")
    return Check("data folder", "ok", detail)


def _embedding(settings: Settings) -> Check:
    return _weights("embedding model", settings.embedding.model, settings)


def _weights(name: Name, model: str, settings: Settings, run_by: str = "") -> Check:
    try:
        path = weights.local(model, settings.home)
    except AgentError as error:
        return Check(name, "problem", error.what, error.next_step)
    if path is not None:
        return Check(name, "ok", f"{model} in {path}{run_by}")
    return Check(name, "warning", f"{model} is not on this machine yet", "Run `arxiv-agent setup`")


def _engine(role: Role, settings: Settings) -> str:
    """Which engine runs the embedded model of a role, its version, and why it does."""
    choice = engine_of(role, settings)
    package = "openvino-genai" if choice.engine == "openvino" else "xllamacpp"
    return f", run by {choice.engine} ({package} {importlib.metadata.version(package)}: {choice.reason})"


def _reader(settings: Settings) -> Check:
    reader = settings.reader
    if reader.base_url:
        return _server("reader model", reader.base_url, reader.model)
    if reader.model == "none":
        return Check(
            "reader model", "warning", "none: answers only quote", "Set ARXIV_AGENT_READER__MODEL"
        )
    return _weights("reader model", reader.model, settings, _engine("reader", settings))


def _coder(settings: Settings) -> Check:
    coder = settings.coder
    adapter = f", adapter {coder.adapter}" if coder.adapter else ", base model (no adapter)"
    if coder.base_url:
        return _server("coder model", coder.base_url, coder.model + adapter)
    if not coder.model:
        return Check("coder model", "ok", f"the reader's{adapter}")
    return _weights("coder model", coder.model, settings, _engine("coder", settings) + adapter)


def _server(name: Name, base_url: str, model: str) -> Check:
    import httpx

    try:
        httpx.get(f"{base_url.rstrip('/')}/models", timeout=_TIMEOUT_S)
    except httpx.HTTPError as error:
        return Check(
            name,
            "problem",
            f"{base_url} does not answer: {error}",
            "Start the server, or clear the base URL to use the embedded model",
        )
    return Check(name, "ok", f"{model} at {base_url}")


def _library(settings: Settings) -> Check:
    folder = settings.home / "library"
    if not settings.store.uri and not owner_runs(folder):
        return _closed_library(folder, settings)
    from rag_agent.assistant import Assistant

    try:
        store = Assistant(settings).library.look()
    except AgentError as error:
        return Check("library", "problem", error.what, error.next_step)
    if store is None:
        return _no_library()
    keyword = "" if store.info.keyword_search else ", no keyword search (needs Milvus 2.5)"
    detail = f"{store.count():,} papers in {store.info.uri}, {store.info.embedding_model}{keyword}"
    return Check("library", "ok", detail)


def _closed_library(folder: Path, settings: Settings) -> Check:
    """What the files of a library tell that nobody has opened; to open it would write to its folder."""
    if not folder.is_dir():
        return _no_library()
    size_mb = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
    past = past_ingests(settings.home)
    last = f", last ingest {past[-1]['at'][:10]}" if past else ""
    return Check("library", "ok", f"{size_mb:,.0f} MB in {folder}{last}; not open now")


def _no_library() -> Check:
    return Check("library", "warning", "there is none yet", "Run `arxiv-agent setup`")


def _sandbox(settings: Settings) -> Check:
    from rag_agent.sandbox import Sandbox, bubblewrap

    try:
        run = Sandbox(settings.sandbox).run("print('inside')")
    except AgentError as error:
        return Check("sandbox", "problem", error.what, error.next_step)
    isolated = f"programs run isolated ({run.outcome}, {run.seconds:.1f} s)"
    return Check("sandbox", "ok", f"{bubblewrap.newest()}; {isolated}")


def _arxiv(settings: Settings) -> Check:
    import httpx

    url = settings.arxiv.api_url
    host = urlsplit(url).netloc
    try:
        status = httpx.get(
            url, params={"id_list": "2005.11401", "max_results": 1}, timeout=_TIMEOUT_S
        ).status_code
    except httpx.HTTPError:
        return Check(
            "arXiv", "warning", f"{host} cannot be reached", "Work offline, or check the network"
        )
    if status != httpx.codes.OK:
        return Check("arXiv", "warning", f"{host} answers with status {status}", "Try later")
    return Check("arXiv", "ok", f"{host} answers")
