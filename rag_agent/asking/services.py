"""What the steps of one question work with: the parts of the program, its budget, its event stream."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from ingestion.embedding import Embedder
from ingestion.errors import ArxivError, PaperNotFound, StoreError
from ingestion.library import Library
from ingestion.paper import Paper
from ingestion.sources.arxiv_api import ArxivApi
from ingestion.store.collection import Filters, Store
from rag_agent.answer import Step
from rag_agent.citation import Claim
from rag_agent.events import ClaimWritten, Event, Reading
from rag_agent.grounding.full_text import FullText
from rag_agent.grounding.keys import Keys
from rag_agent.grounding.open_paper import OpenPaper
from rag_agent.model.client import LanguageModel
from rag_agent.progress import Telling
from rag_agent.prompts.reader import Prompts
from rag_agent.retrieval import Retriever
from rag_agent.sandbox import Sandbox
from rag_agent.settings import Settings

_Result = TypeVar("_Result")


class Stopped(Exception):
    """The user stopped the question; what there is so far stands."""


@dataclass
class Services(Telling):
    """One question's view of the program. Parts are shared between questions, the rest is its own.

    Args:
        settings: In force for this question.
        library: The papers; opened at first use, while the plan is made.
        embedder: Embeds queries, sentences and claims.
        full_text: Reads PDFs.
        arxiv: Asks arXiv, within this question's share of requests.
        sandbox: Runs generated programs.
        prompts: The prompts in force.
        reader: The reader model; None when there is none, and answers only quote.
        open_coder: Opens the coder model on first use.
        emit: Takes each event.
        stopped: Set when the user stops the question.
        keys: Numbers the quotes of the whole answer.
        opened: Models used, for their counts.
        shown: Claims the user has seen.
        steps: Steps made, in order.
        notices: What went another way than planned.
        only: Ids of the papers to answer from; empty: the whole library, and arXiv.
        arxiv_failed: Whether arXiv failed once in this question; it is not asked again then.
        started: Start of the question, `time.perf_counter()` seconds.
    """

    settings: Settings
    library: Library
    embedder: Embedder
    full_text: FullText
    arxiv: ArxivApi
    sandbox: Sandbox
    prompts: Prompts
    reader: LanguageModel | None
    open_coder: Callable[[], LanguageModel]
    emit: Callable[[Event], None]
    stopped: threading.Event = field(default_factory=threading.Event)
    keys: Keys = field(default_factory=Keys)
    opened: list[LanguageModel] = field(default_factory=list)
    shown: list[Claim] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    only: tuple[str, ...] = ()
    arxiv_failed: bool = False
    started: float = field(default_factory=time.perf_counter)

    @property
    def store(self) -> Store:
        """The library's records.

        Raises:
            StoreError: They cannot be opened.
        """
        return self.library.store

    @property
    def retriever(self) -> Retriever:
        """Searches the library."""
        within = Filters(only=self.only)
        return Retriever(self.store, self.embedder, self.settings.retrieval, within=within)

    def go_on(self) -> None:
        """Return, or end the question if the user stopped it.

        Raises:
            Stopped: The user did.
        """
        if self.stopped.is_set():
            raise Stopped

    def say(self, event: Event) -> None:
        """Emit an event, or end the question if the user stopped it.

        Raises:
            Stopped: The user did.
        """
        self.go_on()
        if isinstance(event, ClaimWritten):
            self.shown.append(event.claim)
        self.emit(event)

    def full_text_of(self, paper: Paper, file: Path) -> OpenPaper:
        """A paper's text; where it was not read before, it is now, and each page is told.

        Raises:
            DocumentError: The file gives no text.
            Stopped: The user stopped the question.
        """

        def read(page: int, pages: int) -> None:
            self.say(Reading(paper.arxiv_id, page, pages))

        return self.full_text.open(paper, file, read)

    def ask_arxiv(self, ask: Callable[[ArxivApi | None], _Result]) -> _Result:
        """What `ask` gives with arXiv; where that cannot be used, with one notice a question, without it.

        Args:
            ask: Takes arXiv, or None where it may not be asked or failed before.
        """
        if self.arxiv_failed or self.only or not self.settings.agent.fetch:
            return ask(None)
        try:
            return ask(self.arxiv)
        except PaperNotFound as error:
            self.notice(error)
        except ArxivError as error:
            self.arxiv_failed = True
            self.notice(f"{error} The answer rests on the library alone.")
        except StoreError as error:  # what came could not be kept
            self.notice(error)
        return ask(None)

    def coder(self) -> LanguageModel:
        """The coder model, opened at its first use."""
        model = self.open_coder()
        model.on_piece = self.go_on
        self.opened.append(model)
        return model

    def out_of_time(self) -> bool:
        """Whether the question's seconds are spent."""
        return time.perf_counter() - self.started > self.settings.agent.seconds
