"""What a question gets back: claims tied to verbatim quotes, sources, and how it came about."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

from ingestion.paper import Paper
from rag_agent.citation import Citation, cited_paper
from rag_agent.code.result import CodeResult
from rag_agent.naming import PassesBy

Language = Literal["en", "zh"]
Route = Literal["research", "paper", "code", "fetch", "library", "chat"]
Verdict = Literal["supported", "partly supported", "quotes only", "declined", "no claims"]


@dataclass(frozen=True, slots=True)
class Hit:
    """A paper found by a search.

    Args:
        paper: The record found.
        cosine: Raw cosine of the paper's embedding and the query's, -1 to 1.
        score: What the hits are ordered by, comparable within one search only.
        passes: Whether it counts as found: the cosine reaches the threshold, or the query names the paper.
        passes_by: Why; empty where it does not pass, or was not found by a search.
    """

    paper: Paper
    cosine: float
    score: float
    passes: bool
    passes_by: PassesBy = ""

    def as_json(self) -> dict[str, Any]:
        """The fields that `search --json` prints."""
        paper = self.paper
        return {
            "arxiv_id": paper.arxiv_id,
            "version": paper.version or None,
            "title": paper.title,
            "text": paper.abstract,
            "cosine": round(self.cosine, 4),
            "score": round(self.score, 4),
            "passes": self.passes,
            "passes_by": self.passes_by,
            "year": paper.year,
            "categories": list(paper.categories),
            "origin": paper.origin,
            "authors": list(paper.authors),
            "url": paper.url,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """The hit that `as_json` wrote; its paper holds what is written there."""
        texts = {"abstract": stored["text"], "categories": tuple(stored["categories"])}
        return cls(
            paper=replace(cited_paper(stored), **texts),
            cosine=stored["cosine"],
            score=stored["score"],
            passes=stored["passes"],
            passes_by=stored.get("passes_by", ""),
        )


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of an answer.

    Args:
        text: The sentence, without citation marks.
        supported: Whether a quote carries it.
        citations: Its quotes; empty where none was found.
        quoted: Whether the text is the quote itself because the model's wording did not stand.
    """

    text: str
    supported: bool
    citations: tuple[Citation, ...] = ()
    quoted: bool = False

    @property
    def in_quotation_marks(self) -> bool:
        """Whether the text is a quote of the authors' words; this project's summaries are none."""
        return self.quoted and all(citation.kind != "summary" for citation in self.citations)

    def as_json(self) -> dict[str, Any]:
        """The fields that `ask --json` prints."""
        return {
            "text": self.text,
            "supported": self.supported,
            "quoted": self.quoted,
            "citations": [citation.as_json() for citation in self.citations],
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """The claim that `as_json` wrote."""
        return cls(
            text=stored["text"],
            supported=stored["supported"],
            citations=_citations(stored["citations"]),
            quoted=stored["quoted"],
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way to an answer, with its wall time in seconds."""

    name: str
    seconds: float
    detail: str = ""

    def as_json(self) -> dict[str, Any]:
        """The fields that `ask --json` prints."""
        return {"name": self.name, "seconds": round(self.seconds, 3), "detail": self.detail}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """The step that `as_json` wrote."""
        return cls(stored["name"], stored["seconds"], stored["detail"])


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of the language model: read (prompt) and written (completion)."""

    prompt: int = 0
    completion: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of one question.

    Args:
        question: As asked.
        language: Language of question and answer.
        route: The route taken.
        answered: False where the texts at hand do not answer.
        claims: Sentences in order, each with its citations.
        nearest: Hits offered instead when nothing passed the threshold.
        nearest_sentences: Sentences offered instead of an answer: the nearest ones, which do not answer.
        missing: Parts of the question that were not found.
        queries: Searches made, in order.
        steps: Steps made, in order.
        model: Name of the reader model, `none` when the answer only quotes.
        tokens: Of all model calls.
        llm_calls: Number of model calls.
        rounds: Searches made for the question.
        fetched: Ids taken from arXiv for it.
        verdict: What the checks made of it.
        notices: What went wrong on the way and what was done instead.
        seconds: Wall time.
        model_seconds: Part of it spent waiting for the language model, its start included.
        reply: Plain text for what needs no source (a greeting, a fetch report); empty otherwise.
        code: The program, on the code route.
    """

    question: str
    language: Language
    answered: bool
    claims: tuple[Claim, ...] = ()
    route: Route = "research"
    nearest: tuple[Hit, ...] = ()
    queries: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    model: str = "none"
    tokens: Tokens = Tokens()
    llm_calls: int = 0
    rounds: int = 1
    fetched: tuple[str, ...] = ()
    verdict: Verdict = "no claims"
    notices: tuple[str, ...] = ()
    seconds: float = 0.0
    model_seconds: float = 0.0
    reply: str = ""
    code: CodeResult | None = field(default=None, hash=False)
    nearest_sentences: tuple[Citation, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The answer as plain text with its citation marks."""
        if not self.claims:
            return self.reply
        return " ".join(
            claim.text + "".join(f" [{citation.key}]" for citation in claim.citations)
            for claim in self.claims
        )

    @property
    def sources(self) -> tuple[Citation, ...]:
        """The citations in order of their keys, one a key."""
        by_key = {c.key: c for claim in reversed(self.claims) for c in reversed(claim.citations)}
        return tuple(by_key[key] for key in sorted(by_key))

    def as_json(self) -> dict[str, Any]:
        """The object that `ask --json` prints; `rag_agent/schemas/ask.schema.json` describes it."""
        return {
            "question": self.question,
            "language": self.language,
            "route": self.route,
            "answered": self.answered,
            "answer": self.text,
            "claims": [claim.as_json() for claim in self.claims],
            "nearest": [hit.as_json() for hit in self.nearest],
            "nearest_sentences": [citation.as_json() for citation in self.nearest_sentences],
            "missing": list(self.missing),
            "queries": list(self.queries),
            "steps": [step.as_json() for step in self.steps],
            "model": self.model,
            "tokens": {"prompt": self.tokens.prompt, "completion": self.tokens.completion},
            "llm_calls": self.llm_calls,
            "rounds": self.rounds,
            "fetched": list(self.fetched),
            "verdict": self.verdict,
            "notices": list(self.notices),
            "seconds": round(self.seconds, 3),
            "model_seconds": round(self.model_seconds, 3),
            "code": self.code.as_json() if self.code else None,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """The answer that `as_json` wrote, also before it had its latest fields."""
        return cls(
            question=stored["question"],
            language=stored["language"],
            route=stored["route"],
            answered=stored["answered"],
            reply="" if stored["claims"] else stored["answer"],
            claims=tuple(map(Claim.from_json, stored["claims"])),
            nearest=tuple(map(Hit.from_json, stored["nearest"])),
            nearest_sentences=_citations(stored.get("nearest_sentences", ())),
            missing=tuple(stored.get("missing", ())),
            queries=tuple(stored["queries"]),
            steps=tuple(map(Step.from_json, stored["steps"])),
            model=stored["model"],
            tokens=Tokens(**stored["tokens"]),
            llm_calls=stored["llm_calls"],
            rounds=stored["rounds"],
            fetched=tuple(stored["fetched"]),
            verdict=stored["verdict"],
            notices=tuple(stored["notices"]),
            seconds=stored["seconds"],
            model_seconds=stored.get("model_seconds", 0.0),
            code=CodeResult.from_json(stored["code"]) if stored.get("code") else None,
        )


def _citations(stored: Iterable[dict[str, Any]]) -> tuple[Citation, ...]:
    return tuple(map(Citation.from_json, stored))
