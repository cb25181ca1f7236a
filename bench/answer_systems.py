"""What answers the questions of a set: this program, an earlier revision of it, the plain LangChain recipe."""

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from bench.answer_sets import Task

ROOT = Path(__file__).resolve().parents[1]
RUNS = ROOT / "runs" / "answers"
"""Data folders and copies of papers of measurements; not committed."""
_WORKER = Path(__file__).with_name("ask_worker.py")
_RECIPE_PROMPT = (
    "You are a helpful assistant. Use the following pieces of context to answer the question. If you don't know "
    "the answer, just say that you don't know. Keep the answer concise.\n\nContext:\n{context}\n\nQuestion: "
    "{question}\n\nHelpful answer:"
)
_DECLINES = re.compile(
    r"\b(?:don['’]t|do not|does not|doesn['’]t|not|no) (?:\w+ ){0,2}(?:know|mention|provide|specif|state|information"
    r"|given|contain)|不知道|没有(?:提|找)|未(?:提|说)",
    re.I,
)


class System(Protocol):
    """Something that answers questions."""

    name: str

    def answer(self, task: Task) -> tuple[dict[str, Any], float, float | None]:
        """The object of `ask --json`, wall seconds, and seconds to the first words."""

    def close(self) -> None:
        """End what it started."""


class Program:
    """This program's packages, or those of another tree, in a warm process with a data folder of its own.

    Args:
        name: In the table.
        tree: Folder of the packages.
        weights: Folder of weights to share; the rest of the data folder starts empty.
    """

    def __init__(self, name: str, tree: Path, weights: Path) -> None:
        self.name = name
        self._papers: dict[str, str] = {}
        home = RUNS / f"home-{name}"
        home.mkdir(parents=True, exist_ok=True)
        if weights.is_dir() and not (home / "weights").exists():
            (home / "weights").symlink_to(weights)
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(_WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=tree,
            env={**os.environ, "PYTHONPATH": str(tree), "ARXIV_AGENT_HOME": str(home)},
        )

    def answer(self, task: Task) -> tuple[dict[str, Any], float, float | None]:
        """See `System`."""
        paper = self._papers.get(task.paper) or self._added(task)
        self._papers[task.paper] = paper
        started = time.perf_counter()
        reply = self._asked({"question": task.question, "paper": paper})
        seconds = time.perf_counter() - started
        if "failed" in reply:
            raise SystemExit(f"{self.name}: {task.question}: {reply['failed']}")
        return reply["answer"], seconds, reply["first_s"]

    def close(self) -> None:
        """See `System`."""
        self._process.communicate(timeout=60)

    def _added(self, task: Task) -> str:
        if task.file is not None:
            return str(self._asked({"pdf": str(task.file)})["id"])
        number = len(self._papers) + 1  # an id of arXiv's form, far from any real one
        return str(self._asked({"abstract": task.abstract, "id": f"3012.{number:05d}"})["id"])

    def _asked(self, request: dict[str, Any]) -> dict[str, Any]:
        if self._process.stdin is None or self._process.stdout is None:
            raise AssertionError("started with pipes")
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} ended; what it said stands above")
        return dict(json.loads(line))


class Recipe:
    """What anyone writes in twenty lines: PyPDFLoader, chunks of 1000, MiniLM, the best 3, one prompt."""

    name = "langchain recipe"

    def __init__(self) -> None:
        self._stores: dict[str, Any] = {}

    @cached_property
    def _model(self) -> Any:
        from rag_agent.model.opening import open_model
        from rag_agent.settings import load_settings

        settings = load_settings(reader={"engine": "llama.cpp"})
        return open_model("reader", settings)

    @cached_property
    def _embeddings(self) -> Any:
        from langchain_community.embeddings import HuggingFaceEmbeddings

        from ingestion.machine import weights
        from rag_agent.settings import load_settings

        settings = load_settings()
        return HuggingFaceEmbeddings(
            model_name=str(weights.resolve(settings.embedding.model, settings.home))
        )

    def answer(self, task: Task) -> tuple[dict[str, Any], float, float | None]:
        """See `System`."""
        store = self._stores.setdefault(task.paper, None) or self._indexed(task)
        self._stores[task.paper] = store
        started = time.perf_counter()
        found = store.similarity_search(task.question, k=3)
        context = "\n\n".join(document.page_content for document in found)
        prompt = _RECIPE_PROMPT.format(context=context, question=task.question)
        before = self._model.usage.prompt_tokens
        text, first_s = "", None
        for piece in self._model.stream([("user", prompt)], 300):
            first_s = first_s or time.perf_counter() - started
            text += piece
        seconds = time.perf_counter() - started
        declined = bool(_DECLINES.search(text))
        answer = {
            "answer": text,
            "claims": [] if declined else [{"text": text, "citations": []}],
            "llm_calls": 1,
            "tokens": {"prompt": self._model.usage.prompt_tokens - before},
        }
        return answer, seconds, first_s

    def close(self) -> None:
        """See `System`."""

    def _indexed(self, task: Task) -> Any:
        from langchain_core.documents import Document
        from langchain_core.vectorstores import InMemoryVectorStore
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        if task.file is None:
            pages = [Document(task.abstract)]
        else:
            from langchain_community.document_loaders import PyPDFLoader

            pages = PyPDFLoader(str(task.file)).load()
        splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
        store = InMemoryVectorStore(self._embeddings)
        store.add_documents(splitter.split_documents(pages))
        return store


@contextlib.contextmanager
def revision(name: str) -> Iterator[Path]:
    """A folder with the packages of a git revision, gone afterwards."""
    tree = RUNS / f"tree-{name}"
    command = ["git", "-C", str(ROOT), "worktree"]
    subprocess.run([*command, "add", "--force", "--detach", str(tree), name], check=True)
    try:
        yield tree
    finally:
        subprocess.run([*command, "remove", "--force", str(tree)], check=True)
