"""Second thoughts about a program that a conversation keeps: run it again, or write it from an edited instruction."""

import math
import time
from dataclasses import replace

from rag_agent.code.instruction import parse_instruction
from rag_agent.code.proof.self_check import run_checked
from rag_agent.code.result import BASE_MODEL, CodeResult
from rag_agent.code.writing import write_code
from rag_agent.model.client import LanguageModel
from rag_agent.progress import Progress
from rag_agent.prompts.coder import CoderPrompts
from rag_agent.sandbox import Sandbox


def run_again(kept: CodeResult, sandbox: Sandbox) -> CodeResult:
    """A kept program with a new run and its self-check.

    Raises:
        SandboxUnavailable: The program was not run.
    """
    run, check = run_checked(sandbox, kept.program)
    passed = run.outcome == "passed" and check.passed
    return replace(
        kept,
        run=run,
        self_check=check,
        ended="passed" if passed else "failed",
        trouble="" if passed else f"run again: {run.outcome}, {check.held} checks held",
    )


def write_again(
    kept: CodeResult,
    instruction: str,
    *,
    coder: LanguageModel,
    reader: LanguageModel,
    sandbox: Sandbox,
    prompts: CoderPrompts,
    progress: Progress,
    seconds: float = math.inf,
) -> CodeResult:
    """Write a kept program anew from an instruction that a person edited.

    Args:
        kept: Its question and passages are used again.
        instruction: In the form of `Instruction.as_text`.
        coder: Writes.
        reader: Reviews.
        sandbox: Runs.
        prompts: In force.
        progress: Told of the way there.
        seconds: After which the best so far stands.

    Raises:
        AgentError: The instruction cannot be read, or a model does not answer.
    """
    return write_code(
        kept.question,
        kept.passages,
        coder=coder,
        reader=reader,
        sandbox=sandbox,
        prompts=prompts,
        progress=progress,
        adapter="" if kept.adapter == BASE_MODEL else kept.adapter,
        instruction=parse_instruction(instruction),
        deadline=time.perf_counter() + seconds,
    )
