"""What a question carries of the conversation: recent turns verbatim, older ones as a running summary."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rag_agent.model.client import LanguageModel
from rag_agent.prompts.reader import Prompts

_CHARACTERS_A_TOKEN = 3.5  # an estimate for English; not measured
_TURN_CHARACTERS = 500
_SUMMARY_TOKENS = 120


def conversation_text(
    turns: Sequence[dict[str, Any]], summary: str, summarised: int, limit_tokens: int
) -> str:
    """The summary and as many of the latest turns as fit.

    Args:
        turns: Questions with their answers as JSON, oldest first.
        summary: Of the first `summarised` turns.
        summarised: Number of turns that the summary covers.
        limit_tokens: Never more than about this many tokens.
    """
    budget = int(limit_tokens * _CHARACTERS_A_TOKEN) - len(summary)
    recent: list[str] = []
    for turn in reversed(turns[summarised:]):
        text = turn_text(turn)
        if len(text) > budget:
            break
        budget -= len(text) + 1
        recent.insert(0, text)
    return "\n".join([*([f"Earlier: {summary}"] if summary else []), *recent])


def turn_text(turn: dict[str, Any]) -> str:
    """One turn for a prompt: the question, the answer's beginning, the papers it cites."""
    answer = turn["answer"]
    cited = dict.fromkeys(
        f"{citation['title'][:60]} ({citation['arxiv_id']})"
        for claim in answer["claims"]
        for citation in claim["citations"]
    )
    papers = f" [{'; '.join(list(cited)[:3])}]" if cited else ""
    said = answer["answer"] or "I found no answer."
    return f"User: {turn['question']}\nAssistant: {said[:_TURN_CHARACTERS]}{papers}"


def overflow(turns: Sequence[dict[str, Any]], summarised: int, limit_tokens: int) -> int:
    """How many of the oldest unsummarised turns no longer fit verbatim into half of the limit."""
    budget = limit_tokens * _CHARACTERS_A_TOKEN / 2
    for kept, turn in enumerate(reversed(turns[summarised:])):
        budget -= len(turn_text(turn))
        if budget < 0:
            return len(turns) - summarised - kept
    return 0


def summarise(
    turns: Sequence[dict[str, Any]], summary: str, model: LanguageModel, prompts: Prompts
) -> str:
    """The running summary, with these turns taken into it."""
    text = "\n".join([*([f"Earlier: {summary}"] if summary else []), *map(turn_text, turns)])
    return "".join(model.stream(prompts.summary(text[:6000]), _SUMMARY_TOKENS)).strip()


def last_papers(turns: Sequence[dict[str, Any]]) -> list[str]:
    """Ids cited by the latest turn that cites any, the most cited first."""
    for turn in reversed(turns):
        counts = Counter(
            citation["arxiv_id"]
            for claim in turn["answer"]["claims"]
            for citation in claim["citations"]
        )
        if counts:
            return [id_ for id_, _ in counts.most_common()]
    return []
