"""Second thoughts about a program that a conversation keeps: run it again, or write it from an edited instruction."""

from collections.abc import Callable
from typing import Any

from rag_agent.answer import Citation
from rag_agent.code.instruction import parse_instruction
from rag_agent.code.self_check import run_checked
from rag_agent.events import Event
from rag_agent.model.client import LanguageModel
from rag_agent.sandbox import Sandbox


def run_again(code: dict[str, Any], sandbox: Sandbox) -> dict[str, Any]:
    """Run a kept program once more.

    Args:
        code: As `CodeResult.as_json` gives it.
        sandbox: Runs it.

    Returns:
        The same with the new run, self-check and verdict.

    Raises:
        SandboxUnavailable: The program was not run.
    """
    run, check = run_checked(sandbox, code["program"])
    passed = run.outcome == "passed" and check.passed
    return {
        **code,
        "run": run.as_json(),
        "self_check": {"found": check.found, "reached": check.reached, "held": check.held},
        "verdict": "passed" if passed else "failed",
        "reason": "" if passed else f"run again: {run.outcome}, {check.held} checks held",
    }


def write_again(
    code: dict[str, Any],
    instruction: str,
    *,
    coder: LanguageModel,
    reader: LanguageModel,
    sandbox: Sandbox,
    on_event: Callable[[Event], None] = lambda event: None,
) -> dict[str, Any]:
    """Write a kept program anew from an instruction that a person edited.

    Args:
        code: As `CodeResult.as_json` gives it; its question and passages are used again.
        instruction: In the form of `Instruction.as_text`.
        coder: Writes.
        reader: Reviews.
        sandbox: Runs.
        on_event: Told of the way there.

    Raises:
        AgentError: The instruction cannot be read, or a model does not answer.
    """
    from rag_agent.code.writing import result_of, write_code

    adapter = code["adapter"]
    steps = write_code(
        code["question"],
        [Citation.from_json(passage) for passage in code["passages"]],
        coder=coder,
        reader=reader,
        sandbox=sandbox,
        adapter="" if adapter == "base model" else adapter,
        instruction=parse_instruction(instruction),
    )
    return result_of(steps, on_event).as_json()
