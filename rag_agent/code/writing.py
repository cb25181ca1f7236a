"""From a question and its passages to a program that ran, or an honest word why it did not.

instruct → write → an example call, from which the self-check is made → (syntax, packages, run) → a repair, then
further drafts, at most n rounds → review of the requirements, and one more round for missed ones → comparison
with a second program.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ingestion.errors import InvalidReply, ModelUnavailable, SandboxUnavailable
from rag_agent.citation import Citation
from rag_agent.code.attempt import Attempt, looked_at, ran
from rag_agent.code.draft import Draft, write_draft
from rag_agent.code.example import targets
from rag_agent.code.instruction import Instruction, write_instruction
from rag_agent.code.result import BASE_MODEL, CodeResult
from rag_agent.code.review import RequirementCheck, check_requirements
from rag_agent.code.second_program import CrossCheck, cross_check
from rag_agent.code.source import docstring, parsed, programming_language
from rag_agent.events import ProgramRan
from rag_agent.model.client import LanguageModel, Message
from rag_agent.progress import Progress
from rag_agent.prompts.coder import CoderPrompts
from rag_agent.sandbox import Sandbox


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
    keywords: Sequence[str] = (),
    instruction: Instruction | None = None,
    run: bool = True,
) -> CodeResult:
    """Build a program for a question, run it, repair it, and check it against its requirements.

    Args:
        question: What to build.
        passages: What the papers say about it, best first; may be empty.
        coder: Writes and repairs.
        reader: Makes the question precise and reviews the result.
        sandbox: Runs the program; its settings hold the limits and the number of repairs.
        prompts: In force.
        progress: Told of every step, and of the program as it is written.
        adapter: Name of the coder's LoRA adapter; empty says `base model`.
        keywords: Terms that the plan found in the question.
        instruction: An edited instruction, taken instead of writing one.
        run: False only writes the program.

    Raises:
        ModelUnavailable: A model does not answer.
    """
    started, noticed = time.perf_counter(), len(progress.notices)
    if instruction is None:
        with progress.step("instruct"):
            instruction, notice = write_instruction(
                question, passages, reader, prompts, keywords=keywords
            )
        if notice:
            progress.notice(notice)
    desk = _Desk(coder, reader, sandbox, prompts, progress, question, passages, instruction, run)
    attempt = desk.working_program()
    attempt, requirements = desk.reviewed(attempt)
    compared = desk.compared(attempt)
    return CodeResult(
        question=question,
        language=desk.language,
        instruction=instruction,
        passages=tuple(passages),
        program=attempt.program,
        model=coder.name,
        adapter=adapter or BASE_MODEL,
        ended=attempt.ended,
        trouble=attempt.trouble,
        run=attempt.run,
        self_check=attempt.self_check,
        repairs=desk.rounds - 1,
        requirements=requirements,
        cross_check=compared,
        missing_packages=attempt.missing_packages,
        notices=tuple(progress.notices[noticed:]),
        seconds=time.perf_counter() - started,
    )


@dataclass(slots=True)
class _Desk:
    """Everything that stays the same while one program is made, and the rounds it took so far."""

    coder: LanguageModel
    reader: LanguageModel
    sandbox: Sandbox
    prompts: CoderPrompts
    progress: Progress
    question: str
    passages: Sequence[Citation]
    instruction: Instruction
    runs: bool
    rounds: int = 0
    language: str = ""
    title: str = ""
    prompt: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.language = programming_language(self.question)
        paper = f"Paper: {self.passages[0].paper.title}\n" if self.passages else ""
        asked = f"Request: {self.question}\n{paper}{self.instruction.as_text()}"
        self.prompt = self.prompts.program(asked, self.language)
        if self.language == "python":
            self.title = docstring(self.instruction.goal, self.passages)

    def working_program(self) -> Attempt:
        """The first program that works, or the one that got furthest.

        Where one repair does not help, the next rounds are drafts from the request alone, the first as the
        model is surest, the others sampled: small models gain more by another draft than by repair
        (Olausson et al. 2023, arXiv:2306.09896).
        """
        with self.progress.step("write"):
            draft = self._draft(self.prompt)
        attempts = [self._tried(draft)]
        while attempts[-1].problem and len(attempts) <= self.sandbox.settings.repairs:
            draft = self._anew(len(attempts) - 2) if attempts[1:] else self._repaired(attempts[0])
            attempts.append(self._tried(draft))
        if not attempts[-1].problem:
            return attempts[-1]
        return max(attempts, key=lambda made: made.got_to)

    def reviewed(self, attempt: Attempt) -> tuple[Attempt, tuple[RequirementCheck, ...]]:
        """The program and its requirements tied to lines; missed ones get one more round if it runs."""
        if attempt.ended == "failed" or not attempt.is_python:
            return attempt, _unchecked(self.instruction)
        checks = self._checked(attempt)
        missed = [check.text for check in checks if check.status == "missed"]
        if not missed or attempt.ended != "passed":
            return attempt, checks
        try:
            with self.progress.step("revise"):
                draft = self._rewritten(attempt, self.prompts.missed(missed))
        except ModelUnavailable as error:
            self.progress.notice(f"{error} The program before it stands.")
            return attempt, checks
        second = self._tried(draft)
        if second.ended != "passed":
            self.progress.notice(
                "A further round for missed requirements broke the program; kept the one before"
            )
            return attempt, checks
        rechecked = self._checked(second)
        better = _met(rechecked) > _met(checks)
        return (second, rechecked) if better else (attempt, checks)

    def compared(self, attempt: Attempt) -> CrossCheck:
        """The values of a program that works, held against those of a second one."""
        if attempt.ended != "passed":
            return CrossCheck(reason=attempt.trouble)
        body, check = attempt.draft.body, attempt.draft.check
        with self.progress.step("compare") as closing:
            try:
                found = cross_check(
                    self.question, body, check, self.coder, self.sandbox, self.prompts
                )
            except (ModelUnavailable, SandboxUnavailable) as error:
                found = CrossCheck(reason=error.what)
            closing.append(found.outcome)
        return found

    def _draft(self, messages: Sequence[Message], coder: LanguageModel | None = None) -> Draft:
        return write_draft(
            messages, self.language, coder or self.coder, self.prompts, self.progress
        )

    def _repaired(self, attempt: Attempt) -> Draft:
        with self.progress.step("repair", attempt.trouble):
            return self._rewritten(attempt, self.prompts.repair(attempt.problem_with_example))

    def _anew(self, sample: int) -> Draft:
        """A draft from the request alone; `sample` 0 is the one that the model is surest of."""
        if sample == 0:
            self.progress.notice("Written anew from the request alone, as a repair did not help")
        self.prompt = self.prompts.program(f"Request: {self.question}", self.language)
        self.title = docstring(self.instruction.goal, self.passages, followed=False)
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
                attempt = ran(attempt, self.sandbox)
                closing.append(attempt.outcome)
        seconds = attempt.run.seconds if attempt.run else 0.0
        self.progress.say(ProgramRan(self.rounds, attempt.outcome, seconds))
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


def _unchecked(instruction: Instruction) -> tuple[RequirementCheck, ...]:
    return tuple(RequirementCheck(text) for text in instruction.requirements)


def _met(checks: Sequence[RequirementCheck]) -> int:
    return sum(check.status == "met" for check in checks)
