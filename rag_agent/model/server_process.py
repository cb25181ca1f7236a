"""The process of an embedded model's server, whichever engine runs in it: found, started, kept, told of."""

from collections.abc import Sequence
from pathlib import Path

from ingestion.errors import AgentError, ModelUnavailable
from ingestion.machine import loopback_service
from ingestion.machine.loopback_service import Service


def ensure(
    announcement: Path, module: str, arguments: Sequence[str], timeout_s: float, what: str
) -> Service:
    """The announced server, started as `python -m module` if there is none. Counts as a use.

    Args:
        announcement: The file in which the server says where it listens.
        module: What to start.
        arguments: Of that module, after the announcement.
        timeout_s: Longest start.
        what: The model and its engine, for the error.

    Raises:
        ModelUnavailable: It did not start; the message holds the last line of its log.
    """
    try:
        service = loopback_service.ensure(
            announcement, module, [str(announcement), *arguments], timeout_s
        )
        loopback_service.touch(announcement)
    except (AgentError, OSError) as error:
        raise ModelUnavailable(
            f"The language model {what} did not start: {error}",
            next_step=f"See {announcement.with_suffix('.log')}; `arxiv-agent doctor` checks the weights",
        ) from error
    return service
