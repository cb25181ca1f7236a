"""A program that a conversation keeps is run again, or written anew from an edited instruction."""

import pytest

from ingestion.errors import AgentError
from rag_agent.code.again import run_again, write_again
from rag_agent.code.writing import result_of, write_code
from rag_agent.model.client import ScriptedModel
from rag_agent.sandbox import Sandbox
from rag_agent.settings import SandboxSettings
from tests.rag_agent import sandboxes
from tests.rag_agent.attention import INSTRUCTION, PASSAGE
from tests.rag_agent.code.test_writing import GOOD, MET, coder


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return sandboxes.opened(SandboxSettings(timeout_s=60))


@pytest.fixture(scope="module")
def kept(sandbox: Sandbox) -> dict[str, object]:
    steps = write_code(
        "attention",
        [PASSAGE],
        coder=coder(GOOD),
        reader=ScriptedModel([MET]),
        sandbox=sandbox,
        instruction=INSTRUCTION,
    )
    return result_of(steps).as_json()


def test_a_kept_program_runs_again_to_the_same_verdict(
    kept: dict[str, object], sandbox: Sandbox
) -> None:
    again = run_again(kept, sandbox)
    assert again["verdict"] == "passed"
    assert again["self_check"] == kept["self_check"]
    assert again["program"] == kept["program"]


def test_a_kept_program_that_fails_now_is_called_failed(
    kept: dict[str, object], sandbox: Sandbox
) -> None:
    program = str(kept["program"]).replace("2 * x", "2 / 0")
    again = run_again({**kept, "program": program}, sandbox)
    assert (again["verdict"], again["reason"]) == ("failed", "run again: failed, 0 checks held")


def test_an_edited_instruction_leads_to_another_program(
    kept: dict[str, object], sandbox: Sandbox
) -> None:
    more = GOOD.replace("2 * x", "x + x")
    edited = INSTRUCTION.as_text().replace("divide by sqrt(d_k)", "add twice")
    model = coder(more)
    again = write_again(kept, edited, coder=model, reader=ScriptedModel([MET]), sandbox=sandbox)
    assert "add twice" in model.prompts[0][-1][1]
    assert more in again["program"]
    assert (again["verdict"], again["question"]) == ("passed", "attention")
    assert again["passages"] == kept["passages"]


def test_an_edit_that_cannot_be_read_writes_nothing(
    kept: dict[str, object], sandbox: Sandbox
) -> None:
    with pytest.raises(AgentError, match="cannot be read"):
        write_again(kept, "", coder=ScriptedModel(), reader=ScriptedModel(), sandbox=sandbox)
