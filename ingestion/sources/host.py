"""A place that papers come from, as whoever asks it must know it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ingestion.errors import SourceUnavailable


@dataclass(frozen=True, slots=True)
class Host:
    """A place that papers come from.

    Args:
        key: Names the files of its gate: `arxiv`. What shares the key shares the gate.
        name: As people call it: `arXiv`.
        addresses: Its own addresses; a redirect to any other is not followed.
        settings: Names of the settings that hold them, for messages.
        unavailable: What is raised where it cannot be used.
        headers: Sent with every request, a key of the user's among them; never shown.
        secrets: Added to the query of every request; never shown, and not part of what names an answer on disk.
    """

    key: str
    name: str
    addresses: tuple[str, ...]
    settings: str
    unavailable: type[SourceUnavailable] = SourceUnavailable
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    def refusal(self, what: str, next_step: str) -> SourceUnavailable:
        """The error for a host that is there and refuses; another place may be asked instead."""
        error = self.unavailable(what, next_step=next_step)
        error.refused = True
        return error
