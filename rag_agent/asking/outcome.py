"""What a question came to: the answer that its last state holds, and what it took."""

from dataclasses import replace
from typing import Any

from rag_agent.answer import Answer, Route, Tokens, Verdict
from rag_agent.asking.services import Services
from rag_agent.model.opening import NO_MODEL


def answer_of(state: dict[str, Any]) -> Answer:
    """The answer that a final (or last) state holds."""
    plan = state.get("plan")
    claims = tuple(state.get("claims") or ())
    route: Route = plan.route if plan else "research"
    unanswered = state.get("unanswered") or []
    code = state.get("code")
    answered = bool(claims) or bool(state.get("reply")) or bool(code)
    if route == "fetch":
        answered = bool(state.get("fetched"))
    if state.get("off_topic"):
        answered = False
    verdict: Verdict = "no claims"
    if claims:
        verdict = "partly supported" if unanswered else "supported"
        if state.get("quotes_only"):
            verdict = "quotes only"
    elif route in ("research", "paper") and not code and not state.get("stopped"):
        verdict = "declined"
    nearest = () if claims else tuple(state.get("nearest") or ())
    return Answer(
        question=state["question"],
        language=state.get("language") or "en",
        answered=answered,
        claims=claims,
        route=route,
        nearest=nearest,
        queries=tuple(state.get("queries") or ()),
        rounds=len([*state.get("queries", ()), *state.get("imagined", ())]) or (1 if claims else 0),
        fetched=tuple(state.get("fetched") or ()),
        nearest_sentences=() if claims else tuple(state.get("nearest_sentences") or ()),
        missing=tuple(unanswered) if claims else (),
        verdict=verdict,
        reply=state.get("reply") or "",
        code=code,
        about=state.get("about"),
    )


def finished(answer: Answer, services: Services, seconds: float, reader_seconds: float) -> Answer:
    """The answer with what it took: `reader_seconds` went into opening the reader model."""
    usage = [model.usage for model in services.opened]
    return replace(
        answer,
        steps=tuple(services.steps),
        notices=tuple(services.notices),
        model=services.opened[0].name if services.opened else NO_MODEL,
        tokens=Tokens(
            sum(use.prompt_tokens for use in usage), sum(use.completion_tokens for use in usage)
        ),
        llm_calls=sum(use.calls for use in usage),
        seconds=seconds,
        model_seconds=reader_seconds + sum(use.seconds for use in usage),
    )
