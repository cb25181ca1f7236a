"""A program and the truth about it, as it is shown and kept."""

from dataclasses import dataclass, field
from typing import Any, Literal, Self

from rag_agent.citation import Citation
from rag_agent.code.instruction import Instruction
from rag_agent.code.proof.arguments import asked_for
from rag_agent.code.proof.comparison import CrossCheck
from rag_agent.code.proof.review import RequirementCheck
from rag_agent.code.proof.self_check import SelfCheck
from rag_agent.sandbox import Run

BASE_MODEL = "base model"
Ending = Literal["passed", "failed", "not run"]
CodeVerdict = Literal["passed", "incomplete", "disputed", "failed", "not run"]


@dataclass(frozen=True, slots=True)
class CodeResult:
    """A program and the truth about it.

    Args:
        question: As asked.
        language: Lower case; only `python` is run.
        instruction: What the coder was given.
        passages: Quotes of papers that the instruction rests on.
        program: Source text; empty when the model wrote none.
        model: Name of the coder model.
        adapter: Its LoRA adapter, or `base model`.
        ended: `passed` when the program ran to its end and its self-check ran and held.
        trouble: Why it did not end so; empty when it did.
        run: The last run; None when nothing was run.
        self_check: Asserts found, reached, held in that run.
        repairs: Rounds after the first: a repair, then further drafts.
        requirements: Of the instruction, one by one.
        cross_check: Whether further programs, written for the same request, give the same values.
        ignored: Arguments that it takes and does nothing with, as `mask of attention`.
        missing_packages: Packages that the program imports and the sandbox lacks.
        notices: What went another way than planned.
        seconds: Wall time.
    """

    question: str
    language: str
    instruction: Instruction
    passages: tuple[Citation, ...]
    program: str
    model: str
    adapter: str
    ended: Ending
    trouble: str
    run: Run | None
    self_check: SelfCheck
    repairs: int
    requirements: tuple[RequirementCheck, ...]
    cross_check: CrossCheck = field(default_factory=CrossCheck)
    ignored: tuple[str, ...] = ()
    missing_packages: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def verdict(self) -> CodeVerdict:
        """Whether the program passed: the one judgement that every surface shows.

        `passed` when it ran, its self-check held, no requirement is missed and no other program contradicts it;
        `incomplete` when one is missed; `disputed` when other programs ran on the same example and none gives the
        same values.
        """
        if self.ended != "passed":
            return self.ended
        if self.missed:
            return "incomplete"
        return "disputed" if self.cross_check.outcome == "differs" else "passed"

    @property
    def reason(self) -> str:
        """Why the verdict is not `passed`; empty when it is."""
        if self.verdict == "incomplete":
            return f"not met: {'; '.join(self.missed)}"
        if self.verdict == "disputed":
            return f"{self.cross_check.compared} further programs for the same request give other values"
        return self.trouble

    @property
    def missed(self) -> tuple[str, ...]:
        """What was asked for and the program does not do: requirements, and arguments that it ignores."""
        required = (check.text for check in self.requirements if check.status == "missed")
        return (*required, *(f"{one} is ignored" for one in asked_for(self.ignored, self.question)))

    @property
    def covers(self) -> tuple[str, ...]:
        """Requirements that the program meets."""
        return tuple(check.text for check in self.requirements if check.status == "met")

    @property
    def leaves_out(self) -> tuple[str, ...]:
        """Requirements that it misses or that nobody checked, and the rest of the paper."""
        rest = "everything else in the paper: only the passages shown were read"
        return (*(c.text for c in self.requirements if c.status != "met"), rest)

    def as_json(self) -> dict[str, Any]:
        """The object that `code --json` prints; `rag_agent/schemas/code.schema.json` describes it."""
        return {
            "question": self.question,
            "language": self.language,
            "instruction": self.instruction.model_dump(mode="json"),
            "passages": [passage.as_json() for passage in self.passages],
            "program": self.program,
            "model": self.model,
            "adapter": self.adapter,
            "verdict": self.verdict,
            "reason": self.reason,
            "run": self.run.as_json() if self.run else None,
            "self_check": self.self_check.as_json(),
            "repairs": self.repairs,
            "requirements": [check.as_json() for check in self.requirements],
            "cross_check": self.cross_check.as_json(),
            "ignored_arguments": list(self.ignored),
            "covers": list(self.covers),
            "leaves_out": list(self.leaves_out),
            "missing_packages": list(self.missing_packages),
            "notices": list(self.notices),
            "seconds": round(self.seconds, 3),
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """The result that `as_json` wrote, also before programs were compared."""
        ran = stored["verdict"] in ("passed", "incomplete", "disputed")
        return cls(
            question=stored["question"],
            language=stored["language"],
            instruction=Instruction.model_validate(stored["instruction"]),
            passages=tuple(map(Citation.from_json, stored["passages"])),
            program=stored["program"],
            model=stored["model"],
            adapter=stored["adapter"],
            ended="passed" if ran else stored["verdict"],
            trouble="" if ran else stored["reason"],
            run=Run.from_json(stored["run"]) if stored["run"] else None,
            self_check=SelfCheck.from_json(stored["self_check"]),
            repairs=stored["repairs"],
            requirements=tuple(map(RequirementCheck.from_json, stored["requirements"])),
            cross_check=CrossCheck.from_json(stored.get("cross_check") or CrossCheck().as_json()),
            ignored=tuple(stored.get("ignored_arguments") or ()),
            missing_packages=tuple(stored["missing_packages"]),
            notices=tuple(stored["notices"]),
            seconds=stored["seconds"],
        )
