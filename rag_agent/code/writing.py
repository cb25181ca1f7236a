"""From a question and its passages to a program that ran, or an honest word why it did not.

write → an example call, from which the self-check is made → (syntax, packages, run) → a repair, then further
drafts, at most n rounds → comparison with further programs, whose own is shown where they agree against it →
review of what was asked for, and one more round for what is missed. All of it within one time.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ingestion.errors import InvalidReply, ModelUnavailable, OutOfTime, SandboxUnavailable
from rag_agent.citation import Citation
from rag_agent.code.attempt import Attempt, looked_at, ran
from rag_agent.code.draft import Draft, write_draft
from rag_agent.code.instruction import Instruction, instruction_of
from rag_agent.code.proof.arguments import ignored_arguments
from rag_agent.code.proof.comparison import Compared, CrossCheck, compare
from rag_agent.code.proof.domain import undefined_on_its_inputs, with_positive_inputs
from rag_agent.code.proof.example import targets
from rag_agent.code.proof.review import RequirementCheck, check_requirements
from rag_agent.code.result import BASE_MODEL, CodeResult
from rag_agent.code.source import docstring, parsed, programming_language
from rag_agent.events import ProgramRan
from rag_agent.model.client import LanguageModel, Message
from rag_agent.progress import Progress
from rag_agent.prompts.coder import CoderPrompts
from rag_agent.sandbox import Run, Sandbox

_METHOD_CHARACTERS = 1800  # of what the paper says, about 500 tokens: 8 s of reading on two cores


def write_code(
    question: str,
    passages: Sequence[Citation],
    *,
    coder: LanguageModel,
    reader: LanguageModel,
    sandbox: Sandbox,
    prompts: CoderPrompts,
    progress: Progress,
    adapter: str = "",
    instruction: Instruction | None = None,
    run: bool = True,
    deadline: float = math.inf,
) -> CodeResult:
    """Build a program for a question, run it, repair it, hold it against others and against what was asked for.

    Args:
        question: What to build.
        passages: What the papers say about it, best first; may be empty.
        coder: Writes and repairs.
        reader: Reviews the result.
        sandbox: Runs the program; its settings hold the limits and the number of repairs.
        prompts: In force.
        progress: Told of every step, and of the program as it is written.
        adapter: Name of the coder's LoRA adapter; empty says `base model`.
        instruction: An edited instruction; else the request in its own words.
        run: False only writes the program.
        deadline: `time.perf_counter()` seconds at which the best so far stands.

    Raises:
        ModelUnavailable: A model does not answer.
    """
    started, noticed = time.perf_counter(), len(progress.notices)
    desk = _Desk(
        coder.until(deadline),
        reader.until(deadline),
        sandbox,
        prompts,
        progress,
        question,
        passages,
        instruction or instruction_of(question, passages),
        runs=run,
        edited=instruction is not None,
        deadline=deadline,
    )
    desk.work()
    attempt = desk.attempt
    return CodeResult(
        question=question,
        language=desk.language,
        instruction=desk.instruction,
        passages=tuple(passages),
        program=attempt.program,
        model=coder.name,
        adapter=adapter or BASE_MODEL,
        ended=attempt.ended,
        trouble=attempt.trouble,
        run=attempt.run,
        self_check=attempt.self_check,
        repairs=max(0, desk.rounds - 1),
        requirements=desk.requirements,
        cross_check=desk.cross_check,
        ignored=_ignored(attempt),
        missing_packages=attempt.missing_packages,
        notices=tuple(progress.notices[noticed:]),
        seconds=time.perf_counter() - started,
    )


_NOTHING_WRITTEN = Attempt(
    Draft(""), "", is_python=False, trouble="the time was up before a program was written"
)


@dataclass(slots=True)
class _Desk:
    """Everything that stays the same while one program is made, and what came of it so far."""

    coder: LanguageModel
    reader: LanguageModel
    sandbox: Sandbox
    prompts: CoderPrompts
    progress: Progress
    question: str
    passages: Sequence[Citation]
    instruction: Instruction
    runs: bool
    edited: bool
    deadline: float
    rounds: int = 0
    language: str = ""
    title: str = ""
    with_paper: bool = False
    prompt: list[Message] = field(default_factory=list)
    attempt: Attempt = _NOTHING_WRITTEN
    requirements: tuple[RequirementCheck, ...] = ()
    cross_check: CrossCheck = field(default_factory=CrossCheck)

    def __post_init__(self) -> None:
        self.language = programming_language(self.question)
        self.requirements = _unchecked(self.instruction)
        self._ask_for(with_paper=False)

    def work(self) -> None:
        """Every step, one after the other; where the time ends, what there is so far stands."""
        try:
            self._write()
            self._compare()
            self._review()
        except OutOfTime as error:
            self.progress.notice(f"{error.what}: this is what there was by then")
        if self.cross_check.outcome == "not compared" and not self.cross_check.reason:
            self.cross_check = CrossCheck(reason=self.attempt.trouble or "the time was up")

    def _ask_for(self, *, with_paper: bool) -> None:
        """What the coder is asked: the request in its own words, what a person edited, what the paper says."""
        self.with_paper = with_paper
        edited = f"{self.instruction.as_text()}\n" if self.edited else ""
        method = self._method() if with_paper else ""
        asked = f"Request: {self.question}\n{edited}{method}".strip()
        self.prompt = self.prompts.program(asked, self.language)
        if self.language == "python":
            self.title = docstring(self.instruction.goal, self.passages, followed=with_paper)

    def _method(self) -> str:
        if not self.passages:
            return ""
        said = "\n".join(" ".join(passage.quote.split()) for passage in self.passages)
        return f'From "{self.passages[0].paper.title}":\n{said[:_METHOD_CHARACTERS]}'

    def _write(self) -> None:
        """The first program that works, or else the last one.

        The first draft is asked for in the request's words alone: of bench-code's 24 first drafts 8 were right so, 5
        with what the paper says, whose text the 1.5B model follows to the letter (a mask that no passage names is
        left out; bench/LOG.md). Where one repair does not help, the next draft has it, and those after it are
        sampled: small models gain more by another draft than by repair (Olausson et al. 2023, arXiv:2306.09896).
        """
        with self.progress.step("write"):
            draft = self._draft(self.prompt)
        first = self.attempt = self._tried(draft)
        for further in range(self.sandbox.settings.repairs):
            if not self.attempt.problem:
                return
            draft = self._anew(further - 1) if further else self._repaired(first)
            self.attempt = self._tried(draft)

    def _review(self) -> None:
        """What was asked for, tied to lines; missed parts get one more round if the program runs."""
        attempt = self.attempt
        if attempt.ended == "failed" or not attempt.is_python:
            return
        self.requirements = self._checked(attempt)
        missed = [check.text for check in self.requirements if check.status == "missed"]
        if not missed or attempt.ended != "passed":
            return
        try:
            with self.progress.step("revise"):
                draft = self._rewritten(attempt, self.prompts.missed(missed))
        except ModelUnavailable as error:
            self.progress.notice(f"{error} The program before it stands.")
            return
        second = self._tried(draft)
        if second.ended != "passed":
            self.progress.notice(
                "A further round for missed requirements broke the program; kept the one before"
            )
            return
        rechecked = self._checked(second)
        if _met(rechecked) > _met(self.requirements):
            self.attempt, self.requirements = second, rechecked
            self._compare()

    def _compare(self) -> None:
        """The values of a program that works, held against those of others; theirs is shown if they agree."""
        if self.attempt.ended != "passed":
            self.cross_check = CrossCheck(reason=self.attempt.trouble)
            return
        found = self._compared(self.attempt.draft)
        self.cross_check = found.check
        if not found.theirs:
            return
        theirs = self._tried(replace(self.attempt.draft, body=found.theirs))
        if theirs.ended == "passed":
            self.progress.notice(
                "Two further programs agree with each other and not with the first: theirs is shown"
            )
            self.attempt = theirs
            self.cross_check = CrossCheck("agrees", "", 1, found.check.compared)

    def _compared(self, draft: Draft) -> Compared:
        with self.progress.step("compare") as closing:
            try:
                found = compare(
                    self.question,
                    self._method(),
                    draft.body,
                    draft.check,
                    self.coder,
                    self._box(),
                    self.prompts,
                    paper_first=not self.with_paper,
                )
            except (ModelUnavailable, SandboxUnavailable) as error:
                found = Compared(CrossCheck(reason=error.what))
            closing.append(found.check.outcome)
        return found

    def _box(self) -> Sandbox:
        """The sandbox, within the time that is left."""
        return self.sandbox.within(self.deadline - time.perf_counter())

    def _draft(self, messages: Sequence[Message], coder: LanguageModel | None = None) -> Draft:
        return write_draft(
            messages,
            self.language,
            coder or self.coder,
            self.prompts,
            self.progress,
            self.question,
        )

    def _repaired(self, attempt: Attempt) -> Draft:
        with self.progress.step("repair", attempt.trouble):
            return self._rewritten(attempt, self.prompts.repair(attempt.problem_with_example))

    def _anew(self, sample: int) -> Draft:
        """Another draft: the first with what the paper says, the others sampled from the request alone."""
        with_paper = sample == 0 and bool(self.passages)
        self._ask_for(with_paper=with_paper)
        self.progress.notice(
            "Written anew with what the paper says, as a repair did not help"
            if with_paper
            else "Written anew from the request alone, as a repair did not help"
        )
        with self.progress.step("write"):
            return self._draft(self.prompt, self.coder.sampled(sample))

    def _rewritten(self, attempt: Attempt, request: str) -> Draft:
        """The coder's next version of a program."""
        before: Message = ("assistant", f"```{self.language}\n{attempt.draft.body}```")
        draft = self._draft([*self.prompt, before, ("user", request)])
        tree = parsed(draft.body) if self.language == "python" else None
        if tree is not None and not targets(tree):
            return attempt.draft  # the line it would change, alone: that is no program
        return draft

    def _tried(self, draft: Draft) -> Attempt:
        """A draft looked at and, if nothing speaks against it, run."""
        self.rounds += 1
        attempt = looked_at(draft, self.title, self.language)
        if attempt.can_run and not self.runs:
            attempt = replace(attempt, trouble="a run was not asked for")
        if attempt.can_run:
            with self.progress.step("run") as closing:
                attempt = self._on_inputs_of_its_domain(ran(attempt, self._box()))
                closing.append(attempt.outcome)
        self.progress.say(ProgramRan(self.rounds, attempt.outcome, _seconds(attempt.run)))
        return attempt

    def _on_inputs_of_its_domain(self, attempt: Attempt) -> Attempt:
        """The attempt on inputs between 0 and 1 where it works on those alone, and a word on that.

        Examples draw normal numbers for everything; a right Adam then takes the root of a negative second moment.
        """
        if attempt.draft.example is None or not undefined_on_its_inputs(attempt.trouble):
            return attempt
        for names, example in with_positive_inputs(attempt.draft.example):
            draft = attempt.draft.called_as(example, self.question)
            other = looked_at(draft, self.title, self.language)
            other = ran(other, self._box()) if other.can_run else other
            if other.ended == "passed":
                self.progress.notice(
                    f"The result is undefined for negative {names}: the example draws positive numbers"
                )
                return other
        return attempt

    def _checked(self, attempt: Attempt) -> tuple[RequirementCheck, ...]:
        """The requirements, judged; or unchecked, with a notice, where the reader gives no judgement."""
        required, first_line = self.instruction.requirements, self.title.count("\n") + 1
        with self.progress.step("review") as closing:
            try:
                checks = check_requirements(
                    required, attempt.program, first_line, self.reader, self.prompts
                )
            except (InvalidReply, ModelUnavailable) as error:
                self.progress.notice(f"The requirements were not checked: {error.what}")
                return _unchecked(self.instruction)
            closing.append(f"{_met(checks)} of {len(checks)} requirements met")
        return checks


def _ignored(attempt: Attempt) -> tuple[str, ...]:
    tree = parsed(attempt.draft.body) if attempt.is_python else None
    return ignored_arguments(tree) if tree else ()


def _seconds(run: Run | None) -> float:
    return run.seconds if run else 0.0


def _unchecked(instruction: Instruction) -> tuple[RequirementCheck, ...]:
    return tuple(RequirementCheck(text) for text in instruction.requirements)


def _met(checks: Sequence[RequirementCheck]) -> int:
    return sum(check.status == "met" for check in checks)
