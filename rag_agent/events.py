"""What happens while a question is answered, as one closed union of small frozen values.

The terminal and the web page match on `kind` exhaustively; benchmarks and sessions store `as_json()`.
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from ingestion import errors
from rag_agent.answer import Answer, Language, Route
from rag_agent.citation import Claim, Hit


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step began. `detail` is a short line for a person, such as the query."""

    name: str
    detail: str = ""
    kind: Literal["step_started"] = "step_started"


@dataclass(frozen=True, slots=True)
class StepFinished:
    """A step ended after `seconds` of wall time."""

    name: str
    seconds: float
    detail: str = ""
    kind: Literal["step_finished"] = "step_finished"


@dataclass(frozen=True, slots=True)
class Planned:
    """What the question was understood as. `query` is standalone English."""

    route: Route
    language: Language
    query: str
    keywords: tuple[str, ...]
    sub_questions: tuple[str, ...] = ()
    kind: Literal["planned"] = "planned"


@dataclass(frozen=True, slots=True)
class Searched:
    """One search of the library: `passing` of the hits reach the cosine threshold."""

    query: str
    hits: tuple[Hit, ...]
    passing: int
    threshold: float
    kind: Literal["searched"] = "searched"


@dataclass(frozen=True, slots=True)
class WaitingForArxiv:
    """The gate or arXiv itself makes the program wait `seconds`, because of `reason`."""

    seconds: float
    reason: str
    kind: Literal["waiting_for_arxiv"] = "waiting_for_arxiv"


@dataclass(frozen=True, slots=True)
class Fetched:
    """Papers came in from arXiv: their ids, and how many of them were new to the library."""

    keywords: str
    arxiv_ids: tuple[str, ...]
    new: int
    kind: Literal["fetched"] = "fetched"


@dataclass(frozen=True, slots=True)
class Reading:
    """A full text is read: page `page` of `pages`, or 0 while it is downloaded."""

    arxiv_id: str
    page: int
    pages: int
    kind: Literal["reading"] = "reading"


@dataclass(frozen=True, slots=True)
class ClaimWritten:
    """One sentence of the answer, already checked against its quotes."""

    claim: Claim
    kind: Literal["claim_written"] = "claim_written"


@dataclass(frozen=True, slots=True)
class TextWritten:
    """A piece of text that needs no source: a greeting, a report, a program as it is written."""

    text: str
    channel: Literal["reply", "program"] = "reply"
    kind: Literal["text_written"] = "text_written"


@dataclass(frozen=True, slots=True)
class ProgramBegun:
    """A program is written from its first line on; one that was written before gives way to it."""

    kind: Literal["program_begun"] = "program_begun"


@dataclass(frozen=True, slots=True)
class ProgramRan:
    """A generated program was run (or not, and `outcome` says why)."""

    round: int
    outcome: str
    seconds: float
    kind: Literal["program_ran"] = "program_ran"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something went another way than planned; `text` says what, and what was done instead."""

    text: str
    kind: Literal["notice"] = "notice"


@dataclass(frozen=True, slots=True)
class Answered:
    """The result. Always the last event unless `Failed` is."""

    answer: Answer
    kind: Literal["answered"] = "answered"


@dataclass(frozen=True, slots=True)
class Failed:
    """The question could not be answered at all: what happened, what was kept, what to do next, its error's name."""

    what: str
    kept: str = ""
    next_step: str = ""
    error: str = "AgentError"
    kind: Literal["failed"] = "failed"

    def as_error(self) -> errors.AgentError:
        """The error that it was."""
        kind: type[errors.AgentError] = getattr(errors, self.error, errors.AgentError)
        return kind(self.what, kept=self.kept, next_step=self.next_step)


Event = (
    StepStarted
    | StepFinished
    | Planned
    | Searched
    | WaitingForArxiv
    | Fetched
    | Reading
    | ClaimWritten
    | TextWritten
    | ProgramBegun
    | ProgramRan
    | Notice
    | Answered
    | Failed
)


def as_json(event: Event) -> dict[str, Any]:
    """The event as plain JSON values; results keep the shape that `--json` prints."""
    match event:
        case Answered():
            return {"kind": event.kind, "answer": event.answer.as_json()}
        case Searched():
            return {**asdict(event), "hits": [hit.as_json() for hit in event.hits]}
        case ClaimWritten():
            return {"kind": event.kind, "claim": event.claim.as_json()}
        case _:
            return asdict(event)
