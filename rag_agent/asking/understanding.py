"""The first step: what is asked, in which language, and which way to go."""

from ingestion.errors import InvalidReply, ModelUnavailable
from rag_agent.answer import Language
from rag_agent.asking.planning import Plan, language_of, make_plan, parts_of, plain_plan
from rag_agent.asking.routing import decided, stands_alone
from rag_agent.asking.services import Services
from rag_agent.asking.state import State
from rag_agent.asking.translation import to_english
from rag_agent.events import Planned


def plan(state: State, services: Services) -> State:
    """Understand the question: in code where it stands alone, by one call of the model where it does not."""
    question = state["question"]
    language = state.get("language") or language_of(question)
    with services.step("plan") as closing:
        english, made = _understood(state, language, services)
        if state.get("route"):
            made = made.model_copy(update={"route": state["route"]})
        if state.get("paper_id"):
            route = "code" if made.route == "code" else "paper"
            made = made.model_copy(update={"route": route, "paper": state["paper_id"]})
        closing.append(f"{made.route}: {english}" if made.query else made.route)
    services.say(
        Planned(made.route, language, made.query, tuple(made.keywords), tuple(made.sub_questions))
    )
    return {
        "language": language,
        "plan": made,
        "parts": list(made.sub_questions) or [english],
        "tried": [],
        "seen": set(),
    }


def _understood(state: State, language: Language, services: Services) -> tuple[str, Plan]:
    """The question in English that stands alone, and its plan."""
    question, conversation = state["question"], state.get("conversation", "")
    alone = state.get("excerpt") is not None or stands_alone(question)  # "this" is the passage
    if conversation and services.reader is not None and not alone:
        return _by_model(question, conversation, services)
    settled = decided(question)
    if settled is not None and settled.route in ("chat", "library"):
        return question, settled
    english = to_english(question, services) if language == "zh" else question
    made = settled or decided(english) or plain_plan(english)
    query = plain_plan(english)
    parts = parts_of(english) if made.route in ("research", "paper") else []
    return english, made.model_copy(
        update={"query": query.query, "keywords": query.keywords, "sub_questions": parts}
    )


def _by_model(question: str, conversation: str, services: Services) -> tuple[str, Plan]:
    if services.reader is None:
        raise AssertionError("asked only with a reader")
    try:
        made = make_plan(question, conversation, services.reader, services.prompts)
    except InvalidReply as error:
        services.notice(f"{error} The question is searched for as it stands.")
    except ModelUnavailable as error:
        services.notice(f"{error} The answer only quotes.")
        services.reader = None
    else:
        return made.query or question, made
    return question, plain_plan(question)
