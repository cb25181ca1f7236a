"""A program is a step of the question like any other: what it took is part of the answer."""

from pathlib import Path
from typing import Any, cast

import pytest

from ingestion.errors import ModelUnavailable
from rag_agent.asking.other_routes import write_program
from rag_agent.asking.planning import plain_plan
from rag_agent.asking.services import Services
from rag_agent.asking.state import CodeOptions, State
from rag_agent.code.result import CodeResult
from rag_agent.events import Event, StepFinished, StepStarted
from rag_agent.model.scripted import ScriptedModel
from rag_agent.prompts.reader import Prompts
from rag_agent.sandbox import Sandbox
from rag_agent.settings import SandboxSettings, Settings
from tests.rag_agent import sandboxes
from tests.rag_agent.attention import INSTRUCTION
from tests.rag_agent.code.test_writing import CRASHES, GOOD, coder

MET = {"checks": [{"requirement": n, "first_line": 7, "last_line": 7, "met": True} for n in (1, 2)]}


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return sandboxes.opened(SandboxSettings(timeout_s=60))


def services(
    sandbox: Sandbox, model: ScriptedModel, reader: ScriptedModel, events: list[Event]
) -> Services:
    nothing = cast(Any, None)
    return Services(
        settings=Settings(home=Path("nowhere")),
        library=nothing,
        embedder=nothing,
        full_text=nothing,
        arxiv=nothing,
        sandbox=sandbox,
        prompts=Prompts(),
        reader=reader,
        open_coder=lambda: model,
        emit=events.append,
    )


def asked(**options: Any) -> State:
    return {
        "question": "attention",
        "plan": plain_plan("attention"),
        "code_options": CodeOptions(instruction=INSTRUCTION.as_text(), **options),
    }


@pytest.mark.long
def test_every_step_of_the_program_is_a_step_of_the_answer(sandbox: Sandbox) -> None:
    events: list[Event] = []
    answering = services(sandbox, coder(CRASHES, GOOD), ScriptedModel([MET]), events)
    result = write_program(asked(), answering)["code"]
    assert isinstance(result, CodeResult)
    assert (result.verdict, result.repairs) == ("passed", 1)
    names = [step.name for step in answering.steps]
    assert names == ["write", "run", "repair", "run", "compare", "review"]
    assert [e.name for e in events if isinstance(e, StepStarted)] == names


@pytest.mark.long
def test_what_went_another_way_is_told_with_the_answer(sandbox: Sandbox) -> None:
    model = coder(CRASHES, CRASHES, GOOD)
    answering = services(sandbox, model, ScriptedModel([MET]), [])
    result = write_program(asked(), answering)["code"]
    assert result is not None
    assert answering.notices == list(result.notices)
    assert "Written anew" in answering.notices[0]


def test_no_step_stays_open_where_the_coder_fails(sandbox: Sandbox) -> None:
    events: list[Event] = []
    answering = services(sandbox, ScriptedModel(), ScriptedModel(), events)
    with pytest.raises(ModelUnavailable):
        write_program(asked(), answering)
    assert [e.kind for e in events if isinstance(e, StepStarted | StepFinished)] == [
        "step_started",
        "step_finished",
    ]
