"""The program behind every surface: opens its parts once, answers questions as streams of events."""

import contextlib
import hashlib
import queue
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar

from ingestion.embedding.model import Embedder
from ingestion.embedding.shared import SharedEmbedder
from ingestion.errors import (
    AgentError,
    InvalidArxivId,
    ModelError,
    PaperNotFound,
    PdfError,
    WeightsError,
)
from ingestion.fulltext.page_image import PageImage, page_image
from ingestion.fulltext.pdf_text import read_pdf
from ingestion.machine import weights
from ingestion.machine.private_folder import make_private
from ingestion.machine.user_path import user_path
from ingestion.paper import Paper, parse_arxiv_id
from ingestion.pipeline import IngestReport, ingest, past_ingests
from ingestion.sources.arxiv_api import ArxivApi
from ingestion.sources.arxiv_pdf import fetch_pdf, pdf_path
from ingestion.sources.metadata_files import read_papers
from ingestion.sources.starter import starter_papers
from ingestion.store.collection import Filters, Store
from rag_agent.answer import Answer, Hit, Route, Tokens, Verdict
from rag_agent.asking.services import Services, Stopped
from rag_agent.asking.steps import CodeOptions
from rag_agent.code import again as code_again
from rag_agent.conversations import memory
from rag_agent.conversations import store as sessions
from rag_agent.conversations.store import Session
from rag_agent.events import Answered, Event, Failed, WaitingForArxiv
from rag_agent.grounding.full_text import FullText
from rag_agent.model.client import NO_MODEL, LanguageModel, load_client, open_model
from rag_agent.prompts.reader import Prompts
from rag_agent.retrieval import Retriever
from rag_agent.sandbox import Sandbox
from rag_agent.settings import Mode, Settings

OpenModel = Callable[[Literal["reader", "coder"]], LanguageModel]
Driver = Literal["graph", "tools"]
_T = TypeVar("_T")
_RECURSION_LIMIT = 120  # steps of the graph; budgets end a question long before


@dataclass(frozen=True, slots=True)
class Added:
    """What became of one thing given to `add`: the paper, or why there is none."""

    given: str
    paper: Paper | None
    detail: str


class Assistant:
    """One program: share it between threads and questions.

    Nothing is opened before it is needed; `warm_up` opens everything in the background.

    Args:
        settings: In force.
        models: Opens the models; tests pass a function that gives a `ScriptedModel`.
        report: Told of downloads and loading.
        embedder: Takes the place of the model that the settings name; tests pass a `HashingEmbedder`.
    """

    def __init__(
        self,
        settings: Settings,
        models: OpenModel | None = None,
        report: weights.Report = lambda what, share: None,
        embedder: Embedder | None = None,
    ) -> None:
        self.settings = settings
        self._report = report
        self._given_embedder = embedder
        self._open_model: OpenModel = models or (lambda role: open_model(role, settings, report))
        self._lock = threading.RLock()

    @cached_property
    def embedder(self) -> Embedder:
        """The embedding model, in a process that stays warm; started at its first text."""
        return self._given_embedder or SharedEmbedder(
            self.settings.embedding, self.settings.home, self._report
        )

    @property
    def store(self) -> Store:
        """The library, opened and given the starter papers at first use."""
        with self._lock:
            return self._store

    @cached_property
    def _store(self) -> Store:
        home = self.settings.home
        make_private(home)
        store = Store(self.settings.store, home, self.embedder.name, lambda: self.embedder.dim)
        if not any(past["source"] == "starter" for past in past_ingests(home)):
            self._report("adding the starter library", 0.0)
            ingest(starter_papers(), store, self.embedder, home, source="starter")
        return store

    @property
    def retriever(self) -> Retriever:
        """Searches the library."""
        return Retriever(self.store, self.embedder, self.settings.retrieval)

    @cached_property
    def full_text(self) -> FullText:
        """Reads PDFs."""
        return FullText(self.settings.pdf, self.embedder, self.settings.home / "texts")

    @cached_property
    def _checkpointer(self) -> Any:
        return sessions.open_checkpointer(self.settings.home)

    @cached_property
    def _graph(self) -> Any:
        from rag_agent.asking.graph import build_graph

        return build_graph(self._checkpointer)

    @cached_property
    def _question_graph(self) -> Any:
        from rag_agent.asking.graph import build_graph

        return build_graph(None)

    def _states(
        self, state: dict[str, Any], services: Services, driver: Driver
    ) -> Iterator[dict[str, Any]]:
        """The question's state after every step. It lives for the question and is not written to disk."""
        if driver == "tools":
            from rag_agent.asking.tools import run_tools

            yield from run_tools(state, services)  # type: ignore[arg-type,misc]
            return
        yield from self._question_graph.stream(
            state, {"recursion_limit": _RECURSION_LIMIT}, context=services, stream_mode="values"
        )

    def warm_up(self) -> None:
        """Load models and library, so that the first question finds them ready.

        Raises:
            AgentError: The library or the embedding model cannot be had; a missing reader is no error.
        """
        # Without a reader the answers only quote, and each says so.
        reader = threading.Thread(target=self._reader, daemon=True)
        reader.start()
        self.embedder.load()
        self.store.count()
        reader.join()

    def ask(
        self,
        question: str,
        *,
        session: str = "",
        paper: str = "",
        route: Route | Literal[""] = "",
        code_options: CodeOptions = CodeOptions(),  # noqa: B008  # frozen
        driver: Driver = "graph",
        stopped: threading.Event | None = None,
    ) -> Iterator[Event]:
        """Answer a question as a stream of events; the last one is `Answered` or `Failed`.

        Args:
            question: In English or Chinese.
            session: Conversation that it belongs to and is kept in; empty: none.
            paper: Id of the one paper to answer from; empty: the agent chooses.
            route: Way to go, such as `code`; empty: the agent chooses.
            code_options: How a program is asked for, on the code route.
            driver: `graph`: the fixed steps; `tools`: the model calls the tools as it likes.
            stopped: Set it to end the question; what there is so far is the answer.
        """
        events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        stopped = stopped or threading.Event()

        def work() -> None:
            try:
                asked = {
                    "question": question.strip(),
                    "paper_id": paper,
                    "route": route,
                    "code_options": code_options,
                }
                self._answer(asked, session, driver, stopped, events.put)
            except AgentError as error:
                events.put(Failed(error.what, error.kept, error.next_step))
            except Exception as error:
                what = f"An error of the program: {type(error).__name__}: {error}"
                events.put(Failed(what, "The conversation is kept", "Please report it"))
                raise
            finally:
                events.put(None)

        worker = threading.Thread(target=work, daemon=True)
        worker.start()
        try:
            while (event := events.get()) is not None:
                yield event
        finally:
            stopped.set()  # a consumer that goes away ends the question

    def search(
        self,
        query: str,
        *,
        k: int | None = None,
        mode: Mode | None = None,
        threshold: float | None = None,
        filters: Filters | None = None,
    ) -> tuple[Hit, ...]:
        """Search the library; see `Retriever.search`."""
        return self.retriever.search(query, k=k, mode=mode, threshold=threshold, filters=filters)

    def ingest_files(
        self,
        paths: Sequence[Path],
        on_progress: Callable[[int, int], None] | None = None,
        on_batch: Callable[[IngestReport], None] = lambda report: None,
    ) -> IngestReport:
        """Bring metadata files into the library; see `ingestion.pipeline.ingest`."""
        found = read_papers(paths, on_progress)
        source = ", ".join(path.name for path in paths)
        return ingest(
            found, self.store, self.embedder, self.settings.home, source=source, on_batch=on_batch
        )

    def fetch(
        self,
        keywords: str,
        *,
        max_papers: int = 10,
        newest: bool = False,
        since: date | None = None,
        category: str | None = None,
        pdfs: bool = False,
        on_wait: Callable[[float, str], None] = lambda seconds, reason: None,
    ) -> tuple[list[Paper], IngestReport]:
        """Take papers from arXiv into the library, and their PDFs where asked.

        Raises:
            ArxivError: arXiv cannot be used; nothing was changed.
        """
        api = self._arxiv(on_wait, requests=max_papers // 50 + 3 + (max_papers if pdfs else 0))
        papers = api.search(
            keywords, max_results=max_papers, newest=newest, since=since, category=category
        )
        report = self._ingest(papers, f"arxiv: {keywords}")
        if pdfs:
            for paper in papers:
                self._download(paper, api)
        return papers, report

    def add(
        self, given: str, on_wait: Callable[[float, str], None] = lambda seconds, reason: None
    ) -> Added:
        """Bring one paper in: a PDF file, an arXiv id, or a title. Never raises for bad input."""
        try:
            path = user_path(given)
            if path.suffix.lower() == ".pdf" or path.is_file():
                return self._add_pdf(path, given)
            return self._add_from_arxiv(given, self._arxiv(on_wait, requests=6))
        except AgentError as error:
            return Added(given, None, str(error))

    def papers_at_hand(self) -> list[tuple[Paper, Path]]:
        """Papers whose PDF is in the asset folder, with its path."""
        files = sorted(self.settings.assets.glob("*.pdf"))
        by_id = {self._id_of(file): file for file in files}
        known = self.store.get(list(by_id))
        return [(known.get(id_) or _unknown(id_), file) for id_, file in by_id.items()]

    def page_image(
        self, arxiv_id: str, page: int, *, width_px: int = 1000, span: tuple[int, int] = (0, 0)
    ) -> PageImage:
        """Draw a page of a paper whose PDF is at hand.

        Args:
            arxiv_id: The paper.
            page: From 1.
            width_px: Width of the image.
            span: First character and the one after the last of the page's text to highlight; (0, 0): none.

        Raises:
            PdfError: There is no PDF at hand, or the page cannot be drawn.
        """
        files = self._files_of(arxiv_id)
        if not files:
            raise PdfError(f"The PDF of {arxiv_id} is not at hand", next_step="Download it first")
        paper, file = self.store.get([arxiv_id]).get(arxiv_id) or _unknown(arxiv_id), files[-1]
        boxes = self.full_text.open(paper, file).text.boxes(page, *span) if span[1] else []
        return page_image(file, page, self.settings.pdf, width_px=width_px, marked=boxes)

    def delete(self, arxiv_id: str) -> bool:
        """Remove a paper and its PDFs; whether the library had it."""
        for file in self._files_of(arxiv_id):
            file.unlink()
        return self.store.delete([arxiv_id]) > 0

    def run_again(self, code: dict[str, Any]) -> dict[str, Any]:
        """Run a program that a conversation keeps; see `rag_agent.code.again.run_again`."""
        return code_again.run_again(code, Sandbox(self.settings.sandbox))

    def write_again(
        self,
        code: dict[str, Any],
        instruction: str,
        on_event: Callable[[Event], None] = lambda event: None,
    ) -> dict[str, Any]:
        """Write a kept program anew from an edited instruction; see `rag_agent.code.again`."""
        return code_again.write_again(
            code,
            instruction,
            coder=self._open_model("coder"),
            reader=self._open_model("reader"),
            sandbox=Sandbox(self.settings.sandbox),
            on_event=on_event,
        )

    def sessions(self) -> list[Session]:
        """Conversations on disk, the latest first."""
        return sessions.list_sessions(self._checkpointer)

    def turns(self, session: str) -> list[dict[str, Any]]:
        """Questions of a session with their answers and ratings, oldest first."""
        return list(self._values(session).get("turns") or [])

    def rename_session(self, session: str, title: str) -> None:
        """Give a session another title."""
        self._update(session, {"title": sessions.checked_name(title)})

    def delete_session(self, session: str) -> None:
        """Forget a session for good."""
        self._checkpointer.delete_thread(session)

    def rate(self, session: str, turn: int, rating: Literal["up", "down", ""]) -> None:
        """Keep a thumb up or down with a turn (from 0)."""
        with self._lock:
            turns = self.turns(session)
            turns[turn] = {**turns[turn], "rating": rating}
            self._update(session, {"turns": turns})

    def keep_code(self, session: str, turn: int, code: dict[str, Any]) -> None:
        """Keep a program that was run or written again in the place of the one a turn (from 0) has."""
        with self._lock:
            turns = self.turns(session)
            turns[turn] = {**turns[turn], "answer": {**turns[turn]["answer"], "code": code}}
            self._update(session, {"turns": turns})

    def export_session(self, session: str) -> str:
        """A session as Markdown with BibTeX."""
        values = self._values(session)
        turns = list(values.get("turns") or [])
        title = values.get("title") or (turns[0]["question"] if turns else session)
        return sessions.as_markdown(title, turns)

    def _answer(
        self,
        asked: dict[str, Any],
        session: str,
        driver: Driver,
        stopped: threading.Event,
        emit: Callable[[Event], None],
    ) -> None:
        if not asked["question"]:
            raise AgentError("The question is empty", next_step="Ask something")
        started = time.perf_counter()
        services, reader_seconds = self._services(stopped, emit)
        values = self._values(session) if session else {}
        turns = list(values.get("turns") or [])
        answer = self._run(asked, turns, values, services, driver)
        answer = _finished(answer, services, time.perf_counter() - started, reader_seconds)
        if session:
            turn = {
                "question": asked["question"],
                "answer": answer.as_json(),
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
                "rating": "",
            }
            with self._lock:  # earlier turns may have been rated meanwhile
                kept = {"turns": [*self.turns(session), turn]}
                if "summary" in values:
                    kept |= {"summary": values["summary"], "summarised": values["summarised"]}
                self._update(session, kept)
        emit(Answered(answer))

    def _run(
        self,
        state: dict[str, Any],
        turns: list[dict[str, Any]],
        values: dict[str, Any],
        services: Services,
        driver: Driver,
    ) -> Answer:
        try:
            state = {
                **state,
                "conversation": self._conversation(turns, values, services),
                "last_papers": memory.last_papers(turns),
            }
            # The last state seen is the result so far, whatever ends the question.
            for latest in self._states(state, services, driver):
                state = latest
        except Stopped:
            services.notices.append("Stopped; this is what there was so far.")
            state = {**state, "claims": tuple(services.shown), "stopped": True}
        return _answer_of(state)

    def _conversation(
        self, turns: list[dict[str, Any]], values: dict[str, Any], services: Services
    ) -> str:
        limit = self.settings.agent.memory_tokens
        summary, summarised = values.get("summary") or "", values.get("summarised") or 0
        older = memory.overflow(turns, summarised, limit)
        if older and services.reader is not None:
            with services.step("summarise the conversation"):
                summary = memory.summarise(
                    turns[summarised : summarised + older],
                    summary,
                    services.reader,
                    services.prompts,
                )
            summarised += older
            values |= {"summary": summary, "summarised": summarised}
        return memory.conversation_text(turns, summary, summarised, limit)

    def _services(
        self, stopped: threading.Event, emit: Callable[[Event], None]
    ) -> tuple[Services, float]:
        """Services of one question, and the seconds that the reader model took to open.

        Imports hold the interpreter's lock. So what the plan needs is imported while servers start, and
        what the search needs while the model plans.
        """
        _early(self.embedder.load)
        with ThreadPoolExecutor(1) as pool:
            opening = pool.submit(_timed, self._reader)
            load_client()
            self._question_graph  # noqa: B018  # builds it
            (reader, notice), seconds = opening.result()
        _early(lambda: self.store.count())
        services = Services(
            settings=self.settings,
            open_store=lambda: self.store,
            embedder=self.embedder,
            full_text=self.full_text,
            arxiv=self._arxiv(
                lambda wait_s, reason: emit(WaitingForArxiv(wait_s, reason)),
                requests=self.settings.arxiv.max_requests,
            ),
            sandbox=Sandbox(self.settings.sandbox),
            prompts=Prompts(self.settings.prompts),
            reader=reader,
            open_coder=lambda: self._open_model("coder"),
            emit=emit,
            stopped=stopped,
            opened=[reader] if reader else [],
        )
        if reader is not None:
            reader.on_piece = services.go_on
        if notice:
            services.notice(notice)
        return services, seconds

    def _reader(self) -> tuple[LanguageModel | None, str]:
        try:
            return self._open_model("reader"), ""
        except (ModelError, WeightsError) as error:
            return None, f"{error} The answer only quotes."

    def _arxiv(self, on_wait: Callable[[float, str], None], requests: int) -> ArxivApi:
        limited = self.settings.arxiv.model_copy(update={"max_requests": requests})
        return ArxivApi(limited, self.settings.home / "arxiv", on_wait)

    def _ingest(self, papers: Sequence[Paper], source: str) -> IngestReport:
        return ingest(papers, self.store, self.embedder, self.settings.home, source=source)

    def _add_pdf(self, path: Path, given: str) -> Added:
        """A local PDF; an arXiv id in its name says which paper it is."""
        text = read_pdf(path, self.settings.pdf)
        try:
            named = parse_arxiv_id(path.stem.replace("_", "/"))
            arxiv_id, version, year, month = named.id, named.version or 0, named.year, named.month
        except InvalidArxivId:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            arxiv_id, version, year, month = f"local/{digest[:12]}", 0, date.today().year, 0
        known = self.store.get([arxiv_id]).get(arxiv_id)
        paper = known or Paper(
            arxiv_id=arxiv_id,
            title=text.title or path.stem[:200],
            abstract=text.abstract,
            authors=text.authors,
            categories=(),
            year=year,
            month=month,
            version=version,
            origin="pdf",
        )
        target = pdf_path(self.settings.assets, arxiv_id, paper.version)
        make_private(target.parent)
        if path.resolve() != target.resolve():
            part = target.with_suffix(".part")
            shutil.copyfile(path, part)
            part.replace(target)
        if known is None:
            self._ingest([paper], f"pdf: {path.name}")
        notices = f" ({'; '.join(text.notices)})" if text.notices else ""
        return Added(given, paper, f"{len(text.pages)} pages{notices}")

    def _add_from_arxiv(self, given: str, api: ArxivApi) -> Added:
        try:
            wanted = str(parse_arxiv_id(given))
            papers = api.by_ids([wanted])
        except InvalidArxivId:
            found = api.by_title(given)
            papers = [found] if found else []
        if not papers:
            raise PaperNotFound(
                f"arXiv has no paper {given[:80]!r}", next_step="Check the id or title"
            )
        self._ingest(papers, f"arxiv: {given}")
        try:
            self._download(papers[0], api)
        except AgentError as error:
            return Added(given, papers[0], f"metadata only: {error}")
        return Added(given, papers[0], "metadata and PDF")

    def _download(self, paper: Paper, api: ArxivApi) -> Path:
        return fetch_pdf(
            paper.arxiv_id,
            paper.version,
            self.settings.assets,
            api.connection,
            max_mb=self.settings.pdf.max_mb,
        )

    def _files_of(self, arxiv_id: str) -> list[Path]:
        """The PDFs at hand of a paper, one a version, the latest name last."""
        files = sorted(self.settings.assets.glob(f"{arxiv_id.replace('/', '_')}*.pdf"))
        return [file for file in files if self._id_of(file) == arxiv_id]

    def _id_of(self, file: Path) -> str:
        name = file.stem.replace("_", "/")
        try:
            return parse_arxiv_id(name).id
        except InvalidArxivId:
            return name

    def _config(self, session: str) -> dict[str, Any]:
        return {"configurable": {"thread_id": sessions.checked_name(session)}}

    def _values(self, session: str) -> dict[str, Any]:
        return dict(self._graph.get_state(self._config(session)).values)

    def _update(self, session: str, values: dict[str, Any]) -> None:
        with self._lock:
            self._graph.update_state(self._config(session), values, as_node="do_chat")


def _unknown(arxiv_id: str) -> Paper:
    """A paper of which only the PDF is at hand."""
    return Paper(arxiv_id, arxiv_id, "", (), (), 0, origin="pdf")


def _early(open_part: Callable[[], object]) -> None:
    """Open a part in the background; what fails there fails again, and is told, where it is used."""

    def run() -> None:
        with contextlib.suppress(AgentError, OSError):
            open_part()

    threading.Thread(target=run, daemon=True).start()


def _timed(work: Callable[[], _T]) -> tuple[_T, float]:
    """What a call gives, and the seconds it took."""
    started = time.perf_counter()
    return work(), time.perf_counter() - started


def _answer_of(state: dict[str, Any]) -> Answer:
    """The answer that a final (or last) state holds."""
    plan = state.get("plan")
    claims = tuple(state.get("claims") or ())
    route: Route = plan.route if plan else "research"
    unanswered = state.get("unanswered") or []
    code = state.get("code")
    answered = bool(claims) or bool(state.get("reply")) or bool(code)
    if route == "fetch":
        answered = bool(state.get("fetched"))
    if state.get("off_topic"):
        answered = False
    verdict: Verdict = "no claims"
    if claims:
        verdict = "partly supported" if unanswered else "supported"
        if state.get("quotes_only"):
            verdict = "quotes only"
    elif route in ("research", "paper") and not code and not state.get("stopped"):
        verdict = "declined"
    nearest = () if claims else tuple(state.get("nearest") or ())
    return Answer(
        question=state["question"],
        language=state.get("language") or "en",
        answered=answered,
        claims=claims,
        route=route,
        nearest=nearest,
        queries=tuple(state.get("queries") or ()),
        rounds=len(state.get("queries") or ()) or (1 if claims else 0),
        fetched=tuple(state.get("fetched") or ()),
        verdict=verdict,
        reply=state.get("reply") or "",
        code=code,
    )


def _finished(answer: Answer, services: Services, seconds: float, reader_seconds: float) -> Answer:
    """The answer with what it took: `reader_seconds` went into opening the reader model."""
    usage = [model.usage for model in services.opened]
    return replace(
        answer,
        steps=tuple(services.steps),
        notices=tuple(services.notices),
        model=services.opened[0].name if services.opened else NO_MODEL,
        tokens=Tokens(
            sum(use.prompt_tokens for use in usage), sum(use.completion_tokens for use in usage)
        ),
        llm_calls=sum(use.calls for use in usage),
        seconds=seconds,
        model_seconds=reader_seconds + sum(use.seconds for use in usage),
    )
