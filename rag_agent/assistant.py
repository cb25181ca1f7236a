"""The program behind every surface: answers questions as streams of events, and does what else a surface offers."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Literal

from ingestion import adding
from ingestion.adding import Added
from ingestion.document import Form
from ingestion.errors import AgentError, DocumentError
from ingestion.fulltext.forms import files_at_hand, form_of
from ingestion.fulltext.page_image import PageImage, page_image
from ingestion.library import AtHand, OnWait
from ingestion.paper import Paper
from ingestion.references.looking import Citations
from ingestion.store.collection import Filters
from rag_agent.answer import Answer, Language, Route
from rag_agent.asking.citing.naming import with_cited_works
from rag_agent.asking.outcome import finished
from rag_agent.asking.planning import language_of
from rag_agent.asking.services import Services
from rag_agent.asking.state import CodeOptions
from rag_agent.asking.translation import to_english
from rag_agent.citation import Citation, Hit
from rag_agent.code import again as code_again
from rag_agent.code.result import CodeResult
from rag_agent.conversations.memory import Remembered
from rag_agent.conversations.notes import notes
from rag_agent.conversations.turn import Turn
from rag_agent.events import Answered, Event
from rag_agent.grounding.excerpt import Excerpt, passage_at
from rag_agent.jobs import Job, Run, ingest
from rag_agent.parts import Parts
from rag_agent.progress import Telling
from rag_agent.prompts.reader import Prompts
from rag_agent.question import Driver, run
from rag_agent.review import writing
from rag_agent.sandbox import Sandbox
from rag_agent.settings import Mode
from rag_agent.stream import Emit, streamed
from rag_agent.tables import making, propose
from rag_agent.telemetry import Figures, span

_MAKERS: dict[str, Callable[[Run, Services], dict[str, Any]]] = {
    making.KIND: making.make_table,
    writing.KIND: writing.write_review,
}


class Assistant(Parts):
    """One program, made of its parts: share it between threads and questions."""

    def ask(
        self,
        question: str,
        *,
        session: str = "",
        paper: str = "",
        route: Route | Literal[""] = "",
        code_options: CodeOptions = CodeOptions(),  # noqa: B008  # frozen
        driver: Driver = "graph",
        before: Remembered = Remembered(),  # noqa: B008  # frozen
        only: Sequence[str] = (),
        excerpt: Excerpt | None = None,
        language: Language | Literal[""] = "",
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
            before: The conversation so far, where it is kept elsewhere and `session` is empty.
            only: Ids of the papers to answer from, such as a collection's; empty: all, and arXiv.
            excerpt: Where the passage of `paper` stands that the question is about; None: the whole paper.
            language: Of the answer; empty: the question's.
            stopped: Set it to end the question; what there is so far is the answer.
        """
        stopped = stopped or threading.Event()
        asked: dict[str, Any] = {
            "question": question.strip(),
            "paper_id": paper,
            "route": route,
            "code_options": code_options,
            "excerpt": excerpt,
        }
        if language:
            asked["language"] = language

        def work(emit: Emit) -> None:
            self._answer(asked, session, before, tuple(only), driver, stopped, emit)

        return streamed(work, stopped)

    def search(
        self,
        query: str,
        *,
        k: int | None = None,
        mode: Mode | None = None,
        threshold: float | None = None,
        filters: Filters | None = None,
    ) -> tuple[Hit, ...]:
        """Search the library; see `Retriever.search`.

        Raises:
            AgentError: The query is empty.
        """
        if not query.strip():
            raise AgentError("The query is empty", next_step="Type what to look for")
        return self.retriever.search(query, k=k, mode=mode, threshold=threshold, filters=filters)

    def similar(self, arxiv_id: str, k: int = 5) -> tuple[Hit, ...]:
        """The `k` papers of the library nearest to one of it; none where it is not there."""
        return self.retriever.similar(arxiv_id, k)

    def in_english(self, query: str) -> str:
        """A query in English, as the papers are; as it stands where the reader model cannot translate it."""
        if language_of(query) == "en":
            return query
        services, _ = self.services(threading.Event(), lambda event: None)
        return to_english(query, services)

    def add(self, given: str, on_wait: OnWait = lambda seconds, reason: None) -> Added:
        """Bring one paper in; see `ingestion.adding.add`."""
        return adding.add(given, self.library, on_wait)

    def notes(self, papers: Sequence[Paper]) -> dict[str, str]:
        """Markdown notes of papers by file name, with all that conversations quote of them."""
        keys = self.library.keys.keep(papers)
        sessions = self.conversations.sessions()
        turns = [turn for one in sessions for turn in self.conversations.turns(one.name)]
        return notes(papers, keys, turns)

    def file_to_show(self, arxiv_id: str, form: Form | None = None, version: int = 0) -> AtHand:
        """The file of a paper to look at: this form and version, else its PDF, which has pages, else its best form.

        Raises:
            DocumentError: None is at hand.
        """
        if form is not None:
            with suppress(DocumentError):
                return self.library.version_at_hand(arxiv_id, version, form)
        files = files_at_hand(self.settings.assets, arxiv_id)
        at_hand = [each for each in map(form_of, files) if each]
        best: Form = "pdf" if "pdf" in at_hand or not at_hand else at_hand[0]
        return self.library.version_at_hand(arxiv_id, form=best)

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
        boxes = self.full_text.text(paper, file).pages[page - 1].boxes_of(*span) if span[1] else []
        return page_image(file, page, self.settings.pdf, width_px=width_px, marked=boxes)

    def passage(self, arxiv_id: str, excerpt: Excerpt) -> Citation:
        """A passage that somebody points at, verbatim.

        Raises:
            DocumentError: It is not in a text that is at hand.
        """
        if excerpt.form is None:
            paper = self.library.get([arxiv_id]).get(arxiv_id)
            if paper is None:
                raise DocumentError(f"The library has no paper {arxiv_id}")
            return passage_at(excerpt, paper, None)
        kept = self.library.version_at_hand(arxiv_id, excerpt.version, excerpt.form)
        return passage_at(excerpt, kept.paper, self.full_text.text(*kept))

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
            coder=self.open_model("coder"),
            reader=self.open_model("reader"),
            sandbox=Sandbox(self.settings.sandbox),
            prompts=Prompts(self.settings.prompts).coder,
            progress=Telling(on_event),
            seconds=self.settings.agent.seconds,
        )

    def columns(self, question: str) -> list[str]:
        """Columns of a table that would answer a question, to be edited; the usual ones without a reader."""
        reader, _ = self.reader()
        return [one.name for one in propose(question, reader, Prompts(self.settings.prompts).works)]

    def work(self, job: str, on_progress: Callable[[Job], None] = lambda job: None) -> Job:
        """Do a long job of `self.jobs`, a table, a review or an ingest, in this thread, or go on with it.

        Args:
            job: Its id.
            on_progress: Told how far it is.

        Raises:
            AgentError: It failed, or it runs elsewhere.
        """

        def make(run: Run) -> dict[str, Any]:
            if run.job.kind == ingest.KIND:
                return ingest.ingest(run, self.library, self.settings.serve.incoming)
            services, _ = self.services(threading.Event(), lambda event: run.go_on())
            return _MAKERS[run.job.kind](run, services)

        return self.jobs.run(job, make, on_progress)

    def _answer(
        self,
        asked: dict[str, Any],
        session: str,
        before: Remembered,
        only: tuple[str, ...],
        driver: Driver,
        stopped: threading.Event,
        emit: Emit,
    ) -> None:
        if not asked["question"]:
            raise AgentError("The question is empty", next_step="Ask something")
        started = time.perf_counter()
        with span("question") as figures:
            before = self.conversations.remember(session) if session else before
            services, reader_seconds = self.services(stopped, emit)
            services.only = only
            answer, memory = run(asked, before, services, driver)
            answer = with_cited_works(answer, Citations(self.library))
            answer = finished(answer, services, time.perf_counter() - started, reader_seconds)
            if session:
                answer = self._kept(session, answer, memory)
            figures |= _figures_of(answer)
        emit(Answered(answer))

    def _kept(self, session: str, answer: Answer, memory: Remembered) -> Answer:
        """The answer, written to the conversation; where that fails it says so."""
        try:
            self.conversations.append(session, Turn(answer.question, answer), memory)
        except AgentError as error:
            return replace(answer, notices=(*answer.notices, str(error)))
        return answer


def _figures_of(answer: Answer) -> Figures:
    """What may be told of an answer: nothing that anybody wrote."""
    return {
        "route": answer.route,
        "verdict": answer.verdict,
        "language": answer.language,
        "claims": len(answer.claims),
        "searches": len(answer.queries),
        "model_calls": answer.llm_calls,
        "notices": len(answer.notices),
    }
