"""What a question gets back: claims tied to verbatim quotes, sources, and how it came about."""

from dataclasses import dataclass, field
from typing import Any, Literal, Self

from rag_agent.citation import Citation, Claim, Hit, citations_from
from rag_agent.code.result import CodeResult

Language = Literal["en", "zh"]
Route = Literal["research", "paper", "code", "fetch", "library", "chat"]
Verdict = Literal["supported", "partly supported", "quotes only", "declined", "no claims"]


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
        about: The passage that it was asked about; None where it was none.
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
    about: Citation | None = None

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
            "about": self.about.as_json() if self.about else None,
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
            nearest_sentences=citations_from(stored.get("nearest_sentences", ())),
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
            about=Citation.from_json(stored["about"]) if stored.get("about") else None,
        )
