"""A question's services on doubles: a shelf of papers in memory, a scripted reader, no server and no weights."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from ingestion.embedding import HashingEmbedder
from ingestion.errors import ArxivUnavailable
from ingestion.paper import ArxivId, Paper
from ingestion.terms import terms
from rag_agent.asking.services import Services
from rag_agent.asking.state import State
from rag_agent.citation import Hit
from rag_agent.events import Event
from rag_agent.grounding.evidence import Evidence
from rag_agent.model.scripted import ScriptedModel
from rag_agent.prompts.reader import Prompts
from rag_agent.settings import load_settings
from tests.papers import PAPERS


class Shelf:
    """A library in memory; what is on arXiv comes in by `fetch`."""

    def __init__(self, papers: Sequence[Paper] = PAPERS, on_arxiv: Sequence[Paper] = ()) -> None:
        self.papers = {paper.arxiv_id: paper for paper in papers}
        self.on_arxiv = list(on_arxiv)
        self.arxiv_is_down = False
        self.pdfs: list[Paper] = []
        self.wanted: list[str] = []

    @property
    def store(self) -> "Shelf":
        return self

    def count(self) -> int:
        return len(self.papers)

    def get(self, ids: Sequence[str]) -> dict[str, Paper]:
        return {id_: self.papers[id_] for id_ in ids if id_ in self.papers}

    def by_id(self, wanted: ArxivId, arxiv: object) -> Paper | None:
        return self.papers.get(str(wanted))

    def by_title(self, title: str, arxiv: object) -> Paper | None:
        return next(
            (p for p in self.papers.values() if title.casefold() in p.title.casefold()), None
        )

    def full_text(self, paper: Paper, arxiv: object) -> Any:
        return SimpleNamespace(paper=paper, file=Path("a.pdf")) if paper in self.pdfs else None

    def at_hand(self) -> list[tuple[Paper, Path]]:
        return [(paper, Path("a.pdf")) for paper in self.pdfs]

    def fetch(
        self, wanted: str, arxiv: object, *, max_papers: int, newest: bool
    ) -> tuple[list[Paper], Any]:
        self.wanted.append(wanted)
        if self.arxiv_is_down:
            raise ArxivUnavailable("arXiv is down")
        came = [p for p in self.on_arxiv if set(terms(wanted)) & set(terms(p.title))][:max_papers]
        self.papers |= {paper.arxiv_id: paper for paper in came}
        return came, SimpleNamespace(new=len(came))

    def search(self, query: str, *, k: int | None = None) -> tuple[Hit, ...]:
        """Papers by the terms they share with the query; two pass."""
        asked = set(terms(query))
        shared = {id_: len(asked & set(terms(p.text))) for id_, p in self.papers.items()}
        best = sorted(self.papers.values(), key=lambda paper: -shared[paper.arxiv_id])
        return tuple(
            Hit(p, shared[p.arxiv_id] / 9, shared[p.arxiv_id] / 9, shared[p.arxiv_id] > 1)
            for p in best[:k]
        )


class Read:
    """Stands for the full texts: each open paper gives these sentences."""

    def __init__(self, sentences: Sequence[Evidence] = (), nearness: float = 0.0) -> None:
        self.sentences = list(sentences)
        self.nearness = nearness

    def knows(self, paper: Paper, file: Path) -> bool:
        return True

    def open(self, paper: Paper, file: Path, emit: object) -> Any:
        found = [e for e in self.sentences if e.paper is paper]
        return SimpleNamespace(
            best_sentences=lambda question, limit: found[:limit],
            nearness=lambda question: self.nearness,
        )


class Desk(Services):
    """Services of one question over a shelf; `events` are those it emitted."""

    shelf: Shelf
    events: list[Event]

    @property
    def retriever(self) -> Any:
        return self.shelf


def desk(
    *replies: Any,
    shelf: Shelf | None = None,
    read: Sequence[Evidence] = (),
    nearness: float = 0.0,
    no_model: bool = False,
    **agent: Any,
) -> Desk:
    """A desk whose reader plays these replies.

    Args:
        replies: Of the reader, in order.
        shelf: The papers; `PAPERS` where there is none.
        read: Sentences of the full texts.
        nearness: Cosine of any question and the nearest passage of each of them.
        no_model: Whether there is no reader.
        agent: Settings of the agent: rounds 1, no full texts of papers found, no arXiv, unless given.
    """
    settings = load_settings(agent={"rounds": 1, "read_papers": 0, "fetch": False, **agent})
    events: list[Event] = []
    made = Desk(
        settings=settings,
        library=cast(Any, shelf or Shelf()),
        embedder=HashingEmbedder(512),
        full_text=cast(Any, Read(read, nearness)),
        arxiv=cast(Any, object()),
        sandbox=cast(Any, None),
        prompts=Prompts(),
        reader=None if no_model else ScriptedModel(replies),
        open_coder=cast(Any, None),
        emit=events.append,
    )
    made.shelf, made.events = cast(Any, made.library), events
    return made


def prompts(services: Services) -> list[str]:
    """What the reader was asked, the last message of each call."""
    assert isinstance(services.reader, ScriptedModel)
    return [messages[-1][1] for messages in services.reader.prompts]


def asked(question: str, **more: Any) -> State:
    """The state that a question begins with."""
    return cast(State, {"question": question, "conversation": "", "last_papers": [], **more})
