"""Whether everything the program needs is there, each with the way to mend it. The page shows the same."""

import importlib.metadata
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from ingestion.errors import AgentError
from ingestion.fulltext.forms import BEST_FIRST, NAMES, form_of, papers_at_hand
from ingestion.machine import weights
from ingestion.pipeline import past_ingests
from ingestion.store.owner import owner_runs
from rag_agent.answer import Language
from rag_agent.model.adapter import adapter_name
from rag_agent.model.client import Role
from rag_agent.model.opening import engine_of
from rag_agent.settings import Settings
from ui.texts import text

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
Say = Callable[..., str]
_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: what it is, how it stands, and how to mend it where it is not well."""

    name: Name
    state: State
    detail: str
    mend: str = ""


def checks(settings: Settings, language: Language = "en") -> Iterator[Check]:
    """Look at everything, one after the other; takes a few seconds and changes nothing.

    What is said is in `language`, but for errors, which have their own words, and names.
    """
    say = partial(text, language)
    for look in (_python, _folder, _embedding, _reader, _coder, _library, _sandbox, _arxiv):
        yield look(settings, say)


def _python(settings: Settings, say: Say) -> Check:
    packages = ("torch", "sentence-transformers", "pymilvus", "langgraph", "xllamacpp", "streamlit")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    return Check("packages", "ok", f"Python {sys.version.split()[0]}; {versions}")


def _folder(settings: Settings, say: Say) -> Check:
    home = settings.home
    free_gb = shutil.disk_usage(next(p for p in (home, *home.parents) if p.exists())).free / 1e9
    detail = say("home_free", home=home, free=free_gb)
    if free_gb < 1:
        return Check("data folder", "warning", detail, say("free_space"))
    return Check("data folder", "ok", detail)


def _embedding(settings: Settings, say: Say) -> Check:
    return _weights("embedding model", settings.embedding.model, settings, say)


def _weights(name: Name, model: str, settings: Settings, say: Say, run_by: str = "") -> Check:
    try:
        path = weights.local(model, settings.home)
    except AgentError as error:
        return Check(name, "problem", error.what, error.next_step)
    if path is not None:
        return Check(name, "ok", say("weights_at", model=model, path=path) + run_by)
    return Check(name, "warning", say("no_weights", model=model), say("run_setup"))


def _engine(role: Role, settings: Settings, say: Say) -> str:
    """Which engine runs the embedded model of a role, its version, and why it does."""
    choice = engine_of(role, settings)
    package = "openvino-genai" if choice.engine == "openvino" else "xllamacpp"
    version = f"{package} {importlib.metadata.version(package)}"
    return say("run_by", engine=choice.engine, package=version, reason=choice.reason)


def _reader(settings: Settings, say: Say) -> Check:
    reader = settings.reader
    if reader.base_url:
        return _server("reader model", reader.base_url, reader.model, say)
    if reader.model == "none":
        return Check("reader model", "warning", say("only_quotes"), say("set_reader"))
    run_by = _engine("reader", settings, say) + _adapter("reader", settings, say)
    return _weights("reader model", reader.model, settings, say, run_by)


def _adapter(role: Role, settings: Settings, say: Say) -> str:
    name = adapter_name(role, settings)
    return say("with_adapter", adapter=name) if name else say("base_model")


def _coder(settings: Settings, say: Say) -> Check:
    coder = settings.coder
    adapter = _adapter("coder", settings, say)
    if coder.base_url:
        return _server("coder model", coder.base_url, coder.model + adapter, say)
    if not coder.model:
        return Check("coder model", "ok", say("readers_own") + adapter)
    engine = _engine("coder", settings, say)
    return _weights("coder model", coder.model, settings, say, engine + adapter)


def _server(name: Name, base_url: str, model: str, say: Say) -> Check:
    import httpx

    try:
        httpx.get(f"{base_url.rstrip('/')}/models", timeout=_TIMEOUT_S)
    except httpx.HTTPError as error:
        silent = say("server_silent", url=base_url, error=error)
        return Check(name, "problem", silent, say("start_server"))
    return Check(name, "ok", say("model_at", model=model, url=base_url))


def _library(settings: Settings, say: Say) -> Check:
    folder = settings.home / "library"
    if not settings.store.uri and not owner_runs(folder):
        return _closed_library(folder, settings, say)
    from rag_agent.assistant import Assistant

    try:
        store = Assistant(settings).library.look()
    except AgentError as error:
        return Check("library", "problem", error.what, error.next_step)
    if store is None:
        return _no_library(say)
    info = store.info
    papers = say("papers_in", n=store.count(), uri=info.uri, model=info.embedding_model)
    keywords = "" if info.keyword_search else say("no_keywords")
    return Check("library", "ok", papers + keywords + _full_texts(settings, say))


def _closed_library(folder: Path, settings: Settings, say: Say) -> Check:
    """What the files of a library tell that nobody has opened; to open it would write to its folder."""
    if not folder.is_dir():
        return _no_library(say)
    size_mb = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
    past = past_ingests(settings.home)
    last = say("last_ingest", date=past[-1]["at"][:10]) if past else ""
    closed = say("closed", size=size_mb, folder=folder, last=last)
    return Check("library", "ok", closed + _full_texts(settings, say))


def _full_texts(settings: Settings, say: Say) -> str:
    """How many papers are read from which form; empty where none is at hand."""
    forms = Counter(form_of(file) for file in papers_at_hand(settings.assets).values())
    told = [f"{forms[form]} {NAMES[form]}" for form in BEST_FIRST if forms[form]]
    return say("full_texts", forms=", ".join(told)) if told else ""


def _no_library(say: Say) -> Check:
    return Check("library", "warning", say("no_library"), say("run_setup"))


def _sandbox(settings: Settings, say: Say) -> Check:
    from rag_agent.sandbox import Sandbox, bubblewrap

    try:
        run = Sandbox(settings.sandbox).run("print('inside')")
    except AgentError as error:
        return Check("sandbox", "problem", error.what, error.next_step)
    walls, outcome = bubblewrap.newest(), run.outcome
    detail = say("isolated", walls=walls, outcome=outcome, seconds=run.seconds)
    return Check("sandbox", "ok", detail)


def _arxiv(settings: Settings, say: Say) -> Check:
    import httpx

    url = settings.arxiv.api_url
    host = urlsplit(url).netloc
    try:
        status = httpx.get(
            url, params={"id_list": "2005.11401", "max_results": 1}, timeout=_TIMEOUT_S
        ).status_code
    except httpx.HTTPError:
        return Check("arXiv", "warning", say("arxiv_unreached", host=host), say("check_network"))
    if status != httpx.codes.OK:
        answered = say("arxiv_status", host=host, status=status)
        return Check("arXiv", "warning", answered, say("try_later"))
    return Check("arXiv", "ok", say("arxiv_answers", host=host))
