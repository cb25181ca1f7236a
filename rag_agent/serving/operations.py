"""What other programs can ask for: each a function of the assistant with a typed result."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import Field

from ingestion.bibliography import FormatName
from ingestion.errors import AgentError, ArxivError, DocumentError, InvalidArxivId, PaperNotFound
from ingestion.library import AtHand
from ingestion.paper import Paper, parse_arxiv_id
from rag_agent.assistant import Assistant
from rag_agent.citation import Citation, Hit
from rag_agent.grounding.evidence import abstract_evidence
from rag_agent.grounding.keys import Keys
from rag_agent.grounding.open_paper import OpenPaper
from rag_agent.review import writing
from rag_agent.review.review import Review
from rag_agent.serving.quote_check import quote_check
from rag_agent.serving.results import (
    AskResult,
    Checked,
    Compared,
    Exported,
    Fetched,
    Found,
    PaperRecord,
    Quote,
    Reading,
    Reviewed,
)
from rag_agent.stream import answer_of
from rag_agent.tables import Table, making

MOST_CHARACTERS = 4000
"""Of a question, as the page takes it."""
MOST_IDS = 1000
MOST_ROWS = 100
MOST_ARGUMENT = 1000
MOST_TOPIC = 5000
"""Of a review: a title with an abstract."""

Question = Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS)]
Sentence = Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS)]
PaperId = Annotated[str, Field(min_length=1, max_length=100, description="arXiv id: 1706.03762")]
Mode = Literal["dense", "keyword", "hybrid"]

_REQUESTS = 4  # of arXiv: a record and a PDF, each tried twice
_READ = 8  # sentences given where nothing else is said


class Operations:
    """The operations of one assistant, for the MCP server and the HTTP API alike.

    Args:
        assistant: Shared by all requests.
    """

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant

    def search(
        self,
        query: Question,
        k: Annotated[int, Field(ge=1, le=100)] = 10,
        mode: Mode | None = None,
    ) -> Found:
        """Search the library of papers by meaning and by words. Chinese queries are translated."""
        english = self.assistant.in_english(query)
        return Found.of(english, self.assistant.search(english, k=k, mode=mode))

    def ask(
        self, question: Question, paper: Annotated[str, Field(max_length=100)] = ""
    ) -> AskResult:
        """Answer a question from papers; every sentence of the answer is carried by verbatim quotes.

        With `paper`, an arXiv id, it is answered from that paper's full text alone.
        """
        return AskResult.of(answer_of(self.assistant.ask(question, paper=paper)))

    def read(
        self,
        paper: PaperId,
        question: Annotated[str, Field(max_length=MOST_CHARACTERS)] = "",
        page: Annotated[int, Field(ge=0, le=10_000)] = 0,
        k: Annotated[int, Field(ge=1, le=50)] = _READ,
    ) -> Reading:
        """Read a paper: the sentences that say most about a question, or the text of a page (from 1).

        A paper that is not at hand is fetched from arXiv.
        """
        record, opened, notices = self._opened(paper)
        pages = opened.text.pages if opened else ()
        if page > len(pages):
            raise AgentError(
                f"{paper} has {len(pages)} pages at hand", next_step="Ask for one of these"
            )
        found = self._sentences(question or record.title, record, opened, k)
        return Reading(
            paper=PaperRecord.of(record),
            looked_in="full text" if opened else "abstract",
            quotes=[] if page else [Quote.of(citation) for citation in found],
            page=page or None,
            pages=len(pages),
            text=opened.text.page_text(page) if opened and page else "",
            notices=notices,
        )

    def quote_check(self, sentence: Sentence, paper: PaperId) -> Checked:
        """Check whether a paper carries a sentence, and where: for sentences that somebody else wrote.

        A paper that is not at hand is fetched from arXiv. The sentence is English.
        """
        record, opened, notices = self._opened(paper)
        check = quote_check(sentence, _hit(record), opened, self.assistant.embedder)
        return Checked.of(record.arxiv_id, check, notices)

    def table(
        self,
        question: Annotated[str, Field(min_length=1, max_length=MOST_ARGUMENT)],
        papers: Annotated[list[PaperId], Field(max_length=MOST_ROWS)] = [],  # noqa: B006
        query: Annotated[str, Field(max_length=MOST_ARGUMENT)] = "",
        max_papers: Annotated[int, Field(ge=1, le=MOST_ROWS)] = 10,
    ) -> Compared:
        """Compare papers in a table; each cell is a value with its quotes, or not stated.

        `question` names the columns ("data set; metric; best result") or asks for them. Rows are `papers`, or those
        that `query` finds. Takes seconds a cell; called again after an interruption it goes on.
        """
        asked = making.arguments(question, papers, query, max_papers)
        return Compared.of(Table.from_json(self._worked(making.KIND, asked)))

    def review(
        self,
        topic: Annotated[str, Field(min_length=1, max_length=MOST_TOPIC)],
        papers: Annotated[list[PaperId], Field(max_length=MOST_ROWS)] = [],  # noqa: B006
        max_papers: Annotated[int, Field(ge=1, le=MOST_ROWS)] = 10,
    ) -> Reviewed:
        """Write a literature review; each sentence has the quotes that carry it.

        `topic` is a phrase, a question, or a title with an abstract on the lines below it. It rests on `papers`, or
        on those that are found. Takes seconds a sentence; called again after an interruption it goes on.
        """
        asked = writing.arguments(topic, papers, max_papers)
        return Reviewed.of(Review.from_json(self._worked(writing.KIND, asked)))

    def fetch(
        self,
        keywords: Question,
        max_papers: Annotated[int, Field(ge=1, le=50)] = 10,
        newest: bool = False,
    ) -> Fetched:
        """Search arXiv and take what it finds into the library; waits for arXiv's rate limit."""
        library = self.assistant.library
        papers, report = library.fetch(keywords, max_papers=max_papers, newest=newest)
        records = [PaperRecord.of(paper) for paper in papers]
        return Fetched(papers=records, new=report.new, updated=report.updated)

    def export(
        self,
        papers: Annotated[list[PaperId], Field(min_length=1, max_length=MOST_IDS)],
        format: FormatName = "bibtex",
    ) -> Exported:
        """Papers of the library as BibTeX, BibLaTeX, RIS or CSL-JSON, with lasting citation keys."""
        library = self.assistant.library
        ids = [_bare_id(each) for each in papers]
        known = library.get(ids)
        if missing := [id_ for id_ in ids if id_ not in known]:
            raise PaperNotFound(
                f"The library has no paper {', '.join(missing[:5])}", next_step="Fetch it first"
            )
        text = library.references([known[id_] for id_ in ids], format, keep_keys=True)
        return Exported(format=format, papers=len(known), text=text)

    @property
    def all(self) -> tuple[Callable[..., object], ...]:
        """Every operation, in the order in which they are listed."""
        return (
            self.search,
            self.ask,
            self.read,
            self.quote_check,
            self.table,
            self.review,
            self.fetch,
            self.export,
        )

    def _worked(self, kind: str, asked: dict[str, Any]) -> dict[str, Any]:
        """The result of a long job: at hand, gone on with, or made now."""
        jobs = self.assistant.jobs
        job = jobs.add(kind, asked)
        if job.status != "done":
            self.assistant.work(job.id)
        stored = jobs.result(job.id)
        if stored is None:
            raise AgentError(f"The {kind} was stopped", next_step="Call again: it goes on")
        return stored

    def _opened(self, named: str) -> tuple[Paper, OpenPaper | None, list[str]]:
        """A paper, its full text where it can be had, and what kept it from being had."""
        library = self.assistant.library
        try:
            wanted = parse_arxiv_id(named)
            arxiv = library.arxiv(_REQUESTS)
            paper = library.by_id(wanted, arxiv)
        except InvalidArxivId:
            arxiv, paper = None, library.get([named]).get(named)
        if paper is None:
            raise PaperNotFound(f"There is no paper {named[:80]!r}", next_step="Search finds ids")
        try:
            at_hand: AtHand | None = library.full_text(paper, arxiv)
            opened = self.assistant.full_text.open(*at_hand) if at_hand else None
        except (ArxivError, DocumentError) as error:
            return paper, None, [f"Only the abstract was read: {error}"]
        return (at_hand.paper if at_hand else paper), opened, []

    def _sentences(
        self, question: str, paper: Paper, opened: OpenPaper | None, k: int
    ) -> list[Citation]:
        embedder = self.assistant.embedder
        shown = (
            opened.best_sentences(question, k)
            if opened
            else abstract_evidence(question, [_hit(paper)], embedder, k)
        )
        keys = Keys()
        return [keys.cite(each, each.cosine) for each in shown]


def _hit(paper: Paper) -> Hit:
    return Hit(paper, cosine=0.0, score=0.0, passes=True)


def _bare_id(named: str) -> str:
    try:
        return parse_arxiv_id(named).id
    except InvalidArxivId:
        return named
