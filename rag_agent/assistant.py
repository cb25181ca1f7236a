"""The program behind every surface: opens its parts once, answers questions as streams of events."""

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal, TypeVar

from ingestion import adding
from ingestion.adding import Added
from ingestion.embedding.model import Embedder
from ingestion.embedding.shared import SharedEmbedder
from ingestion.errors import AgentError, ModelError, WeightsError
from ingestion.fulltext.page_image import PageImage, page_image
from ingestion.library import Library, OnWait
from ingestion.machine import weights
from ingestion.store.collection import Filters
from rag_agent.answer import Answer, Hit, Route
from rag_agent.asking.outcome import answer_of, finished
from rag_agent.asking.services import Services, Stopped
from rag_agent.asking.steps import CodeOptions
from rag_agent.code import again as code_again
from rag_agent.code.result import CodeResult
from rag_agent.conversations import memory
from rag_agent.conversations import store as sessions
from rag_agent.conversations.store import Session
from rag_agent.events import Answered, Event, Failed, WaitingForArxiv
from rag_agent.grounding.full_text import FullText
from rag_agent.model.client import LanguageModel, load_client, open_model
from rag_agent.progress import Telling
from rag_agent.prompts.reader import Prompts
from rag_agent.retrieval import Retriever
from rag_agent.sandbox import Sandbox
from rag_agent.settings import Mode, Settings

OpenModel = Callable[[Literal["reader", "coder"]], LanguageModel]
Driver = Literal["graph", "tools"]
_T = TypeVar("_T")
_RECURSION_LIMIT = 120  # steps of the graph; budgets end a question long before


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

    @cached_property
    def library(self) -> Library:
        """The papers; opened at their first use."""
        return Library(self.settings, self.embedder, self._report)

    @property
    def retriever(self) -> Retriever:
        """Searches the library."""
        return Retriever(self.library.store, self.embedder, self.settings.retrieval)

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
        self.library.store.count()
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

    def add(self, given: str, on_wait: OnWait = lambda seconds, reason: None) -> Added:
        """Bring one paper in; see `ingestion.adding.add`."""
        return adding.add(given, self.library, on_wait)

    def page_image(
        self,
        arxiv_id: str,
        page: int,
        *,
        version: int = 0,
        width_px: int = 1000,
        span: tuple[int, int] = (0, 0),
    ) -> PageImage:
        """Draw a page of a paper whose PDF is at hand.

        Args:
            arxiv_id: The paper.
            page: From 1.
            version: The PDF's, such as a citation's; 0: the newest at hand.
            width_px: Width of the image.
            span: First character and the one after the last of the page's text to highlight; (0, 0): none.

        Raises:
            PdfError: This version is not at hand, or the page cannot be drawn.
        """
        paper, file = self.library.version_at_hand(arxiv_id, version)
        boxes = self.full_text.open(paper, file).text.boxes(page, *span) if span[1] else []
        return page_image(file, page, self.settings.pdf, width_px=width_px, marked=boxes)

    def run_again(self, code: CodeResult) -> CodeResult:
        """Run a program that a conversation keeps; see `rag_agent.code.again.run_again`."""
        return code_again.run_again(code, Sandbox(self.settings.sandbox))

    def write_again(
        self,
        code: CodeResult,
        instruction: str,
        on_event: Callable[[Event], None] = lambda event: None,
    ) -> CodeResult:
        """Write a kept program anew from an edited instruction; see `rag_agent.code.again`."""
        return code_again.write_again(
            code,
            instruction,
            coder=self._open_model("coder"),
            reader=self._open_model("reader"),
            sandbox=Sandbox(self.settings.sandbox),
            prompts=Prompts(self.settings.prompts).coder,
            progress=Telling(on_event),
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

    def keep_code(self, session: str, turn: int, code: CodeResult) -> None:
        """Keep a program that was run or written again in the place of the one a turn (from 0) has."""
        with self._lock:
            turns = self.turns(session)
            answer = {**turns[turn]["answer"], "code": code.as_json()}
            turns[turn] = {**turns[turn], "answer": answer}
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
        answer = finished(answer, services, time.perf_counter() - started, reader_seconds)
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
        return answer_of(state)

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
        _early(lambda: self.library.store.count())
        services = Services(
            settings=self.settings,
            library=self.library,
            embedder=self.embedder,
            full_text=self.full_text,
            arxiv=self.library.arxiv(
                self.settings.arxiv.max_requests,
                lambda wait_s, reason: emit(WaitingForArxiv(wait_s, reason)),
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

    def _config(self, session: str) -> dict[str, Any]:
        return {"configurable": {"thread_id": sessions.checked_name(session)}}

    def _values(self, session: str) -> dict[str, Any]:
        return dict(self._graph.get_state(self._config(session)).values)

    def _update(self, session: str, values: dict[str, Any]) -> None:
        with self._lock:
            self._graph.update_state(self._config(session), values, as_node="do_chat")


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
