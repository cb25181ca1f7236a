"""Steps that write an answer from the sentences at hand, and put a part of the question away."""

from ingestion.errors import ModelUnavailable
from rag_agent.asking.planning import leans, standing_alone
from rag_agent.asking.services import Services
from rag_agent.asking.state import State
from rag_agent.asking.translation import in_chinese
from rag_agent.citation import Citation, Claim
from rag_agent.events import ClaimWritten
from rag_agent.grounding.drafting import quote_claims, write_claims
from rag_agent.grounding.evidence import Evidence
from rag_agent.grounding.keys import Keys

_NEAREST = 3
_SPENT = "The time for this question was spent before all was looked at."


def answer(state: State, services: Services) -> State:
    """Write claims from the sentences at hand, each checked before it is shown."""
    evidence, part = state.get("evidence", []), state["parts"][0]
    places = {(e.paper.arxiv_id, e.page, e.start) for e in evidence}
    seen = state.get("seen", set())
    if len(places - seen) < max(1, len(places) / 3):
        return {}  # the same sentences would say the same
    quotes_only = services.reader is None
    with services.step("answer", f"from {len(evidence)} sentences") as closing:
        claims = _claims(part, evidence, chinese=state["language"] == "zh", services=services)
        checked = "1 claim checked" if len(claims) == 1 else f"{len(claims)} claims checked"
        closing.append(checked if claims else "the sentences do not answer")
    return {
        "claims": state.get("claims", ()) + claims,
        "answered": bool(claims),
        "seen": seen | places,
        "quotes_only": quotes_only,
        "nearest_sentences": state.get("nearest_sentences") or _nearest(evidence),
    }


def next_part(state: State, services: Services) -> State:
    """Put the current part away, answered or not."""
    done, *rest = state["parts"]
    if not state.get("answered") and services.out_of_time() and _SPENT not in services.notices:
        services.notice(_SPENT)
    return {
        "parts": [*(_standing_alone(part, done, services) for part in rest[:1]), *rest[1:]],
        "tried": [],
        "evidence": [],
        "deepened": False,
        "followed": False,
        "answered": False,
        "given_up": False,
        "rounds": 0,
        "seen": set(),  # what did not answer one part may answer another
        "unanswered": state.get("unanswered", []) + ([] if state.get("answered") else [done]),
    }


def _standing_alone(part: str, before: str, services: Services) -> str:
    if services.reader is None or services.out_of_time() or not leans(part):
        return part
    with services.step("plan", part) as closing:
        try:
            part = standing_alone(part, before, services.reader, services.prompts)
        except ModelUnavailable as error:
            services.notice(f"{error} The rest is only quoted.")
            services.reader = None
        closing.append(part)
    return part


def _claims(
    part: str, evidence: list[Evidence], *, chinese: bool, services: Services
) -> tuple[Claim, ...]:
    shown: list[Claim] = []

    def show(claim: Claim) -> None:
        told = in_chinese(claim, services) if chinese else claim
        services.say(ClaimWritten(told))
        shown.append(told)

    if services.reader is None:
        return quote_claims(evidence, services.keys, show)
    try:
        write_claims(
            part,
            evidence,
            services.reader,
            services.embedder,
            services.prompts,
            services.keys,
            show,
        )
    except ModelUnavailable as error:
        instead = "What it had written stands" if shown else "The best sentences are quoted instead"
        services.notice(f"{error} {instead}.")
        services.reader = None
        return tuple(shown) or quote_claims(evidence, services.keys, show)
    return tuple(shown)


def _nearest(evidence: list[Evidence]) -> tuple[Citation, ...]:
    """The sentences nearest to the question, to be shown where none answers it."""
    keys = Keys()
    best = sorted((e for e in evidence if e.quotable), key=lambda e: -e.score)[:_NEAREST]
    return tuple(keys.cite(e, e.cosine) for e in best)
