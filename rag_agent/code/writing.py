"""From a question and its passages to a program that ran, or an honest word why it did not.

instruct → write → an example call, from which the self-check is made → (syntax, packages, run) → a repair, then
further drafts, at most n rounds → review of the requirements, and one more round for missed ones → comparison
with a second program. Success means that the program and its self-check ran to the end and held.
"""

import ast
import re
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

from ingestion.errors import InvalidReply, ModelUnavailable, SandboxUnavailable
from rag_agent.answer import Citation
from rag_agent.code.check_code import self_check
from rag_agent.code.example import Example, targets, write_example
from rag_agent.code.instruction import Instruction, write_instruction
from rag_agent.code.review import RequirementCheck, check_requirements
from rag_agent.code.second_program import CrossCheck, cross_check
from rag_agent.code.self_check import SelfCheck, run_checked
from rag_agent.code.source import (
    definitions,
    docstring,
    is_closed,
    language_of,
    missing_packages,
    open_block,
    parsed,
    program_in,
    with_imports,
)
from rag_agent.events import Event, Notice, ProgramRan, StepFinished, StepStarted, TextWritten
from rag_agent.model.client import LanguageModel, Message
from rag_agent.sandbox import Run, Sandbox

BASE_MODEL = "base model"
CodeVerdict = Literal["passed", "failed", "not run"]

# A program of 100 lines has about 900 tokens; at 27 tokens/s on two cores that is half a minute.
_PROGRAM_TOKENS = 1000
_FRAME = re.compile(r'File "(?:/?program\.py|<unknown>)", line \d+')
_NO_CHECK = SelfCheck()
_T = TypeVar("_T")


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
        verdict: `passed` when the program ran to its end and its self-check ran and held.
        reason: Why the verdict is not `passed`; empty when it is.
        run: The last run; None when nothing was run.
        self_check: Asserts found, reached, held in that run.
        repairs: Rounds after the first: a repair, then drafts from the request alone.
        requirements: Of the instruction, one by one.
        cross_check: Whether a second program, written without the paper, gives the same values.
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
    verdict: CodeVerdict
    reason: str
    run: Run | None
    self_check: SelfCheck
    repairs: int
    requirements: tuple[RequirementCheck, ...]
    cross_check: CrossCheck = field(default_factory=CrossCheck)
    missing_packages: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    seconds: float = 0.0

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
            "self_check": {
                "found": self.self_check.found,
                "reached": self.self_check.reached,
                "held": self.self_check.held,
            },
            "repairs": self.repairs,
            "requirements": [check.as_json() for check in self.requirements],
            "cross_check": self.cross_check.as_json(),
            "covers": list(self.covers),
            "leaves_out": list(self.leaves_out),
            "missing_packages": list(self.missing_packages),
            "notices": list(self.notices),
            "seconds": round(self.seconds, 3),
        }


# No worked example: the 1.5B model copied an example's lines into every program. No self-check either:
# what it asserted did not follow from the formulas (see rag_agent/example.py).
_SYSTEM = (
    "You show an idea of a paper as one short Python function, the way well-known implementations write "
    "it: in NumPy, or as a torch.nn.Module where PyTorch is asked for or a layer has weights of its own. "
    "Arguments are numbers and arrays, the weights of a function among them; a docstring of one line "
    "gives their shapes and the result's. Read sizes from .shape; the root of a size is size ** 0.5, the "
    "logarithm of a number math.log. No files, no example, no test, no printing. Formulas come from the "
    "paper's PDF, some garbled, and not all belong here: what is requested counts. "
    "Reply with one ```python block and nothing else."
)
_SYSTEM_OTHER = (
    "You write one short, self-contained {language} program that shows an idea of a paper. No files, no "
    "network, small sizes. End with a main function that checks shapes and properties of the result. "
    "Reply with one code block and nothing else."
)
REPAIR_REQUEST = (
    "It goes wrong:\n{problem}\nReply with one ```python block: first one short comment line that says what "
    "is wrong in your code, then the whole corrected code."
)
"""Asked for the program alone, the 1.5B model repeated it with its error, 42 of 46 times on HumanEval: hence the
cause first; in the block, since after a sentence it often wrote no code at all."""
_MISSED = (
    "The program runs. It does not yet meet:\n{missed}\n"
    "Add that and keep the rest. Reply with the whole code in one block."
)


def write_code(
    question: str,
    passages: Sequence[Citation],
    *,
    coder: LanguageModel,
    reader: LanguageModel,
    sandbox: Sandbox,
    adapter: str = "",
    keywords: Sequence[str] = (),
    instruction: Instruction | None = None,
    run: bool = True,
) -> Generator[Event, None, CodeResult]:
    """Build a program for a question, run it, repair it, and check it against its requirements.

    Args:
        question: What to build.
        passages: What the papers say about it, best first; may be empty.
        coder: Writes and repairs.
        reader: Makes the question precise and reviews the result.
        sandbox: Runs the program; its settings hold the limits and the number of repairs.
        adapter: Name of the coder's LoRA adapter; empty says `base model`.
        keywords: Terms that the plan found in the question.
        instruction: An edited instruction, taken instead of writing one.
        run: False only writes the program.

    Returns:
        The result, as the generator's value; the events before it tell the way there.

    Raises:
        ModelUnavailable: A model does not answer.
    """
    started = time.perf_counter()
    notices: list[str] = []
    if instruction is None:
        work = _instruct(question, passages, reader, keywords, notices)
        instruction = yield from _step("instruct", work)
    language = language_of(question)
    desk = _Desk(coder, reader, sandbox, question, passages, instruction, language, run, notices)
    attempt, repairs = yield from desk.write_and_repair()
    requirements = tuple(RequirementCheck(text) for text in instruction.requirements)
    if attempt.verdict != "failed" and attempt.is_python:
        attempt, requirements, more = yield from _step("review", desk.review(attempt))
        repairs += more
    compared = CrossCheck(reason=attempt.reason)
    if attempt.verdict == "passed":
        compared = yield from _step("compare", desk.compared(attempt))
    yield from (Notice(text) for text in notices)
    return CodeResult(
        question=question,
        language=language,
        instruction=instruction,
        passages=tuple(passages),
        program=attempt.program,
        model=coder.name,
        adapter=adapter or BASE_MODEL,
        verdict=attempt.verdict,
        reason=attempt.reason,
        run=attempt.run,
        self_check=attempt.self_check,
        repairs=repairs,
        requirements=requirements,
        cross_check=compared,
        missing_packages=attempt.missing_packages,
        notices=tuple(notices),
        seconds=time.perf_counter() - started,
    )


def result_of(
    steps: Generator[Event, None, _T], on_event: Callable[[Event], None] = lambda event: None
) -> _T:
    """Run a generator of events to its end, hand on each event, and take its value."""
    while True:
        try:
            on_event(next(steps))
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


def written(
    coder: LanguageModel, messages: Sequence[Message], max_tokens: int = _PROGRAM_TOKENS
) -> Generator[Event, None, str]:
    """Stream a program as it is written; the model is stopped when the block closes."""
    reply, shown = "", 0
    for piece in coder.stream(messages, max_tokens):
        reply += piece
        text = open_block(reply)[shown:]
        if text:
            shown += len(text)
            yield TextWritten(text, "program")
        if is_closed(reply):
            break
    return program_in(reply)


def error_lines(run: Run) -> str:
    """What a model needs to know of a failure: the traceback's last frame in the program, and on."""
    if run.outcome not in ("failed", "killed"):
        return f"The run was stopped: {run.outcome}. Use smaller sizes and no endless loop."
    lines = run.stderr.strip().splitlines()
    frames = [n for n, line in enumerate(lines) if _FRAME.search(line)]
    return "\n".join(lines[frames[-1] :] if frames else lines[-3:])[:700]


@dataclass(frozen=True, slots=True)
class _Draft:
    """What the coder wrote, the example that it wrote for it, and the self-check made of that, where one could be."""

    body: str
    example: Example | None = None
    check: str = ""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One program and what came of it. `problem` goes back to the coder, `reason` to the user."""

    draft: _Draft
    program: str
    is_python: bool = True
    verdict: CodeVerdict = "not run"
    reason: str = ""
    problem: str = ""
    run: Run | None = None
    self_check: SelfCheck = _NO_CHECK
    missing_packages: tuple[str, ...] = ()

    @property
    def got_to(self) -> tuple[bool, bool, int, int]:
        """How far it got: valid Python, with a self-check, asserts reached, asserts held."""
        check = self.self_check
        return self.is_python, check.found > 0, check.reached, check.held

    @property
    def problem_with_example(self) -> str:
        """The problem, and how the program was called: on one line, since a block would be rewritten too."""
        example = self.draft.example
        return self.problem + (f"\nwhen it is called so: {example.as_line()}" if example else "")


@dataclass(slots=True)
class _Desk:
    """Everything that stays the same while one program is made."""

    coder: LanguageModel
    reader: LanguageModel
    sandbox: Sandbox
    question: str
    passages: Sequence[Citation]
    instruction: Instruction
    language: str
    runs: bool
    notices: list[str]
    rounds: int = 0
    title: str = ""
    prompt: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        python = self.language == "python"
        system = _SYSTEM if python else _SYSTEM_OTHER.format(language=self.language)
        paper = f"Paper: {self.passages[0].paper.title}\n" if self.passages else ""
        asked = f"Request: {self.question}\n{paper}{self.instruction.as_text()}"
        self.prompt = [("system", system), ("user", asked)]
        if python:
            self.title = docstring(self.instruction.goal, self.passages)

    def write_and_repair(self) -> Generator[Event, None, tuple[_Attempt, int]]:
        """The first program that works, or the one that got furthest; and the rounds after the first.

        Where one repair does not help, the next rounds are drafts from the request alone, the first as the
        model is surest, the others sampled: small models gain more by another draft than by repair
        (Olausson et al. 2023, arXiv:2306.09896).
        """
        attempt = yield from self.attempt((yield from _step("write", self.draft(self.prompt))))
        attempts = [attempt]
        while attempt.problem and len(attempts) <= self.sandbox.settings.repairs:
            if len(attempts) == 1:
                request = REPAIR_REQUEST.format(problem=attempt.problem_with_example)
                work = _step("repair", self.rewritten(attempt, request))
            else:
                work = _step("write", self.anew(len(attempts) - 2))
            attempt = yield from self.attempt((yield from work))
            attempts.append(attempt)
        if not attempt.problem:
            return attempt, len(attempts) - 1
        return max(attempts, key=lambda made: made.got_to), len(attempts) - 1

    def anew(self, sample: int) -> Generator[Event, None, _Draft]:
        """A draft from the request alone; `sample` 0 is the one that the model is surest of."""
        if sample == 0:
            self.notices.append("Written anew from the request alone, as a repair did not help")
        self.prompt = [self.prompt[0], ("user", f"Request: {self.question}")]
        self.title = docstring(self.instruction.goal, self.passages, followed=False)
        return (yield from self.draft(self.prompt, self.coder.sampled(sample)))

    def draft(
        self, messages: Sequence[Message], coder: LanguageModel | None = None
    ) -> Generator[Event, None, _Draft]:
        """A program as the coder writes it, and a self-check for it."""
        body = yield from written(coder or self.coder, messages)
        tree = parsed(body) if self.language == "python" else None
        if tree is None:
            return _Draft(body)
        body = with_imports(tree, definitions(tree, body))
        draft = self.with_example(body, ast.parse(body))
        yield TextWritten(draft.check, "program")
        return draft

    def with_example(self, body: str, tree: ast.Module) -> _Draft:
        """A program with an example, and the self-check made of it; bare where none is to be had."""
        offered = targets(tree)
        if not offered or missing_packages(tree):
            return _Draft(body)
        try:
            example = write_example(body, offered, self.coder)
        except InvalidReply as error:
            self.notices.append(f"No self-check was made: {error.what}")
            return _Draft(body)
        return _Draft(body, example, self_check(example, tree))

    def rewritten(self, attempt: _Attempt, request: str) -> Generator[Event, None, _Draft]:
        """The coder's next version of a program."""
        before: Message = ("assistant", f"```{self.language}\n{attempt.draft.body}```")
        messages = [*self.prompt, before, ("user", request)]
        draft = yield from self.draft(messages)
        tree = parsed(draft.body) if self.language == "python" else None
        if tree is not None and not targets(tree):
            return attempt.draft  # the line it would change, alone: that is no program
        return draft

    def attempt(self, draft: _Draft) -> Generator[Event, None, _Attempt]:
        """Check a program's syntax and packages, then run it."""
        self.rounds += 1
        attempt = self._unrun(draft)
        if attempt.verdict == "not run" and not attempt.reason:
            attempt = yield from _step("run", self._run(attempt))
        seconds = attempt.run.seconds if attempt.run else 0.0
        outcome = attempt.run.outcome if attempt.run else attempt.reason
        yield ProgramRan(self.rounds, outcome, seconds)
        return attempt

    def _unrun(self, draft: _Draft) -> _Attempt:
        """The program as far as it can be judged without running it."""
        if self.language != "python":
            reason = f"{self.language} programs are written but not run"
            return _Attempt(draft, draft.body, is_python=False, reason=reason)
        program = f"{self.title}\n{draft.body}{draft.check}"
        try:
            tree = ast.parse(program)
        except (SyntaxError, ValueError, RecursionError) as error:
            return _broken_syntax(draft, program, error)
        attempt = _Attempt(draft, program)
        missing = missing_packages(tree)
        if missing:
            names = ", ".join(missing)
            problem = f"These packages are not installed: {names}. Write it without them."
            reason = f"it needs packages that are not installed: {names}"
            return replace(attempt, reason=reason, problem=problem, missing_packages=missing)
        return attempt if self.runs else replace(attempt, reason="a run was not asked for")

    def _run(self, attempt: _Attempt) -> Generator[Event, None, _Attempt]:
        yield from ()  # a step like the others, without events of its own
        try:
            run, check = run_checked(self.sandbox, attempt.program)
        except SandboxUnavailable as error:
            return replace(attempt, reason=str(error))
        problem, reason = _shortcoming(run, check)
        verdict: CodeVerdict = "failed" if problem else "passed"
        return replace(
            attempt, verdict=verdict, reason=reason, problem=problem, run=run, self_check=check
        )

    def review(
        self, attempt: _Attempt
    ) -> Generator[Event, None, tuple[_Attempt, tuple[RequirementCheck, ...], int]]:
        """Tie the requirements to lines; missed ones get one more round if the program runs."""
        checks = self.checked(attempt)
        missed = [check.text for check in checks if check.status == "missed"]
        if not missed or attempt.verdict != "passed":
            return attempt, checks, 0
        request = _MISSED.format(missed="\n".join(f"- {text}" for text in missed))
        second = yield from self.attempt((yield from self.rewritten(attempt, request)))
        if second.verdict != "passed":
            self.notices.append(
                "A further round for missed requirements broke the program; kept the one before"
            )
            return attempt, checks, 1
        rechecked = self.checked(second)
        if sum(c.status == "met" for c in rechecked) <= sum(c.status == "met" for c in checks):
            return attempt, checks, 1
        return second, rechecked, 1

    def compared(self, attempt: _Attempt) -> Generator[Event, None, CrossCheck]:
        """The values of a program that works, held against those of a second one."""
        yield from ()  # a step like the others, without events of its own
        body, check = attempt.draft.body, attempt.draft.check
        try:
            return cross_check(self.question, body, check, self.coder, self.sandbox)
        except (ModelUnavailable, SandboxUnavailable) as error:
            return CrossCheck(reason=error.what)

    def checked(self, attempt: _Attempt) -> tuple[RequirementCheck, ...]:
        """The requirements, judged; or unchecked, with a notice, where the reader gives no judgement."""
        required, first_line = self.instruction.requirements, self.title.count("\n") + 1
        try:
            return check_requirements(required, attempt.program, first_line, self.reader)
        except InvalidReply as error:
            self.notices.append(f"The requirements were not checked: {error.what}")
            return tuple(RequirementCheck(text) for text in required)


def _instruct(
    question: str,
    passages: Sequence[Citation],
    reader: LanguageModel,
    keywords: Sequence[str],
    notices: list[str],
) -> Generator[Event, None, Instruction]:
    yield from ()
    instruction, notice = write_instruction(question, passages, reader, keywords=keywords)
    if notice:
        notices.append(notice)
    return instruction


def _step(name: str, work: Generator[Event, None, _T]) -> Generator[Event, None, _T]:
    started = time.perf_counter()
    yield StepStarted(name)
    result = yield from work
    yield StepFinished(name, time.perf_counter() - started)
    return result


def _broken_syntax(draft: _Draft, program: str, error: Exception) -> _Attempt:
    line, message = getattr(error, "lineno", None) or 0, getattr(error, "msg", None) or str(error)
    problem = f"line {line}\n    {getattr(error, 'text', None) or ''}\nSyntaxError: {message}"
    if line >= program.count("\n"):
        problem += "\nThe program may have been cut off: make it shorter."
    reason = f"it is not valid Python: {message} (line {line})"
    return _Attempt(draft, program, False, "failed", reason, problem)


def _shortcoming(run: Run, check: SelfCheck) -> tuple[str, str]:
    """What is wrong, for the coder and for the user; both empty where nothing is."""
    if run.outcome != "passed":
        last = run.stderr.strip().partition("\nwhere ")[0].rpartition("\n")[2][:200]
        return error_lines(run), f"{run.outcome}: {last}" if last else run.outcome
    if not check.found:
        return "It defines no function or class that an example can call.", "it has no self-check"
    if not check.reached:
        return "It ends before it is called.", "its self-check was never reached"
    if not check.passed:
        return "An assert failed and was swallowed by `except`.", "a failed assert was swallowed"
    return "", ""
