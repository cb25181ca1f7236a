"""One question from what is remembered to its answer: its steps, driven by the graph or by the model."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Literal

from ingestion.errors import ModelUnavailable
from rag_agent.answer import Answer
from rag_agent.asking.outcome import answer_of
from rag_agent.asking.services import Services, Stopped
from rag_agent.conversations.memory import Remembered, last_papers, summarise
from rag_agent.conversations.turn import Turn

Driver = Literal["graph", "tools"]
_RECURSION_LIMIT = 120  # steps of the graph; budgets end a question long before


def run(
    asked: dict[str, Any], memory: Remembered, services: Services, driver: Driver
) -> tuple[Answer, Remembered]:
    """The answer to a question, and the conversation's memory as it now is.

    Args:
        asked: What the user asked for: the beginning of the question's state.
        memory: Of the conversation it belongs to.
        services: What the steps work with.
        driver: `graph`: the fixed steps; `tools`: the model calls the tools as it likes.
    """
    state = asked
    try:
        memory = _condensed(memory, services)
        state |= {
            "conversation": memory.text(services.settings.agent.memory_tokens),
            "last_papers": last_papers(memory.turns),
        }
        # The last state seen is the result so far, whatever ends the question.
        for latest in _states(state, services, driver):
            state = latest
    except Stopped:
        services.notices.append("Stopped; this is what there was so far.")
        state = {**state, "claims": tuple(services.shown), "stopped": True}
    return answer_of(state), memory


@cache
def question_graph() -> Any:
    """The compiled graph, of which one serves all questions; building it imports LangGraph."""
    from rag_agent.asking.graph import build_graph

    return build_graph()


def _states(state: dict[str, Any], services: Services, driver: Driver) -> Iterator[dict[str, Any]]:
    """The question's state after every step. It lives for the question and is not written to disk."""
    if driver == "tools":
        from rag_agent.asking.tools import run_tools

        yield from run_tools(state, services)  # type: ignore[arg-type,misc]
        return
    yield from question_graph().stream(
        state, {"recursion_limit": _RECURSION_LIMIT}, context=services, stream_mode="values"
    )


def _condensed(memory: Remembered, services: Services) -> Remembered:
    """The memory with its oldest turns in the summary; as it is where no reader writes one."""
    reader = services.reader
    if reader is None:
        return memory

    def told(turns: Sequence[Turn], summary: str) -> str:
        with services.step("summarise the conversation"):
            return summarise(turns, summary, reader, services.prompts)

    try:
        return memory.condensed(services.settings.agent.memory_tokens, told)
    except ModelUnavailable as error:
        services.notice(f"{error} The answer only quotes.")
        services.reader = None
        return memory
