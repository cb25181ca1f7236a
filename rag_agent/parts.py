"""The parts of the program, each opened once and shared, and what the steps of one question get of them."""

import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from typing import Literal, Self, TypeVar

from ingestion.embedding import Embedder
from ingestion.embedding.shared import SharedEmbedder
from ingestion.errors import AgentError, ModelError, WeightsError
from ingestion.library import Library
from ingestion.machine import weights
from rag_agent.asking.services import Services
from rag_agent.conversations import migrations as conversations
from rag_agent.conversations.store import Conversations
from rag_agent.database import Databases
from rag_agent.events import Event, WaitingForArxiv
from rag_agent.grounding.full_text import FullText
from rag_agent.jobs import FolderJobs, Jobs, PostgresJobs
from rag_agent.model.client import LanguageModel, load_client
from rag_agent.model.opening import open_model
from rag_agent.prompts.reader import Prompts
from rag_agent.question import question_graph
from rag_agent.retrieval import Retriever
from rag_agent.sandbox import Sandbox
from rag_agent.settings import Settings

OpenModel = Callable[[Literal["reader", "coder"]], LanguageModel]
_T = TypeVar("_T")


class Parts:
    """What one program is made of. Safe to share between threads.

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
        if settings.telemetry.traces:
            from rag_agent.telemetry import traces

            traces.start(settings.telemetry.traces)
        home = settings.home
        self.settings = settings
        self.embedder = embedder or SharedEmbedder(settings.embedding, home, report)
        self.library = Library(settings, self.embedder, report)
        self.full_text = FullText(settings.pdf, self.embedder, home / "texts")
        self.databases = Databases(home, settings.database.url.get_secret_value())
        self.conversations = Conversations(self.databases.of(conversations.SCHEMA))
        self.jobs: Jobs = (
            PostgresJobs.of_all(self.databases) if self.databases.url else FolderJobs(home)
        )
        self.open_model: OpenModel = models or (lambda role: open_model(role, settings, report))

    def of(self, user: str) -> Self:
        """The same program as a user sees it, with conversations and jobs of their own.

        Args:
            user: Name that a key was made for; empty: whose data folder it is.
        """
        seen = copy(self)
        seen.conversations, seen.jobs = self.conversations.of(user), self.jobs.of(user)
        return seen

    @property
    def retriever(self) -> Retriever:
        """Searches the library."""
        return Retriever(self.library.store, self.embedder, self.settings.retrieval)

    def warm_up(self) -> None:
        """Load models and library, so that the first question finds them ready.

        Raises:
            AgentError: The library or the embedding model cannot be had; a missing reader is no error.
        """
        # Without a reader the answers only quote, and each says so.
        reader = threading.Thread(target=self.reader, daemon=True)
        reader.start()
        self.embedder.load()
        self.library.store.count()
        reader.join()

    def services(
        self, stopped: threading.Event, emit: Callable[[Event], None]
    ) -> tuple[Services, float]:
        """Services of one question, and the seconds that the reader model took to open.

        Imports hold the interpreter's lock. So what the plan needs is imported while servers start, and
        what the search needs while the model plans.
        """
        _early(self.embedder.load)
        with ThreadPoolExecutor(1) as pool:
            opening = pool.submit(_timed, self.reader)
            load_client()
            question_graph()
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
            open_coder=lambda: self.open_model("coder"),
            emit=emit,
            stopped=stopped,
            opened=[reader] if reader else [],
        )
        if reader is not None:
            reader.on_piece = services.go_on
        if notice:
            services.notice(notice)
        return services, seconds

    def reader(self) -> tuple[LanguageModel | None, str]:
        """The reader model; where none can be had, None and the reason, for the answer to tell."""
        try:
            return self.open_model("reader"), ""
        except (ModelError, WeightsError) as error:
            return None, f"{error} The answer only quotes."


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
