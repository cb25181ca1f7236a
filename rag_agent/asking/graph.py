"""How the steps follow one another. LangGraph runs them.

plan ─┬─ chat
      ├─ fetch ───────────────────────────► report
      ├─ paper ──► find ──► read ──► answer ─┐
      ├─ code ───► find or retrieve ──► program
      └─ research ► retrieve ──► answer ─────┤
              ▲        no answer: read, follow references, look again, fetch
              └────────────────────◄────────┘
"""

from collections.abc import Callable
from typing import Any, Literal

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime

from rag_agent.asking import answering, other_routes, papers, research, understanding
from rag_agent.asking.citing import following
from rag_agent.asking.services import Services
from rag_agent.asking.state import State

Step = Callable[[State, Services], State]


def build_graph() -> Any:
    """The compiled graph; invoke it with a `Services` as context."""
    graph = StateGraph(State, context_schema=Services)
    nodes: dict[str, Step] = {
        "plan": understanding.plan,
        "retrieve": research.retrieve,
        "find_paper": papers.find_paper,
        "read": papers.read,
        "read_found": research.read_found,
        "answer": answering.answer,
        "follow_references": following.follow_references,
        "look_again": research.look_again,
        "fetch": research.fetch,
        "next_part": answering.next_part,
        "report_fetch": other_routes.report_fetch,
        "list_library": other_routes.list_library,
        "chat": other_routes.chat,
        "write_program": other_routes.write_program,
    }
    for name, step in nodes.items():
        graph.add_node(f"do_{name}", _node(step))
    graph.add_edge(START, "do_plan")
    graph.add_conditional_edges("do_plan", _by_route)
    graph.add_conditional_edges("do_find_paper", _after_finding)
    graph.add_conditional_edges("do_read", _after_reading)
    graph.add_edge("do_read_found", "do_answer")
    graph.add_edge("do_follow_references", "do_answer")
    graph.add_conditional_edges("do_retrieve", _after_retrieving)
    graph.add_conditional_edges("do_answer", _after_answering)
    graph.add_conditional_edges("do_look_again", _after_looking_again)
    graph.add_conditional_edges("do_fetch", _after_fetching)
    graph.add_conditional_edges("do_next_part", _after_part)
    for last in ("do_report_fetch", "do_list_library", "do_chat", "do_write_program"):
        graph.add_edge(last, END)
    return graph.compile()


def _node(step: Step) -> Callable[..., State]:
    def run(state: State, runtime: Runtime[Services]) -> State:
        return step(state, runtime.context)

    return run


def _by_route(
    state: State,
) -> Literal["do_chat", "do_list_library", "do_report_fetch", "do_find_paper", "do_retrieve"]:
    plan = state["plan"]
    if plan.route == "chat":
        return "do_chat"
    if plan.route == "library":
        return "do_list_library"
    if plan.route == "fetch":
        return "do_report_fetch"
    if plan.route == "paper" or (plan.route == "code" and plan.paper):
        return "do_find_paper"
    return "do_retrieve"


def _after_finding(state: State) -> Literal["do_read", "do_retrieve"]:
    return "do_read" if state.get("paper") else "do_retrieve"


def _after_reading(state: State) -> Literal["do_write_program", "do_answer"]:
    return "do_write_program" if state["plan"].route == "code" else "do_answer"


def _after_retrieving(
    state: State, runtime: Runtime[Services]
) -> Literal["do_write_program", "do_answer", "do_look_again", "do_fetch"]:
    if state["plan"].route == "code":
        return "do_write_program"
    if state["evidence"]:
        return "do_answer"
    return "do_look_again" if _may_go_on(state, runtime.context) else "do_fetch"


def _after_answering(
    state: State, runtime: Runtime[Services]
) -> Literal["do_next_part", "do_read_found", "do_follow_references", "do_look_again", "do_fetch"]:
    services = runtime.context
    if state.get("answered") or state.get("paper") or services.out_of_time():
        return "do_next_part"
    if services.settings.agent.read_papers and not state.get("deepened"):
        return "do_read_found"
    if services.settings.agent.read_papers and not state.get("followed"):
        return "do_follow_references"
    if _may_go_on(state, services):
        return "do_look_again"
    return "do_next_part" if state.get("fetched") else "do_fetch"


def _after_looking_again(
    state: State, runtime: Runtime[Services]
) -> Literal["do_retrieve", "do_fetch", "do_next_part"]:
    if _may_go_on(state, runtime.context):
        return "do_retrieve"
    return "do_next_part" if state.get("fetched") else "do_fetch"


def _after_fetching(
    state: State, runtime: Runtime[Services]
) -> Literal["do_retrieve", "do_next_part"]:
    found = state.get("fetched") and not runtime.context.out_of_time()
    return "do_retrieve" if found and not state.get("tried") else "do_next_part"


def _after_part(state: State) -> Any:
    if not state["parts"]:
        return END
    return "do_read" if state.get("paper") else "do_retrieve"


def _may_go_on(state: State, services: Services) -> bool:
    if state.get("given_up"):
        return False
    return state.get("rounds", 0) < services.settings.agent.rounds and not services.out_of_time()
