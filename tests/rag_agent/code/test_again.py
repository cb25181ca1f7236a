"""A program that a conversation keeps is run again, or written anew from an edited instruction."""

from dataclasses import replace
from typing import Any

import pytest

from ingestion.errors import AgentError
from rag_agent.code.again import run_again, write_again
from rag_agent.code.result import CodeResult
from rag_agent.code.writing import write_code
from rag_agent.model.scripted import ScriptedModel
from rag_agent.progress import Telling
from rag_agent.prompts.coder import CoderPrompts
from rag_agent.sandbox import Sandbox
from rag_agent.settings import SandboxSettings
from tests.rag_agent import sandboxes
from tests.rag_agent.attention import INSTRUCTION, PASSAGE
from tests.rag_agent.code.test_writing import GOOD, MET, coder


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return sandboxes.opened(SandboxSettings(timeout_s=60))


@pytest.fixture(scope="module")
def kept(sandbox: Sandbox) -> CodeResult:
    return write_code(
        "attention",
        [PASSAGE],
        coder=coder(GOOD),
        reader=ScriptedModel([MET]),
        sandbox=sandbox,
        prompts=CoderPrompts(),
        progress=Telling(),
        instruction=INSTRUCTION,
    )


def with_(sandbox: Sandbox) -> dict[str, Any]:
    """What every program is written with."""
    return {"sandbox": sandbox, "prompts": CoderPrompts(), "progress": Telling()}


@pytest.mark.long
def test_a_kept_program_runs_again_to_the_same_verdict(kept: CodeResult, sandbox: Sandbox) -> None:
    again = run_again(kept, sandbox)
    assert again.verdict == "passed"
    assert again.self_check == kept.self_check
    assert again.program == kept.program


def test_a_kept_program_that_fails_now_is_called_failed(kept: CodeResult, sandbox: Sandbox) -> None:
    broken = replace(kept, program=kept.program.replace("2 * x", "2 / 0"))
    again = run_again(broken, sandbox)
    assert (again.verdict, again.reason) == ("failed", "run again: failed, 0 checks held")


@pytest.mark.long
def test_an_edited_instruction_leads_to_another_program(kept: CodeResult, sandbox: Sandbox) -> None:
    more = GOOD.replace("2 * x", "x + x")
    edited = INSTRUCTION.as_text().replace("divide by sqrt(d_k)", "add twice")
    model = coder(more)
    again = write_again(kept, edited, coder=model, reader=ScriptedModel([MET]), **with_(sandbox))
    assert "add twice" in model.prompts[0][-1][1]
    assert more in again.program
    assert (again.verdict, again.question) == ("passed", "attention")
    assert again.passages == kept.passages


def test_an_edit_that_cannot_be_read_writes_nothing(kept: CodeResult, sandbox: Sandbox) -> None:
    with pytest.raises(AgentError, match="cannot be read"):
        write_again(kept, "", coder=ScriptedModel(), reader=ScriptedModel(), **with_(sandbox))
