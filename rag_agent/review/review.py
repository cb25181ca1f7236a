"""A literature review as a value: sections of sentences, each with the quotes that carry it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Self

from ingestion.paper import Paper
from rag_agent.citation import Citation, Claim, Hit

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Section:
    """A title, and sentences in order."""

    title: str
    sentences: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """A review.

    Args:
        topic: As asked.
        sections: What the papers say.
        differences: Sentences that set two papers' quotes side by side.
        papers: Those cited, in the order in which they are first cited; a paper's number is its place, from 1.
        unused: Papers read that no sentence cites, since none that the model wrote stood on their quotes.
        not_found: Parts of the topic on which no paper was found.
        followed: Papers that came by the references of others, and by whose.
        notices: What went another way than planned.
        model: Name of the reader model.
        seconds: Time of the last run.
    """

    topic: str
    sections: tuple[Section, ...]
    differences: tuple[Claim, ...] = ()
    papers: tuple[Paper, ...] = ()
    unused: tuple[Paper, ...] = ()
    not_found: tuple[str, ...] = ()
    followed: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    model: str = ""
    seconds: float = 0.0

    @property
    def sentences(self) -> tuple[Claim, ...]:
        """All sentences, in order."""
        return (*(s for section in self.sections for s in section.sentences), *self.differences)

    @property
    def title(self) -> str:
        """The topic's first line."""
        return self.topic.split("\n")[0]

    def number(self, paper: Paper) -> int:
        """A cited paper's number."""
        return [one.arxiv_id for one in self.papers].index(paper.arxiv_id) + 1

    def as_json(self) -> dict[str, Any]:
        """The object that `review --json` prints, and that is kept."""
        return {
            "schema": SCHEMA,
            "topic": self.topic,
            "sections": [
                {"title": s.title, "sentences": [claim.as_json() for claim in s.sentences]}
                for s in self.sections
            ],
            "differences": [claim.as_json() for claim in self.differences],
            "papers": _papers_json(self.papers),
            "unused": _papers_json(self.unused),
            "not_found": list(self.not_found),
            "followed": list(self.followed),
            "notices": list(self.notices),
            "model": self.model,
            "seconds": round(self.seconds, 1),
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """The review that `as_json` wrote."""
        sections = tuple(
            Section(one["title"], tuple(map(Claim.from_json, one["sentences"])))
            for one in stored["sections"]
        )
        return cls(
            topic=stored["topic"],
            sections=sections,
            differences=tuple(map(Claim.from_json, stored["differences"])),
            papers=_papers(stored["papers"]),
            unused=_papers(stored["unused"]),
            not_found=tuple(stored["not_found"]),
            followed=tuple(stored.get("followed", ())),
            notices=tuple(stored["notices"]),
            model=stored["model"],
            seconds=stored["seconds"],
        )


def cited(claims: Iterable[Claim]) -> list[Citation]:
    """Every quote of some sentences, each once, in order."""
    return list(dict.fromkeys(citation for claim in claims for citation in claim.citations))


def _papers_json(papers: Iterable[Paper]) -> list[dict[str, Any]]:
    return [
        {**Hit(p, 0.0, 0.0, passes=True).as_json(), "journal": p.journal, "doi": p.doi}
        for p in papers
    ]


def _papers(stored: Iterable[dict[str, Any]]) -> tuple[Paper, ...]:
    return tuple(
        replace(Hit.from_json(one).paper, journal=one["journal"], doi=one["doi"]) for one in stored
    )
