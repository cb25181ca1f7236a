"""How sure a model was of what it wrote, by the log-probabilities of its tokens."""

from collections.abc import Collection
from dataclasses import dataclass, field


@dataclass(slots=True)
class Sureness:
    """The tokens of one reply with their natural log-probabilities; empty where a server tells none."""

    tokens: list[tuple[str, float]] = field(default_factory=list)

    def note(self, token: str, logprob: float) -> None:
        """One more token."""
        self.tokens.append((token, logprob))

    def of_last(self, words: Collection[str]) -> float:
        """Log-probability of the last token that is one of some words; 0.0 where none is."""
        found = [p for token, p in self.tokens if token.strip().lower() in words]
        return found[-1] if found else 0.0
