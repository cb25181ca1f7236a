"""What a question carries of the conversation: recent turns verbatim, older ones as a running summary."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rag_agent.conversations.turn import Turn
from rag_agent.model.client import LanguageModel
from rag_agent.prompts.reader import Prompts

MOST_TURNS = 30
"""Turns looked back on. Far more than fit into a prompt, and few enough to be read in milliseconds."""
_CHARACTERS_A_TOKEN = 3.5  # an estimate for English; not measured
_TURN_CHARACTERS = 500
_SUMMARY_TOKENS = 120
_SUMMARISED_CHARACTERS = 6000  # of one prompt


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is looked back on for the next question.

    Args:
        turns: The latest turns, oldest first.
        first: Number of the first of them in the conversation, from 0.
        summary: Running summary of the turns before number `summarised`.
        summarised: Number of turns that the summary covers.
    """

    turns: tuple[Turn, ...] = ()
    first: int = 0
    summary: str = ""
    summarised: int = 0

    @property
    def unsummarised(self) -> tuple[Turn, ...]:
        """The turns that the summary does not cover."""
        return self.turns[max(0, self.summarised - self.first) :]

    def text(self, limit_tokens: int) -> str:
        """The summary and as many of the latest turns as fit into about this many tokens."""
        budget = int(limit_tokens * _CHARACTERS_A_TOKEN) - len(self.summary)
        recent: list[str] = []
        for turn in reversed(self.unsummarised):
            text = turn_text(turn)
            if len(text) > budget:
                break
            budget -= len(text) + 1
            recent.insert(0, text)
        return "\n".join([*_earlier(self.summary), *recent])

    def condensed(
        self, limit_tokens: int, summarise: Callable[[Sequence[Turn], str], str]
    ) -> "Remembered":
        """The same with the oldest turns in the summary, where they fill more than half of the limit.

        Args:
            limit_tokens: See `text`.
            summarise: Gives the summary with these turns taken into it; asked only where some are to be.
        """
        older = overflow(self.unsummarised, limit_tokens)
        if not older:
            return self
        covered = max(self.first, self.summarised) + older
        summary = summarise(self.unsummarised[:older], self.summary)
        return replace(self, summary=summary, summarised=covered)


def turn_text(turn: Turn) -> str:
    """One turn for a prompt: the question, the answer's beginning, the papers it cites."""
    cited = dict.fromkeys(
        f"{citation.paper.title[:60]} ({citation.paper.arxiv_id})"
        for claim in turn.answer.claims
        for citation in claim.citations
    )
    papers = f" [{'; '.join(list(cited)[:3])}]" if cited else ""
    said = turn.answer.text or "I found no answer."
    return f"User: {turn.question}\nAssistant: {said[:_TURN_CHARACTERS]}{papers}"


def overflow(turns: Sequence[Turn], limit_tokens: int) -> int:
    """How many of the oldest turns do not fit verbatim into half of the limit."""
    budget = limit_tokens * _CHARACTERS_A_TOKEN / 2
    for kept, turn in enumerate(reversed(turns)):
        budget -= len(turn_text(turn))
        if budget < 0:
            return len(turns) - kept
    return 0


def summarise(turns: Sequence[Turn], summary: str, model: LanguageModel, prompts: Prompts) -> str:
    """The running summary, with these turns taken into it."""
    text = "\n".join([*_earlier(summary), *map(turn_text, turns)])
    prompt = prompts.summary(text[:_SUMMARISED_CHARACTERS])
    return "".join(model.stream(prompt, _SUMMARY_TOKENS)).strip()


def last_papers(turns: Sequence[Turn]) -> list[str]:
    """Ids cited by the latest turn that cites any, the most cited first."""
    for turn in reversed(turns):
        counts = Counter(
            citation.paper.arxiv_id for claim in turn.answer.claims for citation in claim.citations
        )
        if counts:
            return [id_ for id_, _ in counts.most_common()]
    return []


def _earlier(summary: str) -> list[str]:
    return [f"Earlier: {summary}"] if summary else []
